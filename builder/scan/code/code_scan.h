// The code half of the scanner: JavaScript, TypeScript, Python and Go on syntax trees, with taint
// followed across functions and files. Pure: no file, clock, network or process is touched, and the
// same files and options give the same findings, sorted by file, line, column and rule.
// Hostile text never fails it: what cannot be analysed becomes a gap.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scan/issue.h"

namespace sigil::scan {

enum class Language : std::uint8_t { none, javascript, typescript, tsx, python, go };

// By file name: .js .mjs .cjs .jsx, .ts .mts .cts, .tsx, .py .pyi, .go.
Language language_of(std::string_view path);

struct SourceFile {
  std::string path;
  std::string text;
  Language language = Language::none;
};

struct CodeOptions {
  std::size_t file_bytes_max = 1024 * 1024;
  std::chrono::milliseconds parse_time_max{2000};
  std::size_t files_max = 20000;
  std::size_t facts_max = 4'000'000;
  int rounds_max = 6;
  // The manifest or a lock file names an MCP SDK: no entry point at all is then worth a warning.
  bool expects_entry_points = false;
  // Hosts the manifest declares as egress or the policy allows; EXFIL-003 and AUTH-004 know them.
  std::vector<std::string> declared_hosts;
};

// A piece of text that a client's model will read.
struct MetadataText {
  std::string kind;  // name, title, description, parameter, enum, default, instructions
  std::string name;  // parameter name where there is one
  std::string text;
  std::string file;
  int line = 0;
};

struct EntryPoint {
  std::string kind;  // tool, resource, prompt, route, server
  std::string name;  // may be empty when it is computed
  std::string file;
  int line = 0;
  std::vector<MetadataText> texts;
};

struct Gap {
  std::string file;
  std::string reason;  // "timeout", "too large", "invalid encoding", …
};

// Something the code does that a manifest can declare.
struct Capability {
  std::string kind;    // spawn, fs_write, listen, egress, dynamic_egress
  std::string detail;  // program, host or port where it is a literal
  std::string file;
  int line = 0;
};

struct EnvironmentRead {
  std::string name;
  std::string file;
  int line = 0;
};

struct CodeFindings {
  std::vector<Issue> issues;
  std::vector<EntryPoint> entries;
  std::vector<Gap> gaps;
  std::vector<EnvironmentRead> environment;
  std::vector<Capability> capabilities;
  std::size_t files_parsed = 0;
  std::size_t tools = 0;
  std::size_t routes = 0;
  bool fallback = false;  // no entry point was found; exported handlers counted as tools
};

CodeFindings scan_code(const std::vector<SourceFile>& files, const CodeOptions& options = {});

}  // namespace sigil::scan
