// Source text of strangers: any bytes, in each language, end in findings.
#include <cstddef>
#include <cstdint>
#include <string>

#include "builder/scan/code/code_scan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sigil::scan;
  const std::string text(reinterpret_cast<const char*>(data), size);
  scan_code({{"a.js", text, Language::javascript},
             {"b.ts", text, Language::typescript},
             {"c.py", text, Language::python},
             {"d.go", text, Language::go}});
  return 0;
}
