// What the admin API reads out of a target and its headers: query, cursor, times, paths, If-Match.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "controlplane/api/conditional.h"
#include "controlplane/api/list_page.h"
#include "controlplane/api/query.h"
#include "controlplane/api/render_tool.h"
#include "controlplane/api/router.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void read_query(std::string_view text) {
  const auto query = sigil::api::Query::parse(text);
  if (!query) return;
  for (const auto& [name, value] : query->all()) {
    check(name.find('\0') == std::string::npos && value.find('\0') == std::string::npos);
    (void)query->number(name, 0, 0, 1000);
    (void)query->boolean(name, false);
    (void)query->time(name);
  }
  (void)sigil::api::read_page_request(*query, {"name"});
  (void)sigil::api::tool_page(*query, {}, "rev_1", {});
}

void match_path(std::string_view text) {
  static const sigil::api::Router router(
      {{"GET", "/a/{x}/b", sigil::api::Access::read, sigil::api::BodyKind::none, {}, nullptr},
       {"GET", "/a/{x}/{y}", sigil::api::Access::read, sigil::api::BodyKind::none, {}, nullptr}});
  const auto match = router.match("GET", text);
  for (const auto& [name, value] : match.params)
    check(!value.empty() && value != ".." && value.find('\0') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_query(text);
  match_path(text);
  (void)sigil::api::parse_rfc3339(text);
  if (const auto condition = sigil::api::parse_tag_condition(text))
    check(condition->is_any || !condition->tags.empty() || !condition->weak_tags.empty());
  return 0;
}
