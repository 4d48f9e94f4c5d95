#include "controlplane/api/conditional.h"

#include <algorithm>

#include "controlplane/api/problem.h"

namespace sigil::api {
namespace {

constexpr std::size_t kHeaderMax = 2048;
constexpr std::size_t kTagsMax = 32;

bool contains(const std::vector<std::string>& tags, std::string_view tag) {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

void skip_spaces(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

bool is_tag_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != '"' && byte != 0x7f;
}

// Takes one quoted tag off the front; nullopt when there is none.
std::optional<std::string> take_tag(std::string_view& text) {
  if (text.empty() || text.front() != '"') return std::nullopt;
  const auto end = text.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view inside = text.substr(1, end - 1);
  if (!std::all_of(inside.begin(), inside.end(), is_tag_character)) return std::nullopt;
  std::string tag(text.substr(0, end + 1));
  text.remove_prefix(end + 1);
  return tag;
}

}  // namespace

bool TagCondition::matches_strongly(std::string_view etag) const {
  return is_any || contains(tags, etag);
}

bool TagCondition::matches_weakly(std::string_view etag) const {
  return is_any || contains(tags, etag) || contains(weak_tags, etag);
}

std::optional<TagCondition> parse_tag_condition(std::string_view header) {
  if (header.size() > kHeaderMax) return std::nullopt;
  TagCondition condition;
  skip_spaces(header);
  if (header == "*") {
    condition.is_any = true;
    return condition;
  }
  while (!header.empty()) {
    const bool is_weak = header.substr(0, 2) == "W/";
    if (is_weak) header.remove_prefix(2);
    auto tag = take_tag(header);
    if (!tag || condition.tags.size() + condition.weak_tags.size() == kTagsMax) return std::nullopt;
    (is_weak ? condition.weak_tags : condition.tags).push_back(*std::move(tag));
    skip_spaces(header);
    if (header.empty()) break;
    if (header.front() != ',') return std::nullopt;
    header.remove_prefix(1);
    skip_spaces(header);
  }
  if (condition.tags.empty() && condition.weak_tags.empty()) return std::nullopt;
  return condition;
}

std::string etag_of(std::string_view version) { return '"' + std::string(version) + '"'; }

Result<Precondition> check_if_match(const ApiRequest& request, std::string_view etag) {
  if (request.headers.count("if-match") == 0)
    return fail(ErrorCode::precondition_failed, std::string(kPreconditionRequired),
                "this change needs an If-Match header",
                "Read the resource and send its ETag as If-Match, or If-Match: * to overwrite "
                "whatever is there.");
  const auto condition = parse_tag_condition(request.header("if-match"));
  if (!condition)
    return fail(ErrorCode::invalid_argument, "invalid_header",
                "If-Match is not a list of entity tags", "Send the ETag as it was received.");
  if (condition->is_any) return Precondition::passed_any;
  return condition->matches_strongly(etag) ? Precondition::passed : Precondition::stale;
}

Error stale_error() {
  return {ErrorCode::precondition_failed,
          "precondition_failed",
          "the resource has changed since it was read",
          "Compare with \"current\" in this answer and send its ETag.",
          {}};
}

ApiResponse with_etag(const ApiRequest& request, ApiResponse response, std::string_view etag) {
  const auto condition = parse_tag_condition(request.header("if-none-match"));
  if (condition && condition->matches_weakly(etag)) {
    response.status = 304;
    response.body.clear();
  }
  response.headers.emplace_back("ETag", std::string(etag));
  return response;
}

}  // namespace sigil::api
