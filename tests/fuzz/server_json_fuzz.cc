// server.json, package.json and TOML manifests from anybody.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "builder/detect/loose_json.h"
#include "builder/detect/node_start.h"
#include "builder/detect/toml.h"
#include "builder/manifest/manifest.h"
#include "builder/package_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  sigil::builder::Plan plan;
  sigil::builder::ManifestHints hints;
  (void)sigil::builder::read_server_json(text, "server.json", plan, hints).has_value();
  if (const auto package = sigil::builder::parse_loose_json(text))
    (void)sigil::builder::choose_bin(*package);
  std::string problem;
  (void)sigil::builder::parse_toml(text, problem);
  (void)sigil::builder::console_scripts(text);
  return 0;
}
