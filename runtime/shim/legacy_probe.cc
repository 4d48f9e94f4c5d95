#include "runtime/shim/legacy_probe.h"

#include "base/mcp/client.h"
#include "base/mcp/jsonrpc.h"

namespace sigil::shim {

namespace {
constexpr std::int64_t kId = 1;
constexpr mcp::MessageLimits kLimits = {.bytes_max = 16 * 1024 * 1024, .depth_max = 256};
}  // namespace

LegacyProbe::LegacyProbe(Loop& loop, ChildLauncher& launcher, OnOutcome on_outcome)
    : loop_(loop), launcher_(launcher), on_outcome_(std::move(on_outcome)) {}

LegacyProbe::~LegacyProbe() { loop_.cancel(timer_); }

void LegacyProbe::start(const ChildSpec& spec, std::chrono::milliseconds time_max) {
  auto launched = launcher_.launch(spec, *this);
  if (!launched) {
    ChildExit exit;
    exit.code = 127;
    exit.last_stderr = {launched.error().message};
    return conclude(Outcome::exited, exit);
  }
  child_ = std::move(*launched);
  const mcp::RequestBuilder builder(mcp::Era::legacy, std::string(mcp::kNewestLegacyVersion),
                                    {.name = "sigil-shim"});
  child_->send(builder.initialize(kId).body);
  timer_ = loop_.after(time_max, [this] { conclude(Outcome::timed_out, {}); });
}

bool LegacyProbe::on_line(std::string_view line) {
  const auto message = mcp::read_message(line, kLimits);
  if (!message) return false;
  if (message->id.of(line) != std::to_string(kId)) return true;
  if (message->kind == mcp::MessageKind::result) conclude(Outcome::opened, {});
  if (message->kind == mcp::MessageKind::error) conclude(Outcome::refused, {});
  return true;
}

void LegacyProbe::on_exit(const ChildExit& exit) { conclude(Outcome::exited, exit); }

void LegacyProbe::conclude(Outcome outcome, const ChildExit& exit) {
  child_.reset();
  loop_.cancel(timer_);
  // Not from here: the owner destroys the probe in this call.
  loop_.defer([call = std::exchange(on_outcome_, nullptr), outcome, exit] {
    if (call) call(outcome, exit);
  });
}

}  // namespace sigil::shim
