#include "proxy/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/crypto/certificate.h"

namespace sigil::proxy {
namespace {

// Forward secrecy and AEAD only; what TLS 1.3 offers is that anyway.
constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

// A session's two ends of the wire: what came, and where to put what must go.
struct Wire {
  std::string_view in;
  std::string* out = nullptr;
};

int read_wire(BIO* bio, char* into, int size) {
  auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (wire->in.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(wire->in.size(), static_cast<std::size_t>(size));
  std::memcpy(into, wire->in.data(), count);
  wire->in.remove_prefix(count);
  return static_cast<int>(count);
}

int write_wire(BIO* bio, const char* from, int size) {
  auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (wire->out == nullptr) return -1;
  wire->out->append(from, static_cast<std::size_t>(size));
  return size;
}

long control_wire(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* wire_method() {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    SIGIL_ASSERT(made != nullptr);
    BIO_meth_set_read(made, read_wire);
    BIO_meth_set_write(made, write_wire);
    BIO_meth_set_ctrl(made, control_wire);
    return made;
  }();
  return kMethod;
}

// A client that insists on something else is told so in the handshake.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, kHttp11.data(), kHttp11.size(), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

int no_pass_phrase(char*, int, int, void*) { return -1; }

std::string last_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

void set_rules(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kCiphers12);
  SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  // An idle connection gives its record buffers back: streams are many and mostly silent.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  // Tickets carry the session; nothing is kept here for clients that may never come back.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
}

}  // namespace

struct TlsContext::State {
  SSL_CTX* context = nullptr;
  State() : context(SSL_CTX_new(TLS_server_method())) {}
  ~State() { SSL_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const std::string& cert_file,
                                                           const std::string& key_file) {
  SIGIL_CHECK(crypto::check_key(cert_file, key_file));
  auto state = std::make_unique<State>();
  SIGIL_ASSERT(state->context != nullptr);
  set_rules(state->context);
  // The files may be replaced between these lines: OpenSSL compares them once more.
  if (SSL_CTX_use_certificate_chain_file(state->context, cert_file.c_str()) != 1)
    return fail(ErrorCode::invalid_argument, "tls_file",
                "the certificates in " + cert_file + " cannot be used: " + last_error());
  if (SSL_CTX_use_PrivateKey_file(state->context, key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(state->context) != 1)
    return fail(ErrorCode::invalid_argument, "tls_mismatch",
                "the key in " + key_file + " cannot be used: " + last_error());
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(state)));
}

struct TlsSession::State {
  Wire wire;
  SSL* ssl = nullptr;
  bool is_broken = false;

  explicit State(SSL_CTX* context) : ssl(SSL_new(context)) {
    BIO* bio = BIO_new(wire_method());
    SIGIL_ASSERT(ssl != nullptr && bio != nullptr);
    BIO_set_data(bio, &wire);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
  }
  ~State() { SSL_free(ssl); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

TlsSession::TlsSession(const TlsContext& context)
    : state_(std::make_unique<State>(context.state_->context)) {}
TlsSession::~TlsSession() = default;

bool TlsSession::has_shaken_hands() const { return SSL_is_init_finished(state_->ssl) == 1; }

TlsSession::Read TlsSession::read(std::string_view wire, char* into, std::size_t room,
                                  std::string& out) {
  if (state_->is_broken) return {.outcome = Outcome::failed};
  if (!wire.empty()) is_first_byte_seen_ = true;
  state_->wire = {wire, &out};
  Read done;
  ERR_clear_error();
  while (done.size < room) {
    std::size_t count = 0;
    if (SSL_read_ex(state_->ssl, into + done.size, room - done.size, &count) == 1) {
      done.size += count;
      continue;
    }
    const int error = SSL_get_error(state_->ssl, 0);
    if (error == SSL_ERROR_WANT_READ) break;
    done.outcome = error == SSL_ERROR_ZERO_RETURN ? Outcome::closed : Outcome::failed;
    state_->is_broken = done.outcome == Outcome::failed;
    ERR_clear_error();
    break;
  }
  state_->wire = {};
  return done;
}

bool TlsSession::write(std::string_view plain, std::string& out) {
  if (state_->is_broken) return false;
  state_->wire = {{}, &out};
  ERR_clear_error();
  std::size_t count = 0;
  // The wire takes everything, so the whole text goes or the session is over.
  const bool is_written =
      plain.empty() || SSL_write_ex(state_->ssl, plain.data(), plain.size(), &count) == 1;
  state_->wire = {};
  state_->is_broken = !is_written;
  if (!is_written) ERR_clear_error();
  return is_written;
}

void TlsSession::end(std::string& out) {
  if (state_->is_broken || !has_shaken_hands()) return;
  state_->wire = {{}, &out};
  SSL_shutdown(state_->ssl);
  ERR_clear_error();
  state_->wire = {};
}

}  // namespace sigil::proxy
