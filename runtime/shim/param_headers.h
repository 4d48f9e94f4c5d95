// Mcp-Param-* headers mirror arguments that a tool marks with x-mcp-header. The shim is the HTTP
// server here, the child never sees a header, so the comparison is ours: the marks are read from
// the child's own tools/list answers as they pass, and asked for once before the first call.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mcp/client.h"
#include "base/mcp/jsonrpc.h"
#include "runtime/shim/exchange.h"

namespace sigil::shim {

class ParamHeaders {
 public:
  // A raw result of tools/list (one page).
  void learn(std::string_view raw_result);
  void forget() { tools_.clear(); }
  // What is wrong with the headers of this tools/call; nullopt: nothing, or an unknown tool.
  std::optional<std::string> defect(const HttpRequest& request, std::string_view text,
                                    mcp::Range params) const;

 private:
  std::map<std::string, std::vector<mcp::ToolHeader>, std::less<>> tools_;
};

}  // namespace sigil::shim
