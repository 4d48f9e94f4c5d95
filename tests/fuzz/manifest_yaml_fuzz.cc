// mcp.yaml and smithery.yaml from anybody: the YAML guard and both readers behind it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "builder/manifest/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto reader : {sigil::builder::read_smithery, sigil::builder::read_sigil_manifest}) {
    sigil::builder::Plan plan;
    sigil::builder::ManifestHints hints;
    (void)reader(text, "fuzz.yaml", plan, hints).has_value();
    (void)sigil::builder::launched_in(plan.command_function);
  }
  return 0;
}
