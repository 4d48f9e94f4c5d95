#include "runtime/shim/modern_server.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/mcp/client.h"
#include "base/mcp/sse.h"
#include "runtime/shim/random.h"

namespace sigil::shim {

namespace {

constexpr std::size_t kWaitingMax = 256;
// After a client left, its call may go on logging for a while, and nothing says whose log it is.
constexpr std::chrono::seconds kLogsUnclear{60};
constexpr int kListingPagesMax = 100;

int code_of(std::string_view text, mcp::Range error) {
  const auto code = Json::parse(mcp::find_member(text, error, "code").of(text), nullptr, false);
  return code.is_number_integer() ? code.get<int>() : 0;
}

// The statuses the specification wants; what handlers answer otherwise stays in a 200.
int status_for(int code) {
  if (code == mcp::kMethodNotFound) return 404;
  if (code == mcp::kHeaderMismatch || code == mcp::kMissingClientCapability ||
      code == mcp::kUnsupportedVersion || code == mcp::kParseError ||
      code == mcp::kInvalidRequest) {
    return 400;
  }
  return 200;
}

mcp::RequestBuilder builder() {
  return {mcp::Era::modern, std::string(mcp::kModernVersion), {.name = "sigil-shim"}};
}

Problem server_ended(std::string_view raw_id) {
  Problem problem;
  problem.status = 502;
  problem.code = mcp::kInternalError;
  problem.message = "the server ended while it had this request";
  problem.reason = "server_exited";
  problem.raw_id = raw_id;
  return problem;
}

Problem only_legacy(std::string_view raw_id) {
  Problem problem;
  problem.status = 400;
  problem.code = -32000;  // as SDK servers of the legacy era answer: clients then send initialize
  problem.message = "this server speaks the legacy protocol: send initialize";
  problem.reason = "legacy_only";
  problem.raw_id = raw_id;
  return problem;
}

}  // namespace

ModernServer::ModernServer(const Context& context, ChildSpec spec)
    : loop_(context.loop),
      launcher_(context.launcher),
      log_(context.log),
      options_(context.options),
      guard_(context.guard),
      owner_(context.owner),
      spec_(std::move(spec)),
      last_used_(context.loop.now()) {}

ModernServer::~ModernServer() {
  loop_.cancel(probe_timer_);
  loop_.cancel(restart_timer_);
}

void ModernServer::start() {
  if (child_ != nullptr || restart_timer_ != 0 || era_ == Era::legacy) return;
  const auto wait = guard_.wait(loop_.now());
  if (wait.count() > 0) {
    restart_timer_ = loop_.after(wait, [this] {
      restart_timer_ = 0;
      start();
    });
    return;
  }
  auto launched = launcher_.launch(spec_, *this);
  if (!launched) {
    log_.note(launched.error().message);
    ChildExit exit;
    exit.code = 127;
    exit.last_stderr = {launched.error().message};
    return on_exit(exit);
  }
  child_ = std::move(*launched);
  probe_id_ = ++last_id_;
  child_->send(builder().discover(probe_id_).body);
  probe_timer_ = loop_.after(options_.probe_silence, [this] {
    probe_timer_ = loop_.after(options_.start_max, [this] {
      child_.reset();
      ChildExit exit;
      exit.code = 124;
      exit.last_stderr = {"server/discover was not answered"};
      on_exit(exit);
    });
    owner_.probe_is_silent(*this);
  });
}

void ModernServer::stop(std::string_view why) {
  loop_.cancel(std::exchange(probe_timer_, 0));
  loop_.cancel(std::exchange(restart_timer_, 0));
  is_ready_ = false;
  Problem problem = server_ended({});
  problem.message = why;
  fail_all(problem);
  child_.reset();
}

void ModernServer::conclude_legacy() {
  if (era_ != Era::unknown) return;
  era_ = Era::legacy;
  loop_.cancel(std::exchange(probe_timer_, 0));
  loop_.cancel(std::exchange(restart_timer_, 0));
  child_.reset();  // not for a session: it may have taken the probe as its opening
  release_waiting();
  owner_.era_known(*this);
}

void ModernServer::take_probe_answer(std::string_view line, const mcp::Message& message) {
  probe_id_ = 0;
  loop_.cancel(std::exchange(probe_timer_, 0));
  bool has_tools = true;
  if (message.kind == mcp::MessageKind::result) {
    const auto facts = mcp::read_discover_result(message.params.of(line));
    if (!facts) return conclude_legacy();
    versions_.clear();
    for (const auto& version : facts->supported_versions) {
      if (mcp::is_modern_version(version)) versions_.push_back(version);
    }
    has_tools = facts->has_tools;
  } else {
    const int code = code_of(line, message.params);
    const bool is_modern = code == mcp::kHeaderMismatch || code == mcp::kMissingClientCapability ||
                           code == mcp::kUnsupportedVersion;
    if (!is_modern) return conclude_legacy();
    versions_.clear();  // whatever it serves, it says so itself
  }
  if (!has_tools) return become_ready();
  listing_pages_ = 0;
  ask_for_tools(std::nullopt);
}

void ModernServer::ask_for_tools(const std::optional<std::string>& cursor) {
  ++listing_pages_;
  listing_id_ = ++last_id_;
  child_->send(builder().list(listing_id_, "tools/list", cursor).body);
}

void ModernServer::take_listing(std::string_view line, const mcp::Message& message) {
  listing_id_ = 0;
  if (message.kind == mcp::MessageKind::result) {
    const auto raw = message.params.of(line);
    param_headers_.learn(raw);
    const auto page = mcp::read_list_page(raw, "tools");
    if (page && page->next_cursor && listing_pages_ < kListingPagesMax) {
      return ask_for_tools(page->next_cursor);
    }
  }
  if (!is_ready_) become_ready();
}

void ModernServer::become_ready() {
  is_ready_ = true;
  era_ = Era::modern;
  guard_.succeeded();
  release_waiting();
  owner_.era_known(*this);
}

void ModernServer::release_waiting() {
  for (auto& waiting : std::exchange(waiting_, {})) {
    const auto message = mcp::read_message(waiting.text, {.bytes_max = waiting.text.size()});
    if (message) post(waiting.head, {waiting.text, *message, waiting.exchange});
  }
}

void ModernServer::give_up(const Problem& problem) { fail_all(problem); }

// A subscription that ends in order ends with a result.
void ModernServer::end_listening(Pending& pending) {
  const auto result = R"({"resultType":"complete","_meta":{")" +
                      std::string(mcp::kMetaSubscriptionId) + R"(":)" + pending.raw_id + "}}";
  pending.exchange->send_event(
      mcp::sse_event(mcp::result_body(pending.raw_id, result), {}, "message"));
}

