#include "cli/table.h"

#include <algorithm>

#include "cli/text.h"

namespace sigil::cli {
namespace {

constexpr std::size_t kGap = 2;

std::vector<std::size_t> widths_of(const Table& table) {
  std::vector<std::size_t> widths;
  for (const auto& name : table.head) widths.push_back(width_of(name));
  for (const auto& row : table.rows)
    for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i)
      widths[i] = std::max(widths[i], width_of(printable(row[i])));
  return widths;
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                    std::size_t last_width_max) {
  std::string line;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    std::string cell = i < cells.size() ? printable(cells[i]) : std::string();
    const bool is_last = i + 1 == widths.size();
    if (is_last && last_width_max > 0) cell = shortened(cell, last_width_max);
    line += cell;
    if (!is_last) line.append(widths[i] - width_of(cell) + kGap, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::size_t room_for_last(const std::vector<std::size_t>& widths, int columns) {
  if (columns <= 0 || widths.empty()) return 0;
  std::size_t used = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) used += widths[i] + kGap;
  const auto total = static_cast<std::size_t>(columns);
  // A column of less than ten signs says nothing; let the terminal wrap it instead.
  return total > used + 10 ? total - used : 0;
}

}  // namespace

std::string table_text(const Table& table, int columns) {
  const auto widths = widths_of(table);
  const std::size_t room = room_for_last(widths, columns);
  std::string text = line_of(table.head, widths, room);
  for (const auto& row : table.rows) text += line_of(row, widths, room);
  return text;
}

std::string facts_text(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::size_t width = 0;
  for (const auto& [name, value] : facts)
    if (!value.empty()) width = std::max(width, width_of(name));
  std::string text;
  for (const auto& [name, value] : facts) {
    if (value.empty()) continue;
    text += name + ":" + std::string(width - width_of(name) + kGap, ' ') + printable(value) + "\n";
  }
  return text;
}

}  // namespace sigil::cli
