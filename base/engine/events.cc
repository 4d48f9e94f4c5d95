#include <nlohmann/json.hpp>

#include "base/engine/connection.h"
#include "base/engine/engine.h"
#include "base/engine/json_lines.h"

namespace sigil::engine {
namespace {

// Without a choice every exec health check of anybody adds three events.
std::string event_filter(const std::map<std::string, std::string>& labels) {
  Json filter;
  const auto parsed = parse_json(label_filter(labels));
  if (parsed) filter = *parsed;
  filter["type"] = {"container"};
  filter["event"] = {"create", "start", "restart", "die",     "oom",
                     "stop",   "kill",  "pause",   "unpause", "destroy"};
  return to_text(filter);
}

Event event_of(const Json& object) {
  Event event;
  event.type = string_or(object, "Type");
  event.action = string_or(object, "Action");
  event.time_ns = integer_or(object, "timeNano", 0);
  const auto actor = object.find("Actor");
  if (actor == object.end()) return event;
  event.id = string_or(*actor, "ID");
  const auto attributes = actor->find("Attributes");
  if (!actor->is_object() || attributes == actor->end() || !attributes->is_object()) return event;
  for (const auto& attribute : attributes->items())
    if (attribute.value().is_string())
      event.attributes[attribute.key()] = attribute.value().get<std::string>();
  return event;
}

}  // namespace

Result<void> Engine::follow_events(const std::map<std::string, std::string>& labels,
                                   const std::function<void(const Event&)>& on_event,
                                   std::stop_token stop) const {
  Call call;
  call.path = "/events";
  call.query.add("filters", event_filter(labels));
  call.time_max = std::chrono::milliseconds(0);
  JsonLines lines([&on_event](const Json& object) { on_event(event_of(object)); }, 1024 * 1024);
  const auto on_piece = [&lines](std::string_view piece) {
    lines.take(piece);
    return true;
  };
  auto streamed = connection_->stream(call, on_piece, stop);
  if (stop.stop_requested()) return {};
  if (!streamed) return streamed;
  return fail(ErrorCode::unavailable, "the engine ended its event stream");
}

}  // namespace sigil::engine
