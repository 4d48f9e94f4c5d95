#include "controlplane/api/client_snippets.h"

#include <array>

#include "base/encoding.h"

namespace sigil::api {
namespace {

// Deep links: @NAME@ and @URL@ are filled in before the text is encoded as the client wants it.
enum class LinkForm { none, vscode, cursor };

struct Row {
  std::string_view client, title, where, language, text;
  LinkForm link = LinkForm::none;
};

constexpr std::string_view kMcpServersUrl = R"({
  "mcpServers": {
    "@NAME@": { "url": "@URL@" }
  }
}
)";

constexpr std::array<Row, 18> kRows = {{
    {"vscode", "Visual Studio Code", ".vscode/mcp.json", "json", R"({
  "servers": {
    "@NAME@": { "type": "http", "url": "@URL@" }
  }
}
)",
     LinkForm::vscode},
    {"vscode-cli", "Visual Studio Code, command line", "command line", "shell",
     R"(code --add-mcp '{"name":"@NAME@","type":"http","url":"@URL@"}'
)"},
    {"claude-code", "Claude Code", "command line", "shell",
     "claude mcp add --transport http @NAME@ @URL@\n"},
    {"claude-code-project", "Claude Code, for a project", ".mcp.json", "json", R"({
  "mcpServers": {
    "@NAME@": { "type": "http", "url": "@URL@" }
  }
}
)"},
    {"cursor", "Cursor", "~/.cursor/mcp.json", "json", kMcpServersUrl, LinkForm::cursor},
    {"codex", "Codex", "~/.codex/config.toml", "toml", R"([mcp_servers.@NAME@]
url = "@URL@"
)"},
    {"codex-cli", "Codex, command line", "command line", "shell",
     "codex mcp add @NAME@ --url @URL@\n"},
    {"gemini-cli", "Gemini CLI", "~/.gemini/settings.json", "json", R"({
  "mcpServers": {
    "@NAME@": { "httpUrl": "@URL@" }
  }
}
)"},
    {"qwen-code", "Qwen Code", "~/.qwen/settings.json", "json", R"({
  "mcpServers": {
    "@NAME@": { "httpUrl": "@URL@" }
  }
}
)"},
    {"windsurf", "Windsurf", "~/.codeium/windsurf/mcp_config.json", "json", R"({
  "mcpServers": {
    "@NAME@": { "serverUrl": "@URL@" }
  }
}
)"},
    {"zed", "Zed", "settings.json", "json", R"({
  "context_servers": {
    "@NAME@": { "url": "@URL@" }
  }
}
)"},
    {"copilot-cli", "GitHub Copilot CLI", "~/.copilot/mcp-config.json", "json", R"({
  "mcpServers": {
    "@NAME@": { "type": "http", "url": "@URL@", "tools": ["*"] }
  }
}
)"},
    {"copilot-jetbrains", "GitHub Copilot in JetBrains IDEs", "mcp.json of the plugin", "json", R"({
  "servers": {
    "@NAME@": { "url": "@URL@" }
  }
}
)"},
    {"jetbrains", "JetBrains AI Assistant", "Settings, Tools, AI Assistant, Model Context Protocol",
     "json", kMcpServersUrl},
    {"opencode", "OpenCode", "opencode.json", "json", R"({
  "mcp": {
    "@NAME@": { "type": "remote", "url": "@URL@", "enabled": true }
  }
}
)"},
    {"curl", "curl", "command line", "shell", R"(curl -sS -X POST '@URL@' \
  -H 'Content-Type: application/json' \
  -H 'Accept: application/json, text/event-stream' \
  -d '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"curl","version":"1.0.0"}}}'
)"},
    {"typescript", "TypeScript SDK", "npm install @modelcontextprotocol/sdk", "typescript",
     R"(import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const client = new Client({ name: "example", version: "1.0.0" });
await client.connect(new StreamableHTTPClientTransport(new URL("@URL@")));
console.log((await client.listTools()).tools.map((tool) => tool.name));
await client.close();
)"},
    {"python", "Python SDK", "pip install mcp", "python", R"(import asyncio

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


async def main():
    async with streamablehttp_client("@URL@") as (read, write, _):
        async with ClientSession(read, write) as session:
            await session.initialize()
            print([tool.name for tool in (await session.list_tools()).tools])


asyncio.run(main())
)"},
}};

std::string client_name(std::string_view name) {
  std::string fitted;
  for (const char c : name) {
    const bool is_allowed =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    fitted += is_allowed ? c : '-';
    if (fitted.size() == 32) break;
  }
  return fitted.empty() ? "server" : fitted;
}

std::string filled(std::string_view text, std::string_view name, std::string_view url) {
  std::string result;
  while (!text.empty()) {
    if (text.substr(0, 6) == "@NAME@") {
      result += name;
      text.remove_prefix(6);
    } else if (text.substr(0, 5) == "@URL@") {
      result += url;
      text.remove_prefix(5);
    } else {
      result += text.front();
      text.remove_prefix(1);
    }
  }
  return result;
}

std::string link_of(LinkForm form, std::string_view name, std::string_view url) {
  if (form == LinkForm::vscode)
    return "vscode:mcp/install?" +
           percent_encode(filled(R"({"name":"@NAME@","type":"http","url":"@URL@"})", name, url));
  if (form == LinkForm::cursor)
    return "cursor://anysphere.cursor-deeplink/mcp/install?name=" + percent_encode(name) +
           "&config=" + percent_encode(to_base64(filled(R"({"url":"@URL@"})", name, url)));
  return {};
}

}  // namespace

std::vector<ClientSnippet> client_snippets(std::string_view name, std::string_view url) {
  const std::string fitted = client_name(name);
  std::vector<ClientSnippet> snippets;
  for (const Row& row : kRows)
    snippets.push_back({std::string(row.client), std::string(row.title), std::string(row.where),
                        std::string(row.language), filled(row.text, fitted, url),
                        link_of(row.link, fitted, url)});
  return snippets;
}

}  // namespace sigil::api
