#include "controlplane/api/render_log.h"

#include <nlohmann/json.hpp>

#include "controlplane/api/render_parts.h"

namespace sigil::api {

Json render_log_page(const db::LogPage& page, bool has_ended) {
  Json items = Json::array();
  for (const auto& line : page.items) {
    Json item = {{"seq", line.seq},
                 {"at", to_rfc3339(line.at)},
                 {"replica", text_or_null(line.replica.text())},
                 {"revision", line.revision},
                 {"stream", line.stream},
                 {"text", line.text}};
    if (line.truncated_bytes > 0) item["truncated_bytes"] = line.truncated_bytes;
    items.push_back(std::move(item));
  }
  return {{"items", std::move(items)},
          {"next_after", page.next_after},
          {"oldest", page.oldest},
          {"ended", has_ended}};
}

Json render_log_info(const db::LogInfo& info) {
  Json dropped = Json::array();
  if (info.dropped_lines > 0)
    dropped.push_back({{"from", 1}, {"to", info.dropped_lines}, {"reason", "pruned"}});
  return {{"first_seq", info.first_seq},
          {"last_seq", info.last_seq},
          {"lines", info.lines},
          {"bytes", info.bytes},
          {"dropped", std::move(dropped)}};
}

}  // namespace sigil::api
