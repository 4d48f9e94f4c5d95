// What a rule found: the one value that every part of the scanner hands on. Paths are relative to
// the scanned tree with `/`; lines and columns count from 1, columns in UTF-16 units.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sigil::scan {

enum class Severity : std::uint8_t { info, warning, error, block };
enum class Confidence : std::uint8_t { low, medium, high };

constexpr std::string_view to_text(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
    case Severity::block:
      return "block";
  }
  return "";
}

constexpr std::string_view to_text(Confidence confidence) {
  switch (confidence) {
    case Confidence::low:
      return "low";
    case Confidence::medium:
      return "medium";
    case Confidence::high:
      return "high";
  }
  return "";
}

struct FlowStep {
  std::string file;
  int line = 0;
  std::string note;
  bool operator==(const FlowStep&) const = default;
};

struct Fix {
  std::string text;
  std::string replacement;  // empty: no mechanical replacement
  bool operator==(const Fix&) const = default;
};

struct Issue {
  std::string rule;  // "SIG-CMD-001"
  Severity severity = Severity::warning;
  Confidence confidence = Confidence::high;
  std::string type;  // "injection", …: the type column of the rule catalogue
  std::string file;
  int line = 0;
  int column = 0;
  int end_line = 0;
  std::string tool;  // name of the tool, prompt, resource or route it is reached from; may be empty
  std::string message;
  std::vector<FlowStep> flow;  // source first, sink last
  // The fingerprint is made of rule, file and these three, never of line numbers.
  std::string function;  // enclosing function of the sink
  std::string sink;      // callee at the sink
  std::string source;    // "tool argument", "request", "token", "environment", "response", …
  std::vector<Fix> fixes;
  bool operator==(const Issue&) const = default;
};

}  // namespace sigil::scan
