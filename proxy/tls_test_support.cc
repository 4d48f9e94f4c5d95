#include "proxy/tls_test_support.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "base/crypto/crypto.h"
#include "base/encoding.h"

namespace sigil::proxy::testing {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text += (text.empty() ? "" : ",") + std::string(parse_ip(name) ? "IP:" : "DNS:") + name;
  return text;
}

void write_pair(const std::string& cert_file, const std::string& key_file,
                const std::vector<std::string>& names, int days) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  SIGIL_ASSERT(key != nullptr && certificate != nullptr);
  X509_set_version(certificate, 2);
  const std::string serial = crypto::random_bytes(7);
  BIGNUM* number = BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), 7, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600L * 24 * 100);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600L * 24 * days);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(names.front().c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, subject);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_names(names).c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());
  BIO* out = BIO_new_file(cert_file.c_str(), "w");
  PEM_write_bio_X509(out, certificate);
  BIO_free(out);
  out = BIO_new_file(key_file.c_str(), "w");
  PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  BIO_free(out);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(bytes, size * count);
  return size * count;
}

void read_headers(const std::string& text, std::map<std::string, std::string>& headers) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = text.find("\r\n", at);
    if (end == std::string::npos) break;
    const std::string line = text.substr(at, end - at);
    at = end + 2;
    const auto colon = line.find(": ");
    if (colon == std::string::npos) continue;
    std::string name = line.substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    headers[name] = line.substr(colon + 2);
  }
}

std::string serial_of(CURL* curl) {
  curl_certinfo* info = nullptr;
  if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || info == nullptr) return {};
  for (int i = 0; i < info->num_of_certs; ++i)
    for (const curl_slist* line = info->certinfo[i]; line != nullptr; line = line->next)
      if (std::string_view(line->data).starts_with("Serial Number:")) return line->data;
  return {};
}

}  // namespace

TestCertificate::TestCertificate(const std::vector<std::string>& names, int days) {
  std::string pattern = (std::filesystem::temp_directory_path() / "sigil-tls-XXXXXX").string();
  SIGIL_ASSERT(::mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  cert_file_ = folder_ + "/cert.pem";
  key_file_ = folder_ + "/key.pem";
  write_pair(cert_file_, key_file_, names, days);
}

TestCertificate::~TestCertificate() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string TestCertificate::cert_text() const { return read_file(cert_file_); }
std::string TestCertificate::key_text() const { return read_file(key_file_); }

void replace_file(const std::string& path, const std::string& text) {
  std::ofstream(path + ".new") << text;
  std::filesystem::rename(path + ".new", path);
}

struct CurlClient::State {
  CURL* curl = curl_easy_init();
  std::string ca_file;
};

CurlClient::CurlClient(std::string ca_file) : state_(std::make_unique<State>()) {
  state_->ca_file = std::move(ca_file);
}

CurlClient::~CurlClient() { curl_easy_cleanup(state_->curl); }

void CurlClient::forget_connections() {
  curl_easy_cleanup(state_->curl);
  state_->curl = curl_easy_init();
}

CurlReply CurlClient::call(const std::string& method, const std::string& url,
                           const std::string& body, const std::vector<std::string>& headers) {
  CURL* curl = state_->curl;
  CurlReply reply;
  std::string head;
  curl_easy_reset(curl);
  curl_slist* lines = curl_slist_append(nullptr, "Expect:");
  if (!body.empty()) lines = curl_slist_append(lines, "Content-Type: application/json");
  for (const auto& line : headers) lines = curl_slist_append(lines, line.c_str());
  curl_slist* to = curl_slist_append(nullptr, "::127.0.0.1:");
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECT_TO, to);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
  curl_easy_setopt(curl, CURLOPT_CAINFO, state_->ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  if (!body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &head);
  reply.error = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
  curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &reply.connections);
  reply.certificate_serial = serial_of(curl);
  read_headers(head, reply.headers);
  curl_slist_free_all(lines);
  curl_slist_free_all(to);
  return reply;
}

namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};

bool ask(SSL* ssl, std::uint16_t port) {
  const std::string request = request_text("GET", "/nothing", port);
  if (SSL_write(ssl, request.data(), static_cast<int>(request.size())) <= 0) return false;
  std::array<char, 4096> answer{};
  const int count = SSL_read(ssl, answer.data(), static_cast<int>(answer.size()));
  return count > 12 && std::string_view(answer.data(), 12) == "HTTP/1.1 404";
}

void set_wish(SSL_CTX* context, const TlsWish& wish) {
  // What old clients may use is the server's affair here.
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, wish.version_min);
  SSL_CTX_set_max_proto_version(context, wish.version_max);
  if (!wish.ciphers.empty()) SSL_CTX_set_cipher_list(context, wish.ciphers.c_str());
  std::string protocols;
  for (const auto& name : wish.protocols) protocols += static_cast<char>(name.size()) + name;
  if (!protocols.empty())
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
}

}  // namespace

TlsFound shake_hands(std::uint16_t port, const TlsWish& wish) {
  const std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
  set_wish(context.get(), wish);
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  SIGIL_ASSERT(
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const timeval limit{10, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const std::unique_ptr<SSL, FreeSession> ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), socket.get());
  TlsFound found;
  if (SSL_connect(ssl.get()) != 1) return found;
  found.is_open = ask(ssl.get(), port);
  found.version = SSL_get_version(ssl.get());
  found.cipher = SSL_get_cipher_name(ssl.get());
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl.get(), &name, &size);
  if (size > 0) found.protocol.assign(reinterpret_cast<const char*>(name), size);
  if (wish.renegotiates && SSL_renegotiate(ssl.get()) == 1)
    found.has_renegotiated = SSL_do_handshake(ssl.get()) == 1 && ask(ssl.get(), port);
  return found;
}

}  // namespace sigil::proxy::testing
