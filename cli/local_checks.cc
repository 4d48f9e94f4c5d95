#include "cli/local_checks.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/descriptor.h"
#include "base/http/client.h"
#include "cli/credentials.h"

namespace sigil::cli {
namespace {

constexpr int kConnectMs = 1'500;
constexpr std::string_view kEngineSocket = "/var/run/docker.sock";
constexpr std::string_view kApiUrl = "http://127.0.0.1:7451";

Json check(const std::string& name, const std::string& state, const std::string& detail,
           const std::string& fix) {
  return {{"name", name}, {"state", state}, {"detail", detail}, {"fix", fix}};
}

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

// Empty: somebody accepted; else the reason.
std::string connect_problem(const addrinfo& address) {
  const Descriptor socket(
      ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return std::strerror(errno);
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return std::strerror(errno);
  pollfd waiting{socket.get(), POLLOUT, 0};
  if (::poll(&waiting, 1, kConnectMs) != 1) return "no answer";
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? std::string() : std::strerror(error);
}

std::string connect_problem(const Address& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &found);
  if (failed != 0) return gai_strerror(failed);
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  std::string problem = "no address";
  for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
    problem = connect_problem(*at);
    if (problem.empty()) return {};
  }
  return problem;
}

Json front_door_check(const std::string& url, const Error& silence) {
  const Address where = address_of(url);
  const std::string problem = connect_problem(where);
  const bool is_local = is_this_machine(where);
  if (!problem.empty())
    return check("front door", "fail",
                 fmt::format("nobody listens at {}:{} ({})", where.host, where.port, problem),
                 is_local ? "make up" : "ask whoever runs that server, or set SIGIL_URL");
  return check("front door", "fail",
               fmt::format("{} accepts connections, but {}", url, silence.message),
               is_local ? "make up" : "ask whoever runs that server, or set SIGIL_URL");
}

Json control_plane_check() {
  const std::string problem = connect_problem(address_of(std::string(kApiUrl)));
  if (problem.empty()) return check("sigild", "ok", "it listens at 127.0.0.1:7451", "");
  return check("sigild", "fail", fmt::format("nobody listens at 127.0.0.1:7451 ({})", problem),
               "make up");
}

Json engine_check(const Environment& environment) {
  const std::string path = environment("SIGIL_DOCKER_SOCKET").value_or(std::string(kEngineSocket));
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0)
    return check("engine", "fail", fmt::format("there is no {}", path),
                 "sudo systemctl start docker, or make up");
  if (::access(path.c_str(), R_OK | W_OK) != 0)
    return check("engine", "warn",
                 fmt::format("{} is not open to you (only sigild needs it)", path), "");
  http::Request ping;
  ping.url = "http://localhost/_ping";
  ping.unix_socket = path;
  ping.time_max = std::chrono::milliseconds(3'000);
  const auto answer = http::Client().send(ping);
  if (answer && answer->status == 200)
    return check("engine", "ok", fmt::format("it answers at {}", path), "");
  return check(
      "engine", "fail",
      fmt::format("{} exists, but the engine does not answer ({})", path,
                  answer ? fmt::format("status {}", answer->status) : answer.error().message),
      "sudo systemctl restart docker");
}

Json credentials_check(const Environment& environment) {
  const auto credentials = find_credentials(environment);
  if (!credentials)
    return check("credentials", "fail", credentials.error().message, credentials.error().hint);
  if (!credentials->warning.empty())
    return check("credentials", "warn", credentials->warning, "chmod 600 " + credentials->path);
  if (credentials->key.is_empty())
    return check("credentials", "warn", "there is no API key for " + credentials->url,
                 "make up writes one, or set SIGIL_API_KEY");
  return check("credentials", "ok", "a key for " + credentials->url, "");
}

}  // namespace

Address address_of(const std::string& url) {
  const bool is_tls = url.starts_with("https://");
  std::string rest = url.substr(
      std::min(url.find("://") == std::string::npos ? 0 : url.find("://") + 3, url.size()));
  rest = rest.substr(0, rest.find_first_of("/?#"));
  const std::size_t colon = rest.rfind(':');
  const std::size_t bracket = rest.rfind(']');
  const bool has_port =
      colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  Address address{has_port ? rest.substr(0, colon) : rest,
                  has_port ? rest.substr(colon + 1) : (is_tls ? "443" : "80")};
  if (address.host.size() > 2 && address.host.front() == '[')
    address.host = address.host.substr(1, address.host.size() - 2);
  return address;
}

bool is_this_machine(const Address& address) {
  return address.host == "localhost" || address.host == "::1" || address.host.starts_with("127.");
}

Json local_checks(const std::string& url, const Error& silence, const Environment& environment) {
  Json items = Json::array({front_door_check(url, silence)});
  if (is_this_machine(address_of(url))) {
    items.push_back(control_plane_check());
    items.push_back(engine_check(environment));
  }
  items.push_back(credentials_check(environment));
  return {{"items", std::move(items)}};
}

}  // namespace sigil::cli
