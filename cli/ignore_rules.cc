#include "cli/ignore_rules.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "cli/text.h"

namespace sigil::cli {
namespace {

constexpr std::size_t kPatternsMax = 1'000;

constexpr std::array<std::string_view, 11> kAlwaysSent{
    ".dockerignore",     "mcp.yaml",         "mcp.yml",      "smithery.yaml",
    "smithery.yml",      "server.json",      "package.json", "pyproject.toml",
    "package-lock.json", "requirements.txt", "go.mod"};

std::string trimmed(std::string text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view one = path.substr(0, end);
    if (!one.empty() && one != ".") segments.emplace_back(one);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

// Matches the whole pattern against the first segments of the path: a directory's pattern covers
// what lies below. Work is bounded: each (pattern, path) place is tried once, by rows.
bool is_covering(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  std::vector<bool> reached(path.size() + 1, false);
  reached[0] = true;
  for (const auto& piece : pattern) {
    std::vector<bool> next(path.size() + 1, false);
    for (std::size_t at = 0; at <= path.size(); ++at) {
      if (piece == "**") {
        next[at] = reached[at] || (at > 0 && next[at - 1]);
      } else if (at > 0 && reached[at - 1]) {
        next[at] = ::fnmatch(piece.c_str(), path[at - 1].c_str(), FNM_PATHNAME) == 0;
      }
    }
    reached = std::move(next);
  }
  // Position 0 would cover the root itself.
  return std::any_of(reached.begin() + 1, reached.end(),
                     [](bool is_reached) { return is_reached; });
}

bool is_always_sent(const std::vector<std::string>& path) {
  if (path.empty()) return false;
  const std::string& name = path.back();
  if (name.starts_with("Dockerfile") || name.ends_with(".Dockerfile")) return true;
  return path.size() == 1 &&
         std::find(kAlwaysSent.begin(), kAlwaysSent.end(), name) != kAlwaysSent.end();
}

}  // namespace

IgnoreRules IgnoreRules::parse(std::string_view text) {
  IgnoreRules rules;
  for (const auto& raw : lines_of(text)) {
    std::string line = trimmed(raw);
    if (line.empty() || line.front() == '#') continue;
    const bool is_exception = line.front() == '!';
    if (is_exception) line = trimmed(line.substr(1));
    auto segments = segments_of(line);
    if (segments.empty() || rules.patterns_.size() == kPatternsMax) continue;
    rules.has_exceptions_ = rules.has_exceptions_ || is_exception;
    rules.patterns_.push_back({std::move(segments), is_exception});
  }
  return rules;
}

bool IgnoreRules::is_ignored(std::string_view path) const {
  const auto segments = segments_of(path);
  if (is_always_sent(segments)) return false;
  bool is_out = false;
  for (const auto& pattern : patterns_)
    if (is_out == pattern.is_exception && is_covering(pattern.segments, segments))
      is_out = !pattern.is_exception;
  return is_out;
}

}  // namespace sigil::cli
