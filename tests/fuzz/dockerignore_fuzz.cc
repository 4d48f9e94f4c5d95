// .dockerignore from anybody; the first line is taken as the path that is asked for.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "builder/context/ignore_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rules = sigil::builder::IgnoreRules::parse(text);
  (void)rules.is_ignored(text.substr(0, text.find('\n')).substr(0, 512));
  (void)rules.is_ignored("src/node_modules/a/b.js");
  return 0;
}
