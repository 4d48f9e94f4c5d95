#include "cli/tool_result.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/json_view.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

std::string clean(const std::string& text, bool for_terminal) {
  if (!for_terminal) return text;
  std::string all;
  for (const auto& line : lines_of(text)) all += (all.empty() ? "" : "\n") + printable(line);
  return all;
}

std::string size_of_base64(const std::string& data) {
  return size_text(static_cast<std::int64_t>(data.size()) * 3 / 4);
}

std::string block_text(const Json& block, bool for_terminal) {
  const std::string type = string_or(block, "type");
  if (type == "text") return clean(string_or(block, "text"), for_terminal);
  if (type == "image" || type == "audio")
    return fmt::format("[{} {}, {}; --output json has it]", type,
                       printable(string_or(block, "mimeType")),
                       size_of_base64(string_or(block, "data")));
  if (type == "resource_link")
    return fmt::format("[link {} {}]", printable(string_or(block, "name")),
                       printable(string_or(block, "uri")));
  if (type != "resource") return fmt::format("[{}]", printable(type));
  const Json& resource = object_at(block, "resource");
  const std::string text = string_or(resource, "text");
  if (!text.empty()) return clean(text, for_terminal);
  return fmt::format("[resource {} {}]", printable(string_or(resource, "uri")),
                     printable(string_or(resource, "mimeType")));
}

}  // namespace

bool is_tool_error(const Json& result) { return bool_or(result, "isError", false); }

std::string tool_result_text(const Json& result, bool for_terminal) {
  std::string text;
  for (const auto& block : array_at(result, "content"))
    text += block_text(block, for_terminal) + "\n";
  const Json& structured = object_at(result, "structuredContent");
  if (text.empty() && !structured.empty())
    text = structured.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return text;
}

}  // namespace sigil::cli
