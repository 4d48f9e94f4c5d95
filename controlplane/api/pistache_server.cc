// The only file that includes Pistache. It overrides how a connection's bytes are read, because
// Pistache 0.0.5's own parser loses repeated query parameters, accepts what it should refuse
// (differing lengths, NUL, missing Host), throws on a bad Date or Cookie and writes what() into the
// body. What stays Pistache's: accepting, the threads, the event loop, writing the response. The
// rest of the rule (loopback only, one request at a time, read to the end) is the proxy's part.
#include "controlplane/api/pistache_server.h"

#include <pistache/endpoint.h>
#include <pistache/peer.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <utility>

#include "base/http1/message.h"
#include "base/log.h"

namespace sigil::api {
namespace {

namespace http = Pistache::Http;
namespace tcp = Pistache::Tcp;

constexpr std::size_t kHeadBytesMax = 32 * 1024;
constexpr std::size_t kRequestBytesMax = 26 * 1024 * 1024;  // above the largest body plus its head
constexpr const char* kConnectionKey = "sigil";

// Pistache writes typed headers only; this one bears any name.
class NamedHeader final : public http::Header::Header {
 public:
  NamedHeader(std::string name, std::string value)
      : name_(std::move(name)), value_(std::move(value)) {}
  const char* name() const override { return name_.c_str(); }
  std::uint64_t hash() const override { return http::Header::detail::hash(name_.c_str()); }
  void parse(const std::string& text) override { value_ = text; }
  void write(std::ostream& out) const override { out << value_; }

 private:
  std::string name_, value_;
};

// What one connection has sent so far.
struct Connection {
  http1::RequestParser parser{
      {.head_bytes_max = kHeadBytesMax, .headers_max = 100, .body_bytes_max = kRequestBytesMax}};
  std::string unread;
  ApiRequest request;
  bool is_broken = false;  // answered with "close": whatever follows is not a request
};

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  });
  return result;
}

ApiRequest begin_request(const http1::RequestHead& head) {
  ApiRequest request;
  request.method = head.method;
  request.path = head.path();
  request.raw_query = head.query();
  for (const auto& field : head.fields) request.headers.emplace(lower(field.name), field.value);
  return request;
}

class ConnectionHandler final : public http::Handler {
 public:
  HTTP_PROTOTYPE(ConnectionHandler)

  explicit ConnectionHandler(std::shared_ptr<const HttpApplication> application)
      : application_(std::move(application)) {}

  // Never reached: onInput() below answers before Pistache's parser would call it.
  void onRequest(const http::Request& /*request*/, http::ResponseWriter response) override {
    response.send(http::Code::Internal_Server_Error);
  }

 private:
  void onInput(const char* bytes, std::size_t size,
               const std::shared_ptr<tcp::Peer>& peer) override {
    try {
      read(std::string_view(bytes, size), peer);
    } catch (const std::exception& e) {
      log::error("an API connection failed", {{"reason", e.what()}});
      connection_of(*peer).is_broken = true;
    }
  }

  static Connection& connection_of(tcp::Peer& peer) {
    auto data = std::static_pointer_cast<Connection>(peer.tryGetData(kConnectionKey));
    if (!data) {
      data = std::make_shared<Connection>();
      peer.putData(kConnectionKey, data);
    }
    return *data;
  }

  void read(std::string_view bytes, const std::shared_ptr<tcp::Peer>& peer) {
    Connection& connection = connection_of(*peer);
    if (connection.is_broken) return;
    connection.unread.append(bytes);
    std::string_view unread = connection.unread;
    while (!connection.is_broken) {
      const http1::Step step = connection.parser.next(unread);
      unread.remove_prefix(step.consumed);
      if (step.event == http1::Event::need_more) break;
      take(step, connection, peer);
    }
    connection.unread.erase(0, connection.unread.size() - unread.size());
  }

