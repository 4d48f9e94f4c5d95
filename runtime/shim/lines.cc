#include "runtime/shim/lines.h"

#include <utility>

namespace sigil::shim {

bool LineSplitter::feed(std::string_view bytes, const std::function<bool(std::string_view)>& take) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    if (rest_.size() + piece.size() > bytes_max_) return false;
    if (end == std::string_view::npos) {
      rest_ += piece;
      return true;
    }
    bytes.remove_prefix(end + 1);
    const std::string held = std::exchange(rest_, {});
    std::string joined;
    std::string_view line = piece;
    if (!held.empty()) {
      joined = held;
      joined += piece;
      line = joined;
    }
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!take(line)) return false;
  }
  return true;
}

std::string LineSplitter::take_rest() { return std::exchange(rest_, {}); }

}  // namespace sigil::shim
