#include "base/mcp/sse.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sigil::mcp {

namespace {
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
}

Result<void> SseReader::feed(std::string_view bytes, std::vector<SseEvent>& events) {
  while (!bytes.empty()) {
    if (after_cr_ && bytes.front() == '\n') {
      after_cr_ = false;
      bytes.remove_prefix(1);
      continue;
    }
    after_cr_ = false;
    const std::size_t end = bytes.find_first_of("\r\n");
    const auto piece = bytes.substr(0, end);
    if (line_.size() + data_.size() + piece.size() > event_bytes_max_) {
      return fail(ErrorCode::too_large, "sse_event_too_large", "an SSE event is too large");
    }
    line_ += piece;
    if (end == std::string_view::npos) return {};
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    end_line(events);
  }
  return {};
}

void SseReader::end_line(std::vector<SseEvent>& events) {
  std::string_view line = line_;
  if (std::exchange(at_start_, false) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  if (line.empty()) {
    dispatch(events);
  } else if (line.front() != ':') {
    const auto colon = line.find(':');
    auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    take_field(line.substr(0, colon), value);
  }
  line_.clear();
}

void SseReader::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (std::exchange(has_data_, true)) data_ += '\n';
    data_ += value;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    std::int64_t milliseconds = 0;
    const auto* end = value.data() + value.size();
    const auto [rest, problem] = std::from_chars(value.data(), end, milliseconds);
    if (problem == std::errc() && rest == end && milliseconds >= 0) retry_ms_ = milliseconds;
  }
}

void SseReader::dispatch(std::vector<SseEvent>& events) {
  if (id_) last_event_id_ = *id_;
  if (has_data_ || id_) {
    SseEvent event;
    if (!type_.empty()) event.type = std::move(type_);
    event.data = std::move(data_);
    event.id = std::move(id_);
    events.push_back(std::move(event));
  }
  type_.clear();
  data_.clear();
  id_.reset();
  has_data_ = false;
}

std::string sse_event(std::string_view data, std::string_view id, std::string_view type) {
  std::string out;
  out.reserve(data.size() + id.size() + type.size() + 32);
  if (!type.empty()) out.append("event: ").append(type).append("\n");
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  for (;;) {
    const auto end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    const bool is_pair = data[end] == '\r' && end + 1 < data.size() && data[end + 1] == '\n';
    data.remove_prefix(end + (is_pair ? 2 : 1));
  }
  out += "\n";
  return out;
}

}  // namespace sigil::mcp
