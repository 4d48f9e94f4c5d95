#include "builder/detect/source_signs.h"

#include <algorithm>

#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr std::size_t kFilesMax = 2'000;
constexpr std::size_t kBytesMax = 8 * 1024 * 1024;
constexpr std::size_t kFileBytesMax = 512 * 1024;

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return contains(text, word); });
}

// FastMCP's run() without a transport speaks stdio.
bool runs_plainly(std::string_view text) {
  return contains(text, "FastMCP(") && has_any(text, {".run()", ".run_async()", "run_stdio_async"});
}

bool is_transport_option(std::string_view name) {
  return name == "--transport" || name == "-t" || name == "--mode" || name == "--transport-type";
}

}  // namespace

void add_signs(std::string_view text, SourceSigns& signs) {
  signs.has_stdio =
      signs.has_stdio || runs_plainly(text) ||
      has_any(text, {"StdioServerTransport", "stdio_server", "transport=\"stdio\"",
                     "transport='stdio'", "transportType: \"stdio\"", "transportType: 'stdio'",
                     "ServeStdio", "StdioTransport", "transport::stdio", "serveStdio"});
  signs.has_http =
      signs.has_http ||
      has_any(text, {"StreamableHTTPServerTransport", "NodeStreamableHTTPServerTransport",
                     "streamable-http", "streamable_http", "StreamableHTTP", "httpStream",
                     "transport=\"http\"", "transport='http'", "http_app(", "createMcpHandler",
                     "WebStandardStreamableHTTPServerTransport"});
  signs.has_sse = signs.has_sse ||
                  has_any(text, {"SSEServerTransport", "SseServerTransport", "transport=\"sse\"",
                                 "transport='sse'", "sse_app(", "NewSSEServer"});
  signs.is_mcp = signs.is_mcp ||
                 has_any(text, {"@modelcontextprotocol/", "modelcontextprotocol", "from mcp",
                                "import mcp", "fastmcp", "FastMCP", "mcp-go", "rmcp", "tools/list",
                                "mcp-framework", "McpServer", "StdioServerTransport",
                                "StreamableHTTPServerTransport", "SSEServerTransport"});
}

SourceSigns read_signs(const SourceTree& tree, const std::string& base,
                       const std::vector<std::string>& endings) {
  SourceSigns signs;
  std::size_t bytes = 0;
  for (const auto& path : tree.files_below(base, kFilesMax * 4)) {
    const bool is_source = std::any_of(endings.begin(), endings.end(),
                                       [&](const auto& ending) { return ends_with(path, ending); });
    if (!is_source || ends_with(path, ".d.ts") || contains(path, ".test.")) continue;
    const auto text = tree.read(path, kFileBytesMax);
    if (!text) continue;
    add_signs(*text, signs);
    bytes += text->size();
    if (bytes > kBytesMax) break;
  }
  return signs;
}

Transport choose_transport(const SourceSigns& signs, Plan& plan) {
  if (signs.has_stdio) {
    plan.why.push_back(signs.has_http || signs.has_sse
                           ? "transport stdio: the sources offer it beside HTTP, and nothing asks "
                             "for HTTP"
                           : "transport stdio: the sources offer it");
    return Transport::stdio;
  }
  if (signs.has_http) {
    plan.why.push_back("transport streamable_http: the sources offer no stdio");
    return Transport::streamable_http;
  }
  if (signs.has_sse) {
    plan.why.push_back("transport sse: the sources offer nothing else");
    return Transport::sse;
  }
  plan.why.push_back("transport stdio: the sources do not say, and most servers speak it");
  return Transport::stdio;
}

std::optional<std::vector<std::string>> stdio_instead_of_sse(const std::vector<std::string>& argv) {
  auto changed = argv;
  bool is_changed = false;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    const bool is_value = i > 0 && is_transport_option(changed[i - 1]);
    const std::size_t equals = changed[i].find('=');
    if (is_value && lowered(changed[i]) == "sse") {
      changed[i] = "stdio";
      is_changed = true;
    } else if (equals != std::string::npos && is_transport_option(changed[i].substr(0, equals)) &&
               lowered(changed[i].substr(equals + 1)) == "sse") {
      changed[i] = changed[i].substr(0, equals + 1) + "stdio";
      is_changed = true;
    }
  }
  if (!is_changed) return std::nullopt;
  return changed;
}

std::optional<Transport> transport_of_command(const std::vector<std::string>& argv) {
  for (std::size_t i = 0; i < argv.size(); ++i) {
    std::string word = lowered(argv[i]);
    const std::size_t equals = word.find('=');
    const bool is_option = begins_with(word, "-");
    std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    const std::string name = word.substr(0, equals);
    if (value.empty() && i + 1 < argv.size()) value = lowered(argv[i + 1]);
    const bool names_transport = is_transport_option(name);
    if (names_transport && (contains(value, "http") || contains(value, "stream")))
      return Transport::streamable_http;
    if (names_transport && value == "sse") return Transport::sse;
    if (names_transport && value == "stdio") return Transport::stdio;
    if (name == "--http" || name == "--streamable-http" || name == "--streamablehttp")
      return Transport::streamable_http;
    if (name == "--stdio") return Transport::stdio;
    if (name == "--sse") return Transport::sse;
    if (is_option || i == 0) continue;
    if (word == "streamablehttp" || word == "streamable-http" || word == "http")
      return Transport::streamable_http;
    if (word == "sse") return Transport::sse;
    if (word == "stdio") return Transport::stdio;
  }
  return std::nullopt;
}

}  // namespace sigil::builder
