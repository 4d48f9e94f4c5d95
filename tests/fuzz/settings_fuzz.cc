// A YAML settings file.
#include <cstdint>
#include <string_view>

#include "base/config/yaml_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)sigil::config::parse_yaml({reinterpret_cast<const char*>(data), size}).has_value();
  return 0;
}
