// A YAML settings file as flat entries, read with limits: size, depth, nodes, one document, no
// aliases (each would let a short file mean an endless one), no key twice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sigil::config {

struct FileEntry {
  std::string key;  // joined with dots
  std::string text;
  bool is_list = false;
  std::vector<std::string> items;
};

Result<std::vector<FileEntry>> parse_yaml(std::string_view text);
Result<std::vector<FileEntry>> read_yaml_file(const std::string& path);

}  // namespace sigil::config
