// What a person pastes into an MCP client to use a deployment: one table for CLI, console and
// README. Deployments are open to whoever reaches the door, so no snippet carries a key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sigil::api {

struct ClientSnippet {
  std::string client;    // stable word: "vscode"
  std::string title;     // "Visual Studio Code"
  std::string where;     // file, or "command line"
  std::string language;  // json, toml, shell, typescript, python
  std::string text;
  std::string link;  // deep link of the client; empty: it has none
};

// `url` is the deployment's endpoint. The name is made to fit the clients: [a-z0-9_-]{1,32}.
std::vector<ClientSnippet> client_snippets(std::string_view name, std::string_view url);

}  // namespace sigil::api