void ModernServer::fail_all(const Problem& problem) {
  for (auto& entry : std::exchange(pending_, {})) {
    auto& pending = entry.second;
    auto own = problem;
    own.raw_id = pending.raw_id;
    if (pending.has_begun) {
      if (pending.method == "subscriptions/listen") end_listening(pending);
      pending.exchange->finish();
    } else {
      refuse(*pending.exchange, own);
    }
  }
  for (auto& waiting : std::exchange(waiting_, {})) {
    const auto message = mcp::read_message(waiting.text, {.bytes_max = waiting.text.size()});
    auto own = problem;
    if (message) own.raw_id = message->id.of(waiting.text);
    refuse(*waiting.exchange, own);
  }
}

void ModernServer::post(const HttpRequest& request, const Inbound& inbound) {
  last_used_ = loop_.now();
  const std::string raw_id(inbound.message.id.of(inbound.text));
  if (era_ == Era::legacy) return refuse(*inbound.exchange, only_legacy(raw_id));
  if (is_ready_) return forward(request, inbound);
  const auto now = loop_.now();
  if (child_ == nullptr && guard_.is_looping(now)) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(guard_.wait(now));
    start();
    return refuse(*inbound.exchange, starting_failed(raw_id, static_cast<int>(wait.count()) + 1));
  }
  if (waiting_.size() >= kWaitingMax) return refuse(*inbound.exchange, busy(raw_id));
  waiting_.push_back({std::string(inbound.text), request, inbound.exchange});
  start();
}

void ModernServer::forward(const HttpRequest& request, const Inbound& inbound) {
  const auto& message = inbound.message;
  if (message.kind == mcp::MessageKind::notification) return forward_notification(inbound);
  if (message.method == "tools/call") {
    if (auto defect = param_headers_.defect(request, inbound.text, message.params)) {
      return refuse(*inbound.exchange, {.code = mcp::kHeaderMismatch,
                                        .message = *std::move(defect),
                                        .reason = "header_mismatch",
                                        .raw_id = std::string(message.id.of(inbound.text))});
    }
  }
  const std::int64_t id = ++last_id_;
  const auto id_text = std::to_string(id);
  const auto line = mcp::on_one_line(
      mcp::splice(inbound.text, {{message.id, id_text}, {message.progress_token, id_text}}));
  if (!child_->send(line)) {
    return refuse(*inbound.exchange, busy(message.id.of(inbound.text)));
  }
  const bool wants_logs =
      mcp::find_member(inbound.text, message.meta, mcp::kMetaLogLevel).is_present();
  pending_.emplace(id, Pending{std::string(message.id.of(inbound.text)),
                               std::string(message.progress_token.of(inbound.text)), message.method,
                               inbound.exchange, false, wants_logs});
  inbound.exchange->when_gone([this, id] { client_left(id); });
}

// Ids and tokens of a notification cannot be told apart between clients of a shared child, so
// these two end here; over HTTP a modern client cancels by closing its request.
void ModernServer::forward_notification(const Inbound& inbound) {
  const auto& method = inbound.message.method;
  const bool is_dropped = method == "notifications/cancelled" || method == "notifications/progress";
  if (!is_dropped && !child_->send(mcp::on_one_line(std::string(inbound.text)))) {
    return refuse(*inbound.exchange, busy({}));
  }
  inbound.exchange->respond(accepted());
}

