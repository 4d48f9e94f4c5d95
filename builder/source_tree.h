// A directory that strangers filled, looked at without leaving it: a symbolic link that points
// outside is treated as absent, so no manifest can make us read the host's files. Immutable; any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sigil::builder {

constexpr std::size_t kSourceFileBytesMax = 1024 * 1024;

class SourceTree {
 public:
  explicit SourceTree(std::string root);

  const std::string& root() const { return root_; }
  // nullopt: absent, no regular file, outside the tree, or larger than the cap.
  std::optional<std::string> read(std::string_view relative,
                                  std::size_t bytes_max = kSourceFileBytesMax) const;
  bool has_file(std::string_view relative) const;
  bool has_directory(std::string_view relative) const;
  // Names in a directory, sorted; hidden ones too.
  std::vector<std::string> names_in(std::string_view relative) const;
  // Paths of files below `relative`, relative to the root, sorted, without dependency folders, .git
  // and tests; at most `files_max`.
  std::vector<std::string> files_below(std::string_view relative, std::size_t files_max) const;

 private:
  // Absolute path of what `relative` names, links followed; empty when it is absent or outside.
  std::string resolve(std::string_view relative) const;
  std::string root_;
};

// "a/b" and "c" -> "a/b/c"; "." and "" are neutral.
std::string joined_path(std::string_view folder, std::string_view name);
// Removes "." and resolves ".."; nullopt when the result would leave the root or is absolute.
std::optional<std::string> normal_path(std::string_view path);

// sha256 over paths, modes, link targets and contents of everything below `root`: the identity of a
// source that has no commit.
Result<std::string> tree_digest(const std::string& root);

struct TreeSize {
  std::int64_t bytes = 0;
  std::int64_t files = 0;
};
TreeSize tree_size(const std::string& root);

}  // namespace sigil::builder
