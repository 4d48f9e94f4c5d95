// Columns for people: as wide as their widest cell, the last one cut where the terminal ends.
#pragma once

#include <string>
#include <vector>

namespace sigil::cli {

struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

// columns 0: no limit (not a terminal). Cells are made printable here.
std::string table_text(const Table& table, int columns);

// "name:  value" pairs, aligned; pairs with an empty value are left out.
std::string facts_text(const std::vector<std::pair<std::string, std::string>>& facts);

}  // namespace sigil::cli
