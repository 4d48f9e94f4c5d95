#include "base/engine/json_lines.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace sigil::engine {

JsonLines::JsonLines(std::function<void(const Json&)> on_object, std::size_t line_bytes_max)
    : on_object_(std::move(on_object)), line_bytes_max_(line_bytes_max) {}

void JsonLines::take(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t newline = piece.find('\n');
    const std::string_view part = piece.substr(0, newline);
    if (line_.size() + part.size() > line_bytes_max_) is_too_long_ = true;
    if (is_too_long_)
      line_.clear();
    else
      line_ += part;
    if (newline == std::string_view::npos) return;
    end_line();
    piece.remove_prefix(newline + 1);
  }
}

void JsonLines::finish() {
  if (!line_.empty() || is_too_long_) end_line();
}

void JsonLines::end_line() {
  const std::string line = std::exchange(line_, {});
  if (std::exchange(is_too_long_, false)) {
    ++unreadable_;
    return;
  }
  if (line.find_first_not_of(" \t\r") == std::string::npos) return;
  const auto object = parse_json(line, {.bytes_max = line_bytes_max_, .depth_max = 32});
  if (object && object->is_object())
    on_object_(*object);
  else
    ++unreadable_;
}

}  // namespace sigil::engine
