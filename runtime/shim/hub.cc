#include "runtime/shim/hub.h"

#include <algorithm>

#include "runtime/shim/random.h"

namespace sigil::shim {

namespace {

constexpr std::string_view kConfigHeader = "X-Sigil-Session-Config";
constexpr std::size_t kConfiguredMax = 32;

int seconds(std::chrono::milliseconds wait) {
  return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(wait).count()) + 1;
}

}  // namespace

Hub::Hub(const Context& context)
    : loop_(context.loop),
      launcher_(context.launcher),
      log_(context.log),
      options_(context.options),
      base_(modern_context(guard_), context.options.child) {}

Hub::~Hub() {
  loop_.cancel(probe_timer_);
  loop_.cancel(reap_timer_);
}

ModernServer::Context Hub::modern_context(CrashGuard& guard) {
  return {loop_, launcher_, log_, options_, guard, *this};
}

Hub::Configured::Configured(const ModernServer::Context& context, ChildSpec spec)
    : server({context.loop, context.launcher, context.log, context.options, guard, context.owner},
             std::move(spec)) {}

void Hub::start() {
  base_.start();
  const auto every = std::clamp<std::chrono::milliseconds>(
      options_.session_idle / 4, std::chrono::milliseconds(50), std::chrono::seconds(30));
  reap_timer_ = loop_.after(every, [this] { reap_idle(); });
}

void Hub::stop() {
  is_stopping_ = true;
  loop_.cancel(std::exchange(probe_timer_, 0));
  loop_.cancel(std::exchange(reap_timer_, 0));
  probe_.reset();
  for (auto& entry : std::exchange(sessions_, {})) {
    entry.second->end("the server is stopping");
    bury(std::move(entry.second));
  }
  for (auto& entry : configured_) entry.second->server.stop("the server is stopping");
  base_.stop("the server is stopping");
}

Result<ChildSpec> Hub::spec_for(const HttpRequest& request) const {
  const auto config = request.header(kConfigHeader);
  if (config.empty()) return options_.child;
  return apply_session_config(options_.child, config);
}

void Hub::initialize(const HttpRequest& request, const Inbound& inbound) {
  const std::string raw_id(inbound.message.id.of(inbound.text));
  const auto spec = spec_for(request);
  if (!spec) {
    return refuse(*inbound.exchange, {.status = 400,
                                      .code = 400,
                                      .message = spec.error().message,
                                      .reason = "session_config",
                                      .raw_id = raw_id});
  }
  const bool has_own_config = !request.header(kConfigHeader).empty();
  const auto now = loop_.now();
  if (is_stopping_ || (guard_.is_looping(now) && guard_.wait(now).count() > 0)) {
    return refuse(*inbound.exchange, starting_failed(raw_id, seconds(guard_.wait(now))));
  }
  if (!make_room()) return refuse(*inbound.exchange, busy(raw_id));
  const LegacySession::Context context{loop_, launcher_, log_, options_, *this};
  auto session = std::make_unique<LegacySession>(context, random_id(), has_own_config);
  const auto opened = session->open(*spec, inbound);
  if (!opened) {
    log_.note(opened.error().message);
    ChildExit exit;
    exit.code = 127;
    exit.last_stderr = {opened.error().message};
    start_failed(exit, has_own_config);
    return refuse(*inbound.exchange, starting_failed(raw_id, seconds(guard_.wait(now))));
  }
  const auto id = session->id();
  sessions_.emplace(id, std::move(session));
}

void Hub::post_modern(const HttpRequest& request, const Inbound& inbound) {
  const std::string config(request.header(kConfigHeader));
  // One program is behind all configurations: where it is legacy, they are.
  if (config.empty() || base_.era() == ModernServer::Era::legacy) {
    return base_.post(request, inbound);
  }
  const auto found = configured_.find(config);
  if (found != configured_.end()) return found->second->server.post(request, inbound);
  const std::string raw_id(inbound.message.id.of(inbound.text));
  auto spec = spec_for(request);
  if (!spec) {
    return refuse(*inbound.exchange, {.status = 400,
                                      .code = 400,
                                      .message = spec.error().message,
                                      .reason = "session_config",
                                      .raw_id = raw_id});
  }
  if (configured_.size() >= kConfiguredMax || !make_room()) {
    if (!reap_least_recently_used()) return refuse(*inbound.exchange, busy(raw_id));
  }
  auto& added = configured_[config];
  added = std::make_unique<Configured>(modern_context(guard_), *std::move(spec));
  added->server.post(request, inbound);
}

