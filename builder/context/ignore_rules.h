// .dockerignore as Docker reads it (moby/patternmatcher): one pattern a line, `#` comments, `!`
// takes back, `*`, `?`, `[a-z]` within a name, `**` across folders, the last match wins, a matched
// folder takes all below it along. The engine does not apply it to an uploaded context, so we do.
// Immutable; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sigil::builder {

class IgnoreRules {
 public:
  static constexpr std::size_t kBytesMax = 256 * 1024;
  static constexpr std::size_t kPatternsMax = 2'000;

  static IgnoreRules parse(std::string_view text);

  // `path` is relative to the context, with slashes: "src/a.ts".
  bool is_ignored(std::string_view path) const;
  // Whether something below an ignored folder could be taken back.
  bool has_exceptions() const { return has_exceptions_; }

 private:
  struct Pattern {
    std::vector<std::string> segments;
    bool is_exception = false;
  };
  std::vector<Pattern> patterns_;
  bool has_exceptions_ = false;
};

}  // namespace sigil::builder
