// Made-up values for a server that stops at start because something is not configured: which
// variables and arguments it asks for, read from its last words and from what its sources read
// (manifests.md §9). Values are harmless: "dummy", addresses that nothing listens on. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sigil::controlplane {

struct MadeUp {
  std::map<std::string, std::string> environment;
  std::vector<std::string> arguments;  // behind the start command

  bool empty() const { return environment.empty() && arguments.empty(); }
  bool operator==(const MadeUp& other) const {
    return environment == other.environment && arguments == other.arguments;
  }
};

// `last_words`: the lines before the server ended. `known`: names its sources read. Adds to what
// `before` had; an equal result means that nothing more can be guessed.
MadeUp made_up_values(std::string_view last_words, const std::vector<std::string>& known,
                      const MadeUp& before);

// "dummy", or what a name like that usually holds: DATABASE_URL, ADMIN_EMAIL, DATA_DIR.
std::string made_up_value(std::string_view name);

// A configSchema that asks for these variables, so that sessions and --config can bring them.
std::string schema_of_environment(const std::map<std::string, std::string>& environment);

}  // namespace sigil::controlplane
