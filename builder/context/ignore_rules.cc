#include "builder/context/ignore_rules.h"

#include "builder/source_tree.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

// [a-z], [^0-9]: moves `at` behind the class; an unclosed one matches nothing.
bool matches_class(std::string_view pattern, std::size_t& at, char c) {
  std::size_t i = at + 1;
  const bool is_negated = i < pattern.size() && (pattern[i] == '^' || pattern[i] == '!');
  if (is_negated) ++i;
  bool is_in = false;
  bool is_first = true;
  while (i < pattern.size() && (pattern[i] != ']' || is_first)) {
    is_first = false;
    const char low = pattern[i];
    char high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = pattern[i + 2];
      i += 2;
    }
    is_in = is_in || (low <= c && c <= high);
    ++i;
  }
  if (i >= pattern.size()) return false;
  at = i + 1;
  return is_in != is_negated;
}

// One name against one segment. Backtracks to the last star only, so the time is bounded by the
// product of the lengths.
bool matches_segment(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_name = 0;
  while (n < name.size()) {
    bool is_match = false;
    std::size_t next = p;
    if (p < pattern.size()) {
      if (pattern[p] == '*') {
        star = p++;
        star_name = n;
        continue;
      }
      if (pattern[p] == '[') {
        is_match = matches_class(pattern, next, name[n]);
      } else if (pattern[p] == '\\' && p + 1 < pattern.size()) {
        is_match = pattern[p + 1] == name[n];
        next = p + 2;
      } else {
        is_match = pattern[p] == '?' || pattern[p] == name[n];
        next = p + 1;
      }
    }
    if (is_match) {
      p = next;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// Whether the pattern matches the path or one of the folders above it. reachable[i]: the first i
// segments of the pattern are used up by the names seen so far.
bool matches_path(const std::vector<std::string>& segments, const std::vector<std::string>& names) {
  std::vector<char> reachable(segments.size() + 1, 0);
  reachable[0] = 1;
  const auto skip_stars = [&] {
    for (std::size_t i = 0; i < segments.size(); ++i)
      if (reachable[i] != 0 && segments[i] == "**") reachable[i + 1] = 1;
  };
  skip_stars();
  for (const auto& name : names) {
    std::vector<char> next(segments.size() + 1, 0);
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (reachable[i] == 0) continue;
      if (segments[i] == "**")
        next[i] = next[i + 1] = 1;
      else if (matches_segment(segments[i], name))
        next[i + 1] = 1;
    }
    reachable = std::move(next);
    skip_stars();
    if (reachable[segments.size()] != 0) return true;
  }
  return false;
}

}  // namespace

IgnoreRules IgnoreRules::parse(std::string_view text) {
  IgnoreRules rules;
  if (begins_with(text, "\xEF\xBB\xBF")) text.remove_prefix(3);
  for (auto line : lines_of(text.substr(0, kBytesMax))) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    Pattern pattern;
    if (line.front() == '!') {
      pattern.is_exception = true;
      line = trimmed(line.substr(1));
    }
    while (begins_with(line, "/")) line.remove_prefix(1);
    const auto path = normal_path(line);
    // "." and what leaves the context match nothing.
    if (!path || *path == ".") continue;
    pattern.segments = split(*path, '/');
    rules.has_exceptions_ = rules.has_exceptions_ || pattern.is_exception;
    rules.patterns_.push_back(std::move(pattern));
    if (rules.patterns_.size() >= kPatternsMax) break;
  }
  return rules;
}

bool IgnoreRules::is_ignored(std::string_view path) const {
  const auto names = split(path, '/');
  bool is_out = false;
  for (const auto& pattern : patterns_)
    if (pattern.is_exception == is_out && matches_path(pattern.segments, names))
      is_out = !pattern.is_exception;
  return is_out;
}

}  // namespace sigil::builder