LegacySession* Hub::find(std::string_view session_id) {
  const auto found = sessions_.find(std::string(session_id));
  const bool is_there = found != sessions_.end() && found->second->is_open();
  return is_there ? found->second.get() : nullptr;
}

void Hub::remove(std::string_view session_id) {
  auto* session = find(session_id);
  if (session == nullptr) return;
  session->end("the session was ended");
  bury(take(*session));
}

bool Hub::is_modern_only() const {
  return legacy_is_refused_ && base_.era() == ModernServer::Era::modern;
}

Health Hub::health() const {
  Health health;
  health.state = state_;
  if (guard_.is_looping(loop_.now()) && guard_.wait(loop_.now()).count() > 0) {
    health.state = Health::State::failing;
  }
  health.children = children();
  health.sessions = static_cast<std::size_t>(
      std::count_if(sessions_.begin(), sessions_.end(),
                    [](const auto& entry) { return entry.second->is_open(); }));
  health.restarts = restarts_;
  health.last_exit = last_exit_;
  return health;
}

void Hub::session_opened(LegacySession& session) {
  if (session.has_own_config()) return;
  guard_.succeeded();
  legacy_is_refused_ = false;
  state_ = Health::State::ok;
}

void Hub::session_refused(LegacySession& session, int code, std::string_view) {
  if (code == mcp::kUnsupportedVersion) legacy_is_refused_ = true;
  session.end("initialize was refused");
  bury(take(session));
}

void Hub::session_lost(LegacySession& session, const ChildExit& exit) {
  const bool was_open = session.is_open();
  const bool has_own_config = session.has_own_config();
  last_exit_ = exit;
  ++restarts_;
  session.end(exit.line_was_too_long ? "the server wrote a line that is too long"
                                     : "the server ended");
  bury(take(session));
  if (!was_open) start_failed(exit, has_own_config);
}

void Hub::session_timed_out(LegacySession& session) {
  const bool has_own_config = session.has_own_config();
  session.end("initialize was not answered");
  bury(take(session));
  ChildExit exit;
  exit.code = 124;
  exit.last_stderr = {"initialize was not answered in time"};
  start_failed(exit, has_own_config);
}

std::unique_ptr<LegacySession> Hub::take(LegacySession& session) {
  const auto found = sessions_.find(session.id());
  if (found == sessions_.end()) return nullptr;
  auto taken = std::move(found->second);
  sessions_.erase(found);
  return taken;
}

// Sessions ask for their own end from within their own functions.
void Hub::bury(std::unique_ptr<LegacySession> session) {
  loop_.defer([kept = std::shared_ptr<LegacySession>(std::move(session))] {});
}

std::size_t Hub::children() const {
  std::size_t count = sessions_.size() + (base_.has_child() ? 1 : 0) + (probe_ ? 1 : 0);
  for (const auto& entry : configured_) count += entry.second->server.has_child() ? 1 : 0;
  return count;
}

bool Hub::make_room() {
  while (children() >= options_.children_max) {
    if (!reap_least_recently_used()) return false;
  }
  return true;
}

bool Hub::reap_least_recently_used() {
  LegacySession* session = nullptr;
  for (const auto& entry : sessions_) {
    auto* candidate = entry.second.get();
    if (!candidate->is_open() || !candidate->is_idle()) continue;
    if (session == nullptr || candidate->last_used() < session->last_used()) session = candidate;
  }
  auto oldest = configured_.end();
  for (auto it = configured_.begin(); it != configured_.end(); ++it) {
    if (!it->second->server.is_idle()) continue;
    const bool is_older = oldest == configured_.end() ||
                          it->second->server.last_used() < oldest->second->server.last_used();
    if (is_older) oldest = it;
  }
  const bool takes_session =
      session != nullptr &&
      (oldest == configured_.end() || session->last_used() <= oldest->second->server.last_used());
  if (takes_session) {
    remove(session->id());
    return true;
  }
  if (oldest == configured_.end()) return false;
  oldest->second->server.stop("idle");
  loop_.defer([kept = std::shared_ptr<Configured>(std::move(oldest->second))] {});
  configured_.erase(oldest);
  return true;
}

