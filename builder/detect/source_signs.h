// What the sources say about themselves: which transports they know, whether they are an MCP server
// at all. Looks for the names of the SDKs' classes and functions, in a bounded number of files.
#pragma once

#include <string>
#include <vector>

#include "builder/builder.h"
#include "builder/source_tree.h"

namespace sigil::builder {

struct SourceSigns {
  bool has_stdio = false;
  bool has_http = false;
  bool has_sse = false;
  bool is_mcp = false;  // names an SDK or handles tools/list itself
};

// Files below `base` with these endings.
SourceSigns read_signs(const SourceTree& tree, const std::string& base,
                       const std::vector<std::string>& endings);
// Adds what one text says. Pure.
void add_signs(std::string_view text, SourceSigns& signs);

// stdio where it is offered, else what is; says why.
Transport choose_transport(const SourceSigns& signs, Plan& plan);

// The command with "stdio" where it asks for the old SSE transport, which needs a port and is on
// its way out; nullopt when it does not ask by an option that names the transport. Pure.
std::optional<std::vector<std::string>> stdio_instead_of_sse(const std::vector<std::string>& argv);

// What the arguments of a start command ask for; nullopt: nothing. Pure.
std::optional<Transport> transport_of_command(const std::vector<std::string>& argv);

}  // namespace sigil::builder
