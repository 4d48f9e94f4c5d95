// Strict JSON: whatever it accepts, it must accept again after writing it, and mean the same.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = sigil::parse_json(text, {.bytes_max = 64 * 1024, .depth_max = 32});
  if (!json) return 0;
  const auto again = sigil::parse_json(sigil::to_text(*json));
  if (!again || sigil::to_text(*again) != sigil::to_text(*json)) std::abort();
  return 0;
}