void Hub::reap_idle() {
  const auto before = loop_.now() - options_.session_idle;
  std::vector<std::string> idle;
  for (const auto& entry : sessions_) {
    const auto& session = *entry.second;
    if (session.is_open() && session.is_idle() && session.last_used() <= before) {
      idle.push_back(entry.first);
    }
  }
  for (const auto& id : idle) remove(id);
  for (auto it = configured_.begin(); it != configured_.end();) {
    const bool is_over = it->second->server.is_idle() && it->second->server.last_used() <= before;
    if (is_over) it->second->server.stop("idle");
    it = is_over ? configured_.erase(it) : std::next(it);
  }
  const auto every = std::clamp<std::chrono::milliseconds>(
      options_.session_idle / 4, std::chrono::milliseconds(50), std::chrono::seconds(30));
  reap_timer_ = loop_.after(every, [this] { reap_idle(); });
}

void Hub::start_failed(const ChildExit& exit, bool has_own_config) {
  if (is_stopping_) return;
  last_exit_ = exit;
  if (has_own_config) return;  // says nothing about everybody else's server
  guard_.failed(loop_.now(), random_part());
  if (state_ != Health::State::ok || guard_.is_looping(loop_.now())) {
    state_ = Health::State::failing;
  }
  if (guard_.is_looping(loop_.now())) {
    log_.note("the server keeps ending at its start; waiting before the next try");
  }
  if (state_ != Health::State::failing || probe_timer_ != 0) return;
  probe_timer_ = loop_.after(guard_.wait(loop_.now()), [this] {
    probe_timer_ = 0;
    if (base_.era() == ModernServer::Era::legacy) return probe_legacy();
    base_.start();
  });
}

void Hub::era_known(ModernServer& server) {
  if (&server != &base_) return;
  // A legacy answer to server/discover shows that the server runs; so does a DiscoverResult.
  state_ = Health::State::ok;
  guard_.succeeded();
}

void Hub::probe_is_silent(ModernServer& server) {
  if (&server == &base_) probe_legacy();
}

void Hub::modern_exited(ModernServer& server, const ChildExit& exit, bool was_ready) {
  last_exit_ = exit;
  if (is_stopping_) return;
  ++restarts_;
  if (&server != &base_) {
    if (was_ready) return;
    server.guard().failed(loop_.now(), random_part());
    return server.give_up(starting_failed({}, seconds(server.guard().wait(loop_.now()))));
  }
  if (was_ready) return base_.start();  // after the back-off
  // Some servers leave at any request before initialize: then they are legacy.
  if (base_.era() == ModernServer::Era::unknown) return probe_legacy();
  start_failed(exit, false);
  if (guard_.is_looping(loop_.now())) {
    base_.give_up(starting_failed({}, seconds(guard_.wait(loop_.now()))));
  }
  base_.start();
}

void Hub::probe_legacy() {
  if (probe_ != nullptr || is_stopping_) return;
  probe_ = std::make_unique<LegacyProbe>(
      loop_, launcher_, [this](LegacyProbe::Outcome outcome, const ChildExit& exit) {
        legacy_probed(outcome, exit);
      });
  probe_->start(options_.child, options_.start_max);
}

void Hub::legacy_probed(LegacyProbe::Outcome outcome, const ChildExit& exit) {
  probe_.reset();
  if (outcome == LegacyProbe::Outcome::opened) {
    guard_.succeeded();
    state_ = Health::State::ok;
    return base_.conclude_legacy();
  }
  ChildExit failure = exit;
  if (outcome != LegacyProbe::Outcome::exited) {
    failure.code = 124;
    failure.last_stderr = {outcome == LegacyProbe::Outcome::refused
                               ? "initialize was refused"
                               : "initialize was not answered in time"};
  }
  if (base_.is_ready()) return;  // server/discover was answered meanwhile
  start_failed(failure, false);
  base_.give_up(starting_failed({}, seconds(guard_.wait(loop_.now()))));
}

}  // namespace sigil::shim
