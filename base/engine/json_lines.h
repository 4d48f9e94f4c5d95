// Splits a stream of JSON objects, one a line, however the bytes arrive. Lines over the cap are
// left out and counted; lines that are not JSON are counted too.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace sigil::engine {

class JsonLines {
 public:
  explicit JsonLines(std::function<void(const Json&)> on_object,
                     std::size_t line_bytes_max = 8 * 1024 * 1024);

  void take(std::string_view piece);
  void finish();  // the last line may lack its newline

  // Lines that were too long or not JSON.
  std::size_t unreadable() const { return unreadable_; }

 private:
  void end_line();

  std::function<void(const Json&)> on_object_;
  std::size_t line_bytes_max_;
  std::string line_;
  bool is_too_long_ = false;
  std::size_t unreadable_ = 0;
};

}  // namespace sigil::engine
