#include "runtime/shim/legacy_session.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/mcp/era.h"

namespace sigil::shim {

namespace {

using std::chrono::milliseconds;

// A plain answer is JSON, unless something precedes it or it takes longer than this: then it
// becomes a stream, which can be kept alive and, by clients that know priming events, resumed.
constexpr milliseconds kHoldMax{1'000};
constexpr milliseconds kResumableHoldMax{200};
constexpr milliseconds kUnsentMax{30'000};
constexpr std::size_t kUnsentCountMax = 256;
constexpr std::size_t kServerRequestsMax = 1'024;
// Servers do not answer what was cancelled; the HTTP request must end all the same.
constexpr milliseconds kCancelGrace{2'000};

int error_code_of(std::string_view raw_error) {
  const auto range = mcp::find_member(raw_error, mcp::whole(raw_error), "code");
  const auto code = Json::parse(range.of(raw_error), nullptr, false);
  return code.is_number_integer() ? code.get<int>() : 0;
}

std::string version_in(std::string_view raw_result) {
  const auto range = mcp::find_member(raw_result, mcp::whole(raw_result), "protocolVersion");
  return mcp::string_at(raw_result, range).value_or(std::string());
}

std::string server_error(std::string_view raw_id, std::string_view message,
                         std::string_view reason) {
  mcp::ErrorBody error;
  error.raw_id = raw_id;
  error.code = mcp::kInternalError;
  error.message = message;
  error.reason = reason;
  return mcp::error_body(error);
}

}  // namespace

LegacySession::LegacySession(const Context& context, std::string id, bool has_own_config)
    : loop_(context.loop),
      launcher_(context.launcher),
      log_(context.log),
      options_(context.options),
      owner_(context.owner),
      id_(std::move(id)),
      has_own_config_(has_own_config),
      last_used_(context.loop.now()) {}

LegacySession::~LegacySession() {
  loop_.cancel(unsent_timer_);
  for (const auto& entry : pending_) loop_.cancel(entry.second.timer);
}

std::vector<HttpField> LegacySession::fields() const {
  if (!is_open()) return {};
  return {{"Mcp-Session-Id", id_}};
}

Result<void> LegacySession::open(const ChildSpec& spec, const Inbound& initialize) {
  SIGIL_TRY(child_, launcher_.launch(spec, *this));
  post_request(initialize);
  auto& pending = pending_.begin()->second;
  pending.is_initialize = true;
  loop_.cancel(pending.timer);
  pending.timer = loop_.after(options_.start_max, [this] { owner_.session_timed_out(*this); });
  return {};
}

void LegacySession::post(const Inbound& inbound) {
  last_used_ = loop_.now();
  switch (inbound.message.kind) {
    case mcp::MessageKind::request:
      return post_request(inbound);
    case mcp::MessageKind::notification:
      return post_notification(inbound);
    case mcp::MessageKind::result:
    case mcp::MessageKind::error:
      return post_response(inbound);
  }
}

void LegacySession::post_request(const Inbound& inbound) {
  const auto& message = inbound.message;
  const std::int64_t id = ++last_id_;
  const auto id_text = std::to_string(id);
  const auto line = mcp::on_one_line(
      mcp::splice(inbound.text, {{message.id, id_text}, {message.progress_token, id_text}}));
  if (child_ == nullptr || !child_->send(line)) {
    return refuse(*inbound.exchange, busy(message.id.of(inbound.text)));
  }
  Pending pending{std::string(message.id.of(inbound.text)),
                  std::string(message.progress_token.of(inbound.text)),
                  EventStream(++last_stream_, history_)};
  pending.stream.hold(inbound.exchange);
  const auto hold = inbound.prefers_events ? milliseconds(0)
                    : primes()             ? kResumableHoldMax
                                           : kHoldMax;
  pending.timer = loop_.after(hold, [this, id] {
    const auto found = pending_.find(id);
    if (found != pending_.end()) begin_stream(found->second);
  });
  pending_.emplace(id, std::move(pending));
}

void LegacySession::begin_stream(Pending& pending) {
  if (!pending.stream.is_open() || pending.is_initialize) return;
  pending.stream.begin(fields(), primes(), loop_.now());
}

void LegacySession::post_response(const Inbound& inbound) {
  const auto& message = inbound.message;
  const auto found = message.id.is_present()
                         ? server_requests_.find(mcp::id_key(message.id.of(inbound.text)))
                         : server_requests_.end();
  if (found != server_requests_.end()) {
    const auto line = mcp::on_one_line(mcp::splice(inbound.text, {{message.id, found->second}}));
    if (child_ == nullptr || !child_->send(line)) return refuse(*inbound.exchange, busy({}));
    server_requests_.erase(found);
  }
  inbound.exchange->respond(accepted());
}

void LegacySession::post_notification(const Inbound& inbound) {
  if (inbound.message.method == "notifications/cancelled") return pass_cancellation(inbound);
  if (child_ == nullptr || !child_->send(mcp::on_one_line(std::string(inbound.text)))) {
    return refuse(*inbound.exchange, busy({}));
  }
  inbound.exchange->respond(accepted());
}

void LegacySession::pass_cancellation(const Inbound& inbound) {
  inbound.exchange->respond(accepted());
  const auto wanted = inbound.message.request_id;
  if (!wanted.is_present()) return;
  const auto key = mcp::id_key(wanted.of(inbound.text));
  for (auto it = pending_.rbegin(); it != pending_.rend(); ++it) {
    auto& pending = it->second;
    if (pending.is_initialize || mcp::id_key(pending.raw_id) != key) continue;
    const std::int64_t id = it->first;
    const auto id_text = std::to_string(id);
    if (child_ != nullptr) {
      child_->send(mcp::on_one_line(mcp::splice(inbound.text, {{wanted, id_text}})));
    }
    loop_.cancel(pending.timer);
    pending.timer = loop_.after(kCancelGrace, [this, id] {
      const auto found = pending_.find(id);
      if (found == pending_.end()) return;
      give(found->second, server_error(found->second.raw_id, "cancelled", "cancelled"));
      pending_.erase(found);
    });
    return;
  }
}

void LegacySession::repeat_initialize(const Inbound& inbound) {
  last_used_ = loop_.now();
  auto response =
      json_response(200, mcp::result_body(inbound.message.id.of(inbound.text), initialize_result_));
  response.fields = fields();
  inbound.exchange->respond(std::move(response));
}

void LegacySession::get(const std::shared_ptr<Exchange>& exchange, std::string_view last_event_id) {
  last_used_ = loop_.now();
  std::optional<EventId> last_seen;
  if (!last_event_id.empty()) {
    last_seen = read_event_id(last_event_id);
    if (!last_seen || last_seen->stream > last_stream_) {
      return refuse(*exchange, {.message = "Last-Event-ID is none of this session"});
    }
  }
  if (!last_seen || last_seen->stream == 0) {
    if (standalone_.is_open()) {
      return refuse(*exchange, {.status = 409, .message = "this session has its stream already"});
    }
    standalone_.attach(exchange, fields(), last_seen, loop_.now());
    return flush_unsent();
  }
  for (auto& entry : pending_) {
    if (entry.second.stream.number() != last_seen->stream) continue;
    return entry.second.stream.attach(exchange, fields(), last_seen, loop_.now());
  }
  EventStream over(last_seen->stream, history_);
  over.attach(exchange, fields(), last_seen, loop_.now());
  over.finish();
}

void LegacySession::end(std::string_view why) {
  auto pending = std::exchange(pending_, {});
  for (auto& entry : pending) {
    loop_.cancel(entry.second.timer);
    auto& stream = entry.second.stream;
    if (entry.second.is_initialize && stream.is_open()) {
      refuse(*stream.exchange(), starting_failed(entry.second.raw_id, 1));
    } else {
      give(entry.second, server_error(entry.second.raw_id, why, "session_ended"));
    }
  }
  standalone_.finish();
  child_.reset();
}

bool LegacySession::is_idle() const { return pending_.empty() && !standalone_.is_open(); }

bool LegacySession::on_line(std::string_view line) {
  const auto message =
      mcp::read_message(line, {.bytes_max = options_.line_bytes_max, .depth_max = 256});
  if (!message) return false;
  switch (message->kind) {
    case mcp::MessageKind::result:
    case mcp::MessageKind::error:
      take_answer(line, *message);
      break;
    case mcp::MessageKind::request:
      take_request(line, *message);
      break;
    case mcp::MessageKind::notification:
      take_notification(line, *message);
      break;
  }
  return true;
}

void LegacySession::on_exit(const ChildExit& exit) {
  child_.reset();
  owner_.session_lost(*this, exit);
}

void LegacySession::take_answer(std::string_view line, const mcp::Message& message) {
  const auto id = Json::parse(message.id.of(line), nullptr, false);
  const auto found =
      id.is_number_integer() ? pending_.find(id.get<std::int64_t>()) : pending_.end();
  if (found == pending_.end()) return;  // late, or an answer to nothing
  last_used_ = loop_.now();
  loop_.cancel(found->second.timer);
  if (found->second.is_initialize) return take_initialize_answer(found, line, message);
  auto answer = mcp::on_one_line(mcp::splice(line, {{message.id, found->second.raw_id}}));
  give(found->second, std::move(answer));
  pending_.erase(found);
}

void LegacySession::take_initialize_answer(PendingMap::iterator pending, std::string_view line,
                                           const mcp::Message& message) {
  const auto answer = mcp::splice(line, {{message.id, pending->second.raw_id}});
  const auto exchange = pending->second.stream.exchange();
  pending_.erase(pending);
  const auto raw = message.params.of(line);
  if (message.kind == mcp::MessageKind::error) {
    const int code = error_code_of(raw);
    exchange->respond(json_response(code == mcp::kUnsupportedVersion ? 400 : 200, answer));
    return owner_.session_refused(*this, code, raw);
  }
  // Nobody will ever learn the id of this session.
  if (!exchange->is_open()) return owner_.session_refused(*this, 0, raw);
  version_ = version_in(raw);
  initialize_result_ = raw;
  auto response = json_response(200, answer);
  response.fields = fields();
  exchange->respond(std::move(response));
  owner_.session_opened(*this);
}

void LegacySession::give(Pending& pending, std::string answer) {
  auto& stream = pending.stream;
  if (stream.has_begun()) {
    stream.send(answer, loop_.now());
    return stream.finish();
  }
  if (!stream.is_open()) return;
  auto response = json_response(200, std::move(answer));
  response.fields = fields();
  stream.exchange()->respond(std::move(response));
}

void LegacySession::take_request(std::string_view line, const mcp::Message& message) {
  const auto raw_id = message.id.of(line);
  if (message.method == "ping") {
    child_->send(mcp::result_body(raw_id, "{}"));
    return;
  }
  const auto key = mcp::id_key(raw_id);
  if (server_requests_.size() >= kServerRequestsMax || unsent_.size() >= kUnsentCountMax) {
    child_->send(server_error(raw_id, "too many requests are under way", "busy"));
    return;
  }
  server_requests_[key] = raw_id;
  send_to_session(mcp::on_one_line(std::string(line)), key, true);
}

void LegacySession::take_notification(std::string_view line, const mcp::Message& message) {
  if (message.method == "notifications/progress") {
    auto* pending = by_token(message.token.of(line));
    if (pending == nullptr) return;  // of a request that is over
    return send_on(*pending, mcp::splice(line, {{message.token, pending->raw_token}}));
  }
  send_to_session(mcp::on_one_line(std::string(line)), {},
                  message.method == "notifications/cancelled");
}

LegacySession::Pending* LegacySession::by_token(std::string_view raw_token) {
  const auto token = Json::parse(raw_token, nullptr, false);
  if (!token.is_number_integer()) return nullptr;
  const auto found = pending_.find(token.get<std::int64_t>());
  const bool has_token = found != pending_.end() && !found->second.raw_token.empty();
  return has_token ? &found->second : nullptr;
}

LegacySession::Pending* LegacySession::most_recent_open() {
  for (auto it = pending_.rbegin(); it != pending_.rend(); ++it) {
    if (!it->second.is_initialize && it->second.stream.is_open()) return &it->second;
  }
  return nullptr;
}

void LegacySession::send_on(Pending& pending, std::string_view text) {
  begin_stream(pending);
  if (pending.stream.has_begun()) {
    pending.stream.send(mcp::on_one_line(std::string(text)), loop_.now());
  }
}

// stdio does not say which request a message belongs to. Requests of the server go with the most
// recent request still open, all else to the session's own stream; each the other way where its own
// is missing; and where both are, they wait for a stream.
void LegacySession::send_to_session(std::string text, std::string request_key,
                                    bool belongs_to_a_request) {
  auto* pending = most_recent_open();
  if (belongs_to_a_request && pending != nullptr) return send_on(*pending, text);
  if (standalone_.is_open()) return standalone_.send(text, loop_.now());
  if (pending != nullptr) return send_on(*pending, text);
  if (unsent_.size() >= kUnsentCountMax) return;
  unsent_.push_back({std::move(text), std::move(request_key), loop_.now()});
  if (unsent_timer_ == 0) unsent_timer_ = loop_.after(kUnsentMax, [this] { expire_unsent(); });
}

void LegacySession::expire_unsent() {
  unsent_timer_ = 0;
  while (!unsent_.empty() && loop_.now() - unsent_.front().at >= kUnsentMax) {
    const auto gone = std::move(unsent_.front());
    unsent_.pop_front();
    const auto found = server_requests_.find(gone.request_key);
    if (gone.request_key.empty() || found == server_requests_.end()) continue;
    if (child_ != nullptr) {
      child_->send(server_error(found->second, "the client has no open stream", "no_stream"));
    }
    server_requests_.erase(found);
  }
  if (unsent_.empty()) return;
  const auto left = kUnsentMax - std::chrono::floor<milliseconds>(loop_.now() - unsent_.front().at);
  unsent_timer_ = loop_.after(left, [this] { expire_unsent(); });
}

void LegacySession::flush_unsent() {
  loop_.cancel(std::exchange(unsent_timer_, 0));
  for (const auto& message : std::exchange(unsent_, {})) {
    standalone_.send(message.text, loop_.now());
  }
}

}  // namespace sigil::shim
