// Message ranges lie inside the text, splicing an id keeps the message readable, and what the
// member scanner finds is what a full parser finds.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/mcp/jsonrpc.h"

namespace mcp = sigil::mcp;

namespace {

void check_members(std::string_view text, mcp::Range range, const nlohmann::json& value) {
  if (!value.is_object()) return;
  const auto members = mcp::members_of(text, range);
  if (members.size() != value.size()) std::abort();
  for (const auto& member : members) {
    const auto found = value.find(member.key);
    if (found == value.end()) std::abort();
    if (nlohmann::json::parse(member.value.of(text)) != *found) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto message = mcp::read_message(text);
  if (!message) return 0;
  const auto document = nlohmann::json::parse(text);
  check_members(text, mcp::whole(text), document);
  if (message->params.is_present()) {
    check_members(text, message->params, nlohmann::json::parse(message->params.of(text)));
  }
  const auto line = mcp::on_one_line(
      mcp::splice(text, {{message->id, "123456"}, {message->progress_token, "123456"}}));
  if (line.find('\n') != std::string::npos) std::abort();
  const auto again = mcp::read_message(line);
  if (!again || again->method != message->method || again->kind != message->kind) std::abort();
  return 0;
}
