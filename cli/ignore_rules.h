// .dockerignore: which paths stay at home. Patterns as Docker reads them: one a line, `#` comments,
// `!` takes back, `**` spans directories, the last match wins, a matched directory takes all below
// with it. What Sigil itself reads (manifests, Dockerfiles) always travels, as Docker sends the
// Dockerfile even when it is named here. Immutable; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sigil::cli {

class IgnoreRules {
 public:
  static IgnoreRules parse(std::string_view text);

  // `path` is relative, with slashes: "src/a.ts".
  bool is_ignored(std::string_view path) const;
  // Whether anything below an ignored directory could be taken back by a `!` pattern.
  bool has_exceptions() const { return has_exceptions_; }

 private:
  struct Pattern {
    std::vector<std::string> segments;
    bool is_exception = false;
  };
  std::vector<Pattern> patterns_;
  bool has_exceptions_ = false;
};

}  // namespace sigil::cli
