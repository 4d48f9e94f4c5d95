// Reads protobuf fields out of bytes nobody vouches for: bounds are checked, what is not understood
// is skipped, a broken message simply ends. Enough for BuildKit's progress messages; no groups.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sigil::engine {

class ProtobufReader {
 public:
  struct Field {
    std::uint32_t number = 0;
    std::uint64_t value = 0;  // varint and fixed
    std::string_view bytes;   // strings, messages
  };

  explicit ProtobufReader(std::string_view bytes) : left_(bytes) {}

  std::optional<Field> next();
  bool is_broken() const { return is_broken_; }

 private:
  std::optional<std::uint64_t> varint();
  std::optional<Field> broken();

  std::string_view left_;
  bool is_broken_ = false;
};

}  // namespace sigil::engine
