// The shape of lists: {items, next_cursor, total, total_is_exact, as_of}; limit, cursor and sort in
// the query; filters by closed sets of words.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "base/json.h"
#include "base/result.h"
#include "controlplane/api/api_request.h"
#include "controlplane/api/query.h"
#include "registry-db/page.h"

namespace sigil::api {

// An answer is cut (a list to fewer rows) before it grows past this; interfaces.md: 256 KiB.
inline constexpr std::size_t kPageBytesMax = 250 * 1024;

// limit 1..200 (default 50), cursor ≤ 1 KiB, sort one of `sorts` with or without a minus.
Result<db::PageRequest> read_page_request(const Query& query,
                                          const std::vector<std::string_view>& sorts);

// One word of a closed set; another one is refused with the set.
template <typename Enum, std::size_t N>
Result<Enum> read_word(std::string_view word, std::string_view parameter,
                       const EnumNames<Enum, N>& names) {
  if (const auto value = value_in(names, word)) return *value;
  std::string known;
  for (const auto& entry : names) known += (known.empty() ? "" : ", ") + std::string(entry.second);
  return fail(bad_parameter(parameter, std::string(parameter) + " must be one of: " + known));
}

// The words of a repeatable filter.
template <typename Enum, std::size_t N>
Result<std::vector<Enum>> read_words(const Query& query, std::string_view parameter,
                                     const EnumNames<Enum, N>& names) {
  std::vector<Enum> values;
  for (const auto& word : query.get_all(parameter)) {
    SIGIL_TRY(const auto value, read_word(word, parameter, names));
    values.push_back(value);
  }
  return values;
}

// One page, already rendered: each item is JSON text.
struct RenderedPage {
  std::vector<std::string> items;
  std::string next_cursor;
  std::int64_t total = 0;
  WallTime as_of;
};
ApiResponse page_response(RenderedPage page);

// Asks `fetch` for a page; for half of it, again, while the answer would be too long.
Result<ApiResponse> fitting_page(
    db::PageRequest page, const std::function<Result<RenderedPage>(const db::PageRequest&)>& fetch);

// `render` makes the JSON of one item; only .cc files that see all of Json use this.
template <typename T, typename Render>
RenderedPage rendered(const db::Page<T>& page, Render&& render) {
  RenderedPage result;
  result.next_cursor = page.next_cursor;
  result.total = page.total;
  result.as_of = page.as_of;
  for (const T& item : page.items) result.items.push_back(to_text(render(item)));
  return result;
}

}  // namespace sigil::api
