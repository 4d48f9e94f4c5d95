// What the shim is told: by its command line and its environment (docs/interfaces.md §5).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace sigil::shim {

using Environment = std::map<std::string, std::string>;

// A program to run as a stdio server.
struct ChildSpec {
  std::vector<std::string> argv;
  Environment environment;
};

struct Options {
  std::uint16_t port = 8080;
  std::string endpoint = "/mcp";
  std::size_t children_max = 64;
  std::chrono::milliseconds session_idle{1'800'000};
  std::size_t line_bytes_max = 10 * 1024 * 1024;
  ChildSpec child;

  std::chrono::milliseconds eof_grace{2'000};   // closed standard input until SIGTERM
  std::chrono::milliseconds term_grace{2'000};  // SIGTERM until SIGKILL
  std::chrono::milliseconds start_max{60'000};  // until initialize or discover is answered
  std::chrono::milliseconds probe_silence{5'000};
};

// All complaints at once, in the message.
Result<Options> read_options(std::vector<std::string> argv, const Environment& environment);

// The environment a child gets: ours without SIGIL_* and without what is addressed to the shim
// itself (PORT, MCP_ENDPOINT; MCP_TRANSPORT becomes stdio).
Environment child_environment(const Environment& ours);

Environment current_environment();

// X-Sigil-Session-Config: base64url JSON {"argv":[…],"env":{…}}, over the base spec.
Result<ChildSpec> apply_session_config(const ChildSpec& base, std::string_view header);

}  // namespace sigil::shim