void ModernServer::client_left(std::int64_t id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  pending_.erase(found);
  logs_unclear_until_ = loop_.now() + kLogsUnclear;
  if (child_ == nullptr) return;
  child_->send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
               std::to_string(id) + R"(,"reason":"the client closed the request"}})");
}

bool ModernServer::on_line(std::string_view line) {
  const auto message =
      mcp::read_message(line, {.bytes_max = options_.line_bytes_max, .depth_max = 256});
  if (!message) return false;
  switch (message->kind) {
    case mcp::MessageKind::result:
    case mcp::MessageKind::error:
      take_answer(line, *message);
      break;
    case mcp::MessageKind::notification:
      take_notification(line, *message);
      break;
    case mcp::MessageKind::request: {  // not in this era
      const auto raw_id = message->id.of(line);
      child_->send(mcp::error_body({.raw_id = raw_id,
                                    .code = mcp::kMethodNotFound,
                                    .message = "servers do not send requests in this era"}));
      break;
    }
  }
  return true;
}

ModernServer::PendingMap::iterator ModernServer::find(std::string_view raw_number) {
  const auto id = Json::parse(raw_number, nullptr, false);
  return id.is_number_integer() ? pending_.find(id.get<std::int64_t>()) : pending_.end();
}

void ModernServer::take_answer(std::string_view line, const mcp::Message& message) {
  const auto raw_id = message.id.of(line);
  if (probe_id_ != 0 && (raw_id == std::to_string(probe_id_) || raw_id.empty())) {
    return take_probe_answer(line, message);
  }
  if (listing_id_ != 0 && raw_id == std::to_string(listing_id_)) return take_listing(line, message);
  const auto found = find(raw_id);
  if (found == pending_.end()) return;  // its client has left
  last_used_ = loop_.now();
  auto pending = std::move(found->second);
  pending_.erase(found);
  const bool is_result = message.kind == mcp::MessageKind::result;
  if (is_result && pending.method == "tools/list") param_headers_.learn(message.params.of(line));
  auto answer = mcp::on_one_line(
      mcp::splice(line, {{message.id, pending.raw_id}, {message.subscription_id, pending.raw_id}}));
  if (pending.has_begun) {
    pending.exchange->send_event(mcp::sse_event(answer, {}, "message"));
    return pending.exchange->finish();
  }
  const int status = is_result ? 200 : status_for(code_of(line, message.params));
  pending.exchange->respond(json_response(status, std::move(answer)));
}

void ModernServer::take_notification(std::string_view line, const mcp::Message& message) {
  if (message.subscription_id.is_present()) {
    const auto found = find(message.subscription_id.of(line));
    if (found == pending_.end()) return;
    return send_event(found->second,
                      mcp::splice(line, {{message.subscription_id, found->second.raw_id}}));
  }
  if (message.method == "notifications/progress") {
    const auto found = find(message.token.of(line));
    if (found == pending_.end() || found->second.raw_token.empty()) return;
    return send_event(found->second, mcp::splice(line, {{message.token, found->second.raw_token}}));
  }
  if (message.method == "notifications/tools/list_changed" && is_ready_ && listing_id_ == 0) {
    listing_pages_ = 0;
    ask_for_tools(std::nullopt);
  }
  if (message.method != "notifications/message") return;
  const auto found = only_one_with_logs();
  if (found != pending_.end()) send_event(found->second, line);
}

// A log line does not say which request it belongs to, and to show one client's log to another is
// worse than to lose it: it is passed on only while there can be no doubt.
ModernServer::PendingMap::iterator ModernServer::only_one_with_logs() {
  if (loop_.now() < logs_unclear_until_) return pending_.end();
  auto only = pending_.end();
  for (auto it = pending_.begin(); it != pending_.end(); ++it) {
    if (it->second.method == "subscriptions/listen") continue;
    if (only != pending_.end()) return pending_.end();
    only = it;
  }
  return only != pending_.end() && only->second.wants_logs ? only : pending_.end();
}

void ModernServer::send_event(Pending& pending, std::string_view text) {
  if (!pending.has_begun) {
    pending.has_begun = true;
    pending.exchange->begin_events({});
  }
  pending.exchange->send_event(mcp::sse_event(mcp::on_one_line(std::string(text)), {}, "message"));
}

void ModernServer::on_exit(const ChildExit& exit) {
  child_.reset();
  loop_.cancel(std::exchange(probe_timer_, 0));
  probe_id_ = 0;
  listing_id_ = 0;
  param_headers_.forget();
  const bool was_ready = std::exchange(is_ready_, false);
  if (was_ready) {
    guard_.failed(loop_.now(), random_part());
    fail_all(server_ended({}));
  }
  owner_.modern_exited(*this, exit, was_ready);
}

}  // namespace sigil::shim
