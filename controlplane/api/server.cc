#include "controlplane/api/server.h"

#include <utility>

#include "base/log.h"
#include "controlplane/api/context.h"
#include "controlplane/api/dispatcher.h"
#include "controlplane/api/hooks.h"
#include "controlplane/api/pistache_server.h"
#include "controlplane/api/routes.h"

namespace sigil::api {

// The server is the last member: it ends first, and its threads call all the others.
class Server::Impl {
 public:
  explicit Impl(const controlplane::Services& services)
      : context_{&services},
        dispatcher_(Router(all_routes(context_)), services.control_token, make_hooks(services)) {}

  Result<void> listen(const ServerOptions& options) {
    SIGIL_TRY(server_, PistacheServer::start({.host = options.listen.host,
                                              .port = options.listen.port,
                                              .threads = options.threads},
                                             application()));
    log::info("the API listens", {{"host", options.listen.host}, {"port", server_->port()}});
    return {};
  }

  std::uint16_t port() const { return server_->port(); }
  void stop() {
    if (server_) server_->stop();
  }

 private:
  HttpApplication application() {
    return {
        .answer = [this](ApiRequest request) { return dispatcher_.answer(std::move(request)); },
        .body_bytes_max =
            [this](std::string_view method, std::string_view path) {
              return dispatcher_.body_bytes_max(method, path);
            },
        .refuse = [this](int status,
                         std::string_view reason) { return dispatcher_.refuse(status, reason); },
    };
  }

  Context context_;
  Dispatcher dispatcher_;
  std::unique_ptr<PistacheServer> server_;
};

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options,
                                              const controlplane::Services& services) {
  const std::string& host = options.listen.host;
  if (host.rfind("127.", 0) != 0 && host != "::1" && host != "localhost")
    return fail(ErrorCode::invalid_argument, "E_LISTEN",
                "the API listens on loopback only, not on " + host,
                "Set api.listen (SIGIL_API_LISTEN) to 127.0.0.1:PORT; the front door is "
                "server.listen.");
  auto impl = std::make_unique<Impl>(services);
  SIGIL_CHECK(impl->listen(options));
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { stop(); }
std::uint16_t Server::port() const { return impl_->port(); }
void Server::stop() { impl_->stop(); }

}  // namespace sigil::api
