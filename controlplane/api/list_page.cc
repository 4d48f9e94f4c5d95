#include "controlplane/api/list_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sigil::api {
namespace {

constexpr std::size_t kCursorBytesMax = 1024;

Result<std::string> read_sort(const Query& query, const std::vector<std::string_view>& sorts) {
  const auto sort = query.get("sort");
  if (!sort) return std::string();
  std::string_view field = *sort;
  if (!field.empty() && field.front() == '-') field.remove_prefix(1);
  if (std::find(sorts.begin(), sorts.end(), field) != sorts.end()) return *sort;
  std::string known;
  for (const auto name : sorts) known += (known.empty() ? "" : ", ") + std::string(name);
  return fail(
      bad_parameter("sort", "sort must be one of: " + known + "; with a minus: descending"));
}

std::size_t bytes_of(const RenderedPage& page) {
  std::size_t bytes = 0;
  for (const auto& item : page.items) bytes += item.size() + 1;
  return bytes;
}

}  // namespace

Result<db::PageRequest> read_page_request(const Query& query,
                                          const std::vector<std::string_view>& sorts) {
  db::PageRequest page;
  SIGIL_TRY(const auto limit, query.number("limit", 50, 1, db::kPageLimitMax));
  page.limit = static_cast<int>(limit);
  page.cursor = query.get("cursor").value_or("");
  if (page.cursor.size() > kCursorBytesMax)
    return fail(bad_parameter("cursor", "cursor is not one of ours"));
  SIGIL_TRY(page.sort, read_sort(query, sorts));
  return page;
}

ApiResponse page_response(RenderedPage page) {
  const Json frame = {
      {"next_cursor", page.next_cursor.empty() ? Json(nullptr) : Json(page.next_cursor)},
      {"total", page.total},
      {"total_is_exact", true},
      {"as_of", to_rfc3339(page.as_of)}};
  ApiResponse response;
  response.body = "{\"items\":[";
  for (std::size_t i = 0; i < page.items.size(); ++i) {
    if (i > 0) response.body += ',';
    response.body += page.items[i];
  }
  response.body += "]," + to_text(frame).substr(1);
  return response;
}

Result<ApiResponse> fitting_page(
    db::PageRequest page,
    const std::function<Result<RenderedPage>(const db::PageRequest&)>& fetch) {
  for (;;) {
    SIGIL_TRY(auto fetched, fetch(page));
    const auto bytes = bytes_of(fetched);
    if (bytes <= kPageBytesMax || page.limit == 1) return page_response(std::move(fetched));
    page.limit = std::max(1, std::min(page.limit, static_cast<int>(fetched.items.size())) / 2);
  }
}

}  // namespace sigil::api
