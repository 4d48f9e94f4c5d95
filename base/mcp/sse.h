// Server-sent events: an incremental reader (CR, LF, CRLF, byte order mark, several data lines,
// comments, unknown fields) and a writer. A reader belongs to one stream and one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sigil::mcp {

struct SseEvent {
  std::string type = "message";
  std::string data;               // lines joined by LF
  std::optional<std::string> id;  // only where this event had an id line
  // A priming event: an id and empty data. Per the SSE standard it is not dispatched, yet MCP uses
  // it, so it is handed out and the caller skips it.
  bool is_priming() const { return data.empty(); }
};

class SseReader {
 public:
  explicit SseReader(std::size_t event_bytes_max = 16 * 1024 * 1024)
      : event_bytes_max_(event_bytes_max) {}

  // Appends the events that became complete. too_large: an event over the limit; the reader is then
  // of no further use. An event cut off by the end of the stream is dropped, as the standard says.
  Result<void> feed(std::string_view bytes, std::vector<SseEvent>& events);

  // The last `retry:` value, and the id to send as Last-Event-ID.
  std::optional<std::int64_t> retry_ms() const { return retry_ms_; }
  const std::string& last_event_id() const { return last_event_id_; }

 private:
  void end_line(std::vector<SseEvent>& events);
  void take_field(std::string_view name, std::string_view value);
  void dispatch(std::vector<SseEvent>& events);

  std::size_t event_bytes_max_;
  std::string line_;
  std::string data_;
  std::string type_;
  std::optional<std::string> id_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool at_start_ = true;
  std::optional<std::int64_t> retry_ms_;
  std::string last_event_id_;
};

// "id: …\nevent: …\ndata: …\n\n"; empty id or type are left out; line breaks in data become several
// data lines.
std::string sse_event(std::string_view data, std::string_view id = {}, std::string_view type = {});

inline constexpr std::string_view kSseComment = ": keepalive\n\n";

}  // namespace sigil::mcp
