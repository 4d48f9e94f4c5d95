// JavaScript of a manifest, looked at with the grammar.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "builder/scan/command_function.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16 * 1024) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& fault : sigil::scan::command_function_faults(text))
    SIGIL_ASSERT(fault.line >= 1 && !fault.what.empty());
  return 0;
}
