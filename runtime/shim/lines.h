// Cuts a byte stream into lines, with a limit. One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace sigil::shim {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Calls take(line) for each line that became complete ('\n' or "\r\n" removed); stops early when
  // it answers false. False: a line is over the limit, or take() said stop.
  bool feed(std::string_view bytes, const std::function<bool(std::string_view)>& take);
  // What came after the last line end.
  std::string take_rest();

 private:
  std::size_t bytes_max_;
  std::string rest_;
};

}  // namespace sigil::shim