  void take(const http1::Step& step, Connection& connection,
            const std::shared_ptr<tcp::Peer>& peer) {
    switch (step.event) {
      case http1::Event::head:
        connection.request = begin_request(connection.parser.head());
        connection.parser.set_body_bytes_max(
            application_->body_bytes_max(connection.request.method, connection.request.path));
        return;
      case http1::Event::body:
        connection.request.body.append(step.body);
        return;
      case http1::Event::done: {
        const bool is_head = connection.request.method == "HEAD";
        send(application_->answer(std::move(connection.request)), is_head, false, peer);
        connection.request = {};
        connection.parser.reset();
        // A limit outlives its message, and a length is checked before the next head is seen.
        connection.parser.set_body_bytes_max(kRequestBytesMax);
        // Its clock is what Pistache's idle check looks at.
        getParser(peer)->reset();
        return;
      }
      default:
        connection.is_broken = true;
        connection.request = {};
        send(application_->refuse(connection.parser.failure().status,
                                  connection.parser.failure().reason),
             false, true, peer);
    }
  }

  void send(const ApiResponse& answer, bool is_head, bool closes,
            const std::shared_ptr<tcp::Peer>& peer) {
    http::ResponseWriter response(http::Version::Http11, transport(), this, peer);
    response.headers().add<http::Header::Connection>(closes ? http::ConnectionControl::Close
                                                            : http::ConnectionControl::KeepAlive);
    if (!answer.body.empty() || answer.status == 200)
      response.headers().add(std::make_shared<NamedHeader>("Content-Type", answer.content_type));
    for (const auto& [name, value] : answer.headers)
      if (http1::is_header_value(value))
        response.headers().add(std::make_shared<NamedHeader>(name, value));
    response.send(static_cast<http::Code>(answer.status), is_head ? std::string() : answer.body);
  }

  std::shared_ptr<const HttpApplication> application_;
};

}  // namespace

class PistacheServer::Impl {
 public:
  Impl(const Options& options, HttpApplication application)
      : endpoint_(std::make_unique<http::Endpoint>(
            Pistache::Address(options.host, Pistache::Port(options.port)))) {
    endpoint_->init(http::Endpoint::options()
                        .threads(options.threads)
                        .threadsName("sigil-api")
                        .flags(tcp::Options::ReuseAddr)
                        .maxRequestSize(kRequestBytesMax)
                        .keepaliveTimeout(std::chrono::seconds(300)));
    endpoint_->setHandler(http::make_handler<ConnectionHandler>(
        std::make_shared<const HttpApplication>(std::move(application))));
    endpoint_->serveThreaded();
    port_ = static_cast<std::uint16_t>(endpoint_->getPort());
  }

  std::uint16_t port() const { return port_; }

  // The socket closes with the endpoint only, so that callers are refused instead of left waiting.
  void stop() {
    std::call_once(stopped_, [this] {
      endpoint_->shutdown();
      endpoint_.reset();
    });
  }

 private:
  std::unique_ptr<http::Endpoint> endpoint_;
  std::uint16_t port_ = 0;
  std::once_flag stopped_;
};

Result<std::unique_ptr<PistacheServer>> PistacheServer::start(const Options& options,
                                                              HttpApplication application) {
  try {
    return std::unique_ptr<PistacheServer>(
        new PistacheServer(std::make_unique<Impl>(options, std::move(application))));
  } catch (const std::exception& e) {
    return fail(ErrorCode::unavailable, "E_LISTEN",
                "the API cannot listen on " + options.host + ":" + std::to_string(options.port) +
                    ": " + e.what(),
                "Free the port or set api.listen (SIGIL_API_LISTEN).");
  }
}

PistacheServer::PistacheServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PistacheServer::~PistacheServer() { stop(); }
std::uint16_t PistacheServer::port() const { return impl_->port(); }
void PistacheServer::stop() { impl_->stop(); }

}  // namespace sigil::api
