// Certificates made on the spot, and clients that speak TLS: libcurl as people use it, OpenSSL
// where a client must insist on something odd.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "proxy/functional_test_support.h"

namespace sigil::proxy::testing {

// A self-signed pair in a folder of its own; the folder goes with it.
class TestCertificate {
 public:
  explicit TestCertificate(const std::vector<std::string>& names = {"127.0.0.1"}, int days = 90);
  ~TestCertificate();
  const std::string& cert_file() const { return cert_file_; }
  const std::string& key_file() const { return key_file_; }
  std::string cert_text() const;
  std::string key_text() const;

 private:
  std::string folder_, cert_file_, key_file_;
};
// Beside, then renamed: as tools that renew certificates do.
void replace_file(const std::string& path, const std::string& text);

struct CurlReply {
  int error = 0;  // CURLE_OK
  long status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  long connections = 0;  // made for this call
  std::string certificate_serial;
};
// Keeps its connection between calls, as a client does.
class CurlClient {
 public:
  explicit CurlClient(std::string ca_file);
  ~CurlClient();
  // host:port in the URL goes to 127.0.0.1 whatever the host is.
  CurlReply call(const std::string& method, const std::string& url, const std::string& body = {},
                 const std::vector<std::string>& headers = {});
  void forget_connections();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct TlsWish {
  int version_min = 0, version_max = 0;  // TLS1_VERSION …; 0: any
  std::string ciphers{};                 // up to TLS 1.2
  std::vector<std::string> protocols{};  // ALPN
  bool renegotiates = false;
};
struct TlsFound {
  bool is_open = false;  // shaken hands, and a request was answered
  std::string version, cipher, protocol;
  bool has_renegotiated = false;
};
TlsFound shake_hands(std::uint16_t port, const TlsWish& wish);

}  // namespace sigil::proxy::testing
