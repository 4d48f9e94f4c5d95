#include "base/crypto/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

namespace sigil::crypto {
namespace {

constexpr auto kSoon = std::chrono::hours(24 * 14);

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeNames {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};
using BioHandle = std::unique_ptr<BIO, FreeBio>;
using CertificateHandle = std::unique_ptr<X509, FreeCertificate>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeKey>;

std::string last_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

Result<BioHandle> open_file(const std::string& path) {
  BioHandle file(BIO_new_file(path.c_str(), "r"));
  if (!file) {
    ERR_clear_error();
    return fail(ErrorCode::invalid_argument, "tls_file", "cannot read " + path);
  }
  return file;
}

Result<CertificateHandle> load(const std::string& path) {
  SIGIL_TRY(const auto file, open_file(path));
  CertificateHandle certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  if (!certificate)
    return fail(ErrorCode::invalid_argument, "tls_file",
                path + " holds no PEM certificate: " + last_error());
  return certificate;
}

// A key with a pass phrase is not asked for one at a terminal that nobody watches.
int no_pass_phrase(char*, int, int, void*) { return -1; }

WallTime to_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

std::string address_text(const ASN1_OCTET_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes->length == 4 ? AF_INET : AF_INET6;
  if (bytes->length != 4 && bytes->length != 16) return {};
  ::inet_ntop(family, bytes->data, text.data(), text.size());
  return text.data();
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, FreeNames> listed(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!listed) return names;
  for (int i = 0; i < sk_GENERAL_NAME_num(listed.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(listed.get(), i);
    if (name->type == GEN_DNS)
      names.emplace_back(reinterpret_cast<const char*>(name->d.dNSName->data),
                         static_cast<std::size_t>(name->d.dNSName->length));
    else if (name->type == GEN_IPADD)
      names.push_back(address_text(name->d.iPAddress));
  }
  return names;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "no name" : text;
}

}  // namespace

Result<CertificateFacts> read_certificate(const std::string& cert_file) {
  SIGIL_TRY(const auto certificate, load(cert_file));
  std::array<char, 256> subject{};
  X509_NAME_oneline(X509_get_subject_name(certificate.get()), subject.data(),
                    static_cast<int>(subject.size()));
  return CertificateFacts{.subject = subject.data(),
                          .names = names_of(certificate.get()),
                          .not_before = to_time(X509_get0_notBefore(certificate.get())),
                          .not_after = to_time(X509_get0_notAfter(certificate.get()))};
}

Result<void> check_key(const std::string& cert_file, const std::string& key_file) {
  SIGIL_TRY(const auto certificate, load(cert_file));
  SIGIL_TRY(const auto file, open_file(key_file));
  const KeyHandle key(PEM_read_bio_PrivateKey(file.get(), nullptr, no_pass_phrase, nullptr));
  if (!key)
    return fail(ErrorCode::invalid_argument, "tls_file",
                key_file + " holds no PEM key without a pass phrase: " + last_error());
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::invalid_argument, "tls_mismatch",
                key_file + " is not the key of the certificate in " + cert_file);
  }
  return {};
}

bool covers_host(const std::vector<std::string>& names, std::string_view host) {
  const std::string wanted = lower(host);
  return std::any_of(names.begin(), names.end(), [&](const std::string& listed) {
    const std::string name = lower(listed);
    if (name == wanted) return true;
    if (!name.starts_with("*.")) return false;
    const auto dot = wanted.find('.');
    return dot != std::string::npos && dot > 0 && wanted.substr(dot) == name.substr(1);
  });
}

std::vector<std::string> certificate_problems(const CertificateFacts& facts, std::string_view host,
                                              WallTime now) {
  std::vector<std::string> problems;
  const std::string end = to_rfc3339(facts.not_after);
  if (now < facts.not_before)
    problems.push_back("the certificate is not valid before " + to_rfc3339(facts.not_before));
  if (now >= facts.not_after)
    problems.push_back("the certificate expired at " + end);
  else if (facts.not_after - now < kSoon)
    problems.push_back("the certificate expires at " + end);
  if (!host.empty() && !covers_host(facts.names, host))
    problems.push_back("the certificate is for " + joined(facts.names) + ", not for " +
                       std::string(host));
  return problems;
}

}  // namespace sigil::crypto
