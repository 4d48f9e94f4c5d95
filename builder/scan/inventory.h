// What lies in the tree: every file below the root, without following symbolic links, named,
// classified and hashed, as far as the limits go. Skipped files stay in the list with the reason.
// Reads files and nothing else; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "builder/scan/code/code_scan.h"

namespace sigil::scan {

std::string_view name_of(Language language);  // "js", "ts", "tsx", "py", "go"; "" for none

struct InventoryLimits {
  std::size_t files_max = 20'000;     // looked into; what is skipped is not counted
  std::size_t entries_max = 250'000;  // seen at all
  std::size_t depth_max = 64;
  std::int64_t file_bytes_max = 1024 * 1024;
  std::int64_t bytes_max = 256LL * 1024 * 1024;  // read at all
};

struct InventoryFile {
  std::string path;  // relative, "/" between names
  std::int64_t bytes = 0;
  std::string sha256;  // hex; empty where the file was not read
  Language language = Language::none;
  bool is_skipped = false;  // no code to analyse: see why
  bool is_test = false;     // test, example or documentation
  std::string why_skipped;  // "test", "node_modules", "minified", …
};

struct Inventory {
  std::vector<InventoryFile> files;  // by path
  // "path: reason", what was not looked at although it should have been.
  std::vector<std::pair<std::string, std::string>> gaps;
  bool is_incomplete = false;  // a limit ended the walk
  std::string why_incomplete;
  std::size_t symlinks = 0;

  const InventoryFile* find(std::string_view path) const;
};

// The tree behind an open directory. Immutable; movable.
class ScanTree {
 public:
  // not_found when there is no such directory.
  static Result<ScanTree> open(const std::string& root);

  // Empty where the file is absent, no regular file, or larger than `bytes_max`.
  std::string read(const std::string& path, std::int64_t bytes_max) const;
  // Folders that would be skipped are looked into when one of `entry_points` lies in them.
  Inventory take_inventory(const InventoryLimits& limits,
                           const std::vector<std::string>& entry_points = {}) const;

 private:
  explicit ScanTree(Descriptor root) : root_(std::move(root)) {}
  Descriptor root_;
};

// By name and, for a file without an ending, by its first line. Pure.
Language language_of_file(std::string_view path, std::string_view first_bytes);
// "test", "node_modules", "example", … or empty. Pure.
std::string skip_reason(std::string_view path);

std::string_view base_name(std::string_view path);
std::string_view folder_of(std::string_view path);  // "" for the root

}  // namespace sigil::scan
