#include "proxy/front_door.h"

#include <array>

#include "proxy/carry.h"
#include "proxy/client_connection.h"
#include "proxy/exchange.h"
#include "proxy/follow.h"
#include "proxy/origin.h"
#include "proxy/worker.h"

namespace sigil::proxy {
namespace {

constexpr std::uint64_t kApiBody = 1024 * 1024;
constexpr std::uint64_t kUploadChunk = 4 * 1024 * 1024;

// First segments that sigild answers, with everything below them.
constexpr std::array<std::string_view, 6> kCarriedTrees = {"api", "v0", "v0.1", "r", "docs", ""};

// An answer that needs nobody.
class ReadyAnswer final : public RequestTask {
 public:
  ReadyAnswer(ClientConnection& client, Answer answer, std::string_view lines)
      : client_(client), answer_(std::move(answer)), lines_(lines) {}
  void start() override { client_.answer(answer_, lines_); }
  void on_client_gone() override {}

 private:
  ClientConnection& client_;
  Answer answer_;
  std::string_view lines_;
};

Answer plain_text(int status, std::string text) {
  return {status, "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n",
          std::move(text)};
}

Answer metrics_answer(ClientConnection& client, Worker& worker) {
  if (client.head().method != "GET" && client.head().method != "HEAD")
    return problem_answer({.status = 405, .code = "method_not_allowed", .detail = "only GET"},
                          client.request_id());
  return {200, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n", worker.metrics_page()};
}

// The proxy's own page for a key with the scope `metrics`: sigild, which knows the keys, is asked
// for its page, and what it refuses is refused here.
class AskedMetrics final : public RequestTask {
 public:
  AskedMetrics(ClientConnection& client, Worker& worker) : client_(client), worker_(worker) {}
  void start() override {
    auto lines = carried_lines(client_.head());
    if (!lines.has_value())
      return client_.answer(
          problem_answer(
              {.status = 400, .code = lines.error().reason, .detail = lines.error().message},
              client_.request_id()),
          kPlainLines);
    ApiRequest request{.target = "/metrics", .lines = *lines + caller_lines(client_)};
    worker_.api().send(std::move(request), [this, alive = alive()](Result<ApiResponse> answer) {
      if (!alive.expired()) on_answer(answer);
    });
  }
  void on_client_gone() override {}

 private:
  void on_answer(const Result<ApiResponse>& answer) {
    if (!answer.has_value())
      return client_.answer(
          unavailable_answer(client_.head().path(), answer.error(), client_.request_id()),
          kPlainLines);
    if (answer->status == 200) return client_.answer(metrics_answer(client_, worker_), kPlainLines);
    client_.answer({answer->status, answer_lines(*answer), answer->body}, kPlainLines);
  }

  ClientConnection& client_;
  Worker& worker_;
};

// Brings the client to the worker where all followers of its resource are.
class Move final : public RequestTask {
 public:
  Move(ClientConnection& client, Worker& to) : client_(client), to_(to) {}
  void start() override {
    auto moved = std::make_shared<ClientConnection::Handover>(client_.hand_over());
    to_.post([&to = to_, moved] { to.adopt(std::move(moved->wire), std::move(moved->unread)); });
  }
  void on_client_gone() override {}

 private:
  ClientConnection& client_;
  Worker& to_;
};

std::unique_ptr<RequestTask> refuse(ClientConnection& client, const Error& error) {
  return std::make_unique<ReadyAnswer>(
      client,
      problem_answer({.status = 400, .code = error.reason, .detail = error.message},
                     client.request_id()),
      kPlainLines);
}

std::unique_ptr<RequestTask> make_carried(ClientConnection& client, Worker& worker) {
  const auto& head = client.head();
  auto follow = read_follow_request(head);
  if (!follow.has_value()) return refuse(client, follow.error());
  if (follow->mode == FollowMode::none || !is_clean_path(head.path()))
    return std::make_unique<Carry>(client, worker);
  const auto lines = carried_lines(head, true);
  if (!lines.has_value()) return refuse(client, lines.error());
  const auto& workers = worker.shared().workers;
  const std::size_t home = std::hash<std::string>()(follow->target(std::nullopt)) % workers.size();
  if (follow->mode != FollowMode::download && workers[home] != &worker)
    return std::make_unique<Move>(client, *workers[home]);
  return std::make_unique<Follow>(client, worker, *std::move(follow),
                                  *lines + origin_lines(client));
}

bool is_public_host(ClientConnection& client, Worker& worker) {
  return is_allowed_host(client.host(), worker.allowed_hosts()) ||
         !deployment_of_host(client.host(), worker.table()).empty();
}

std::unique_ptr<RequestTask> unknown_host(ClientConnection& client, bool is_data_plane) {
  if (is_data_plane)
    return std::make_unique<ReadyAnswer>(client,
                                         rpc_answer({.status = 403,
                                                     .code = mcp::kInvalidRequest,
                                                     .message = "this host is not served here",
                                                     .reason = "host"},
                                                    {}, client.request_id()),
                                         kHarmlessLines);
  return std::make_unique<ReadyAnswer>(
      client,
      problem_answer({.status = 403,
                      .code = "unknown_host",
                      .detail = "This host name is not served here.",
                      .hint = "Use the public URL, or add the name to server.allowed_hosts."},
                     client.request_id()),
      kPlainLines);
}

// The same place over TLS. A host that is not ours is never repeated to anybody.
std::unique_ptr<RequestTask> redirect(ClientConnection& client, Worker& worker) {
  const RouteTable& table = worker.table();
  client.close_after_answer();
  std::string host;
  if (is_public_host(client, worker)) host = client.host();
  if (table.is_https && deployment_of_host(client.host(), table).empty()) host = table.public_host;
  if (host.empty()) return unknown_host(client, false);
  return std::make_unique<ReadyAnswer>(
      client,
      Answer{308,
             "Location: https://" + host + std::string(client.head().target) +
                 "\r\nContent-Type: text/plain; charset=utf-8\r\n",
             "This address is served over https.\n"},
      kPlainLines);
}

// Open to whoever is on this machine where nobody else can come; else sigild looks at the key.
bool are_metrics_open(ClientConnection& client, Worker& worker) {
  return worker.shared().is_loopback_listener && client.is_local();
}

}  // namespace

Destination destination_of(std::string_view path) {
  if (path == "/") return {Way::welcome, {}};
  if (path == "/metrics/proxy") return {Way::metrics, {}};
  if (path == "/health" || path == "/metrics") return {Way::carried, {}};
  if (!path.starts_with('/')) return {};
  const std::string_view rest = path.substr(1);
  const auto end = rest.find('/');
  const std::string_view first = rest.substr(0, end);
  for (const auto tree : kCarriedTrees)
    if (!tree.empty() && first == tree) return {Way::carried, {}};
  if (end == std::string_view::npos || first.empty() || rest.substr(end) != "/mcp") return {};
  if (first == "internal" || first.starts_with('.')) return {};
  return {Way::deployment, first};
}

std::string_view deployment_of_host(std::string_view host, const RouteTable& table) {
  const std::string_view parent = table.public_host;
  if (parent.empty() || host.size() < parent.size() + 2) return {};
  const std::size_t dot = host.size() - parent.size() - 1;
  const std::string_view label = host.substr(0, dot);
  const bool is_below = host[dot] == '.' &&
                        http1::equals_ignoring_case(host.substr(dot + 1), parent) &&
                        label.find('.') == std::string_view::npos;
  return is_below ? label : std::string_view();
}

std::string Destination::name() const {
  std::string text(deployment);
  if (!is_by_host) return text;
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

Destination destination_of(std::string_view host, std::string_view path, const RouteTable& table) {
  const std::string_view label = deployment_of_host(host, table);
  if (label.empty()) return destination_of(path);
  return path == "/mcp" ? Destination{Way::deployment, label, true} : Destination{};
}

bool is_carried(std::string_view host, std::string_view path, const RouteTable& table) {
  return destination_of(host, path, table).way == Way::carried;
}

std::uint64_t body_limit(std::string_view host, std::string_view path, const RouteTable& table) {
  const Destination destination = destination_of(host, path, table);
  if (destination.way == Way::deployment) {
    const auto route = table.find(destination.name());
    return route ? route->body_bytes_max : kApiBody;
  }
  if (path.starts_with("/api/v1/uploads/")) return kUploadChunk;
  if (path.starts_with("/api/v1/git/hooks/")) return kLargestBody;
  return kApiBody;
}

std::unique_ptr<RequestTask> make_task(ClientConnection& client, Worker& worker) {
  const auto& head = client.head();
  if (client.is_redirected()) return redirect(client, worker);
  const Destination destination = destination_of(client.host(), head.path(), worker.table());
  const bool is_data_plane = destination.way == Way::deployment;
  if (!is_public_host(client, worker)) return unknown_host(client, is_data_plane);
  switch (destination.way) {
    case Way::deployment:
      return std::make_unique<Exchange>(client, worker, destination.name());
    case Way::carried:
      return make_carried(client, worker);
    case Way::metrics:
      if (are_metrics_open(client, worker))
        return std::make_unique<ReadyAnswer>(client, metrics_answer(client, worker), kPlainLines);
      return std::make_unique<AskedMetrics>(client, worker);
    case Way::welcome:
      return std::make_unique<ReadyAnswer>(
          client,
          plain_text(200,
                     "Sigil serves MCP servers here, each at /<deployment>/mcp.\n"
                     "API: /api/openapi.json. Health: /health.\n"),
          kPlainLines);
    case Way::unknown:
      break;
  }
  return std::make_unique<ReadyAnswer>(
      client,
      problem_answer({.status = 404, .code = "not_found", .detail = "Nothing is served here."},
                     client.request_id()),
      kHarmlessLines);
}

}  // namespace sigil::proxy
