// A Dockerfile from anybody: parsed, read for its command, rewritten both ways. Every rewritten
// instruction has a step, or messages would name the wrong line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "builder/detect/dockerfile_plan.h"
#include "builder/dockerfile/rewrite.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = sigil::builder::parse_dockerfile(text);
  (void)sigil::builder::image_command(file);
  for (const bool is_classic : {true, false}) {
    sigil::builder::RewriteOptions options;
    options.base_images = {{"node:22-slim", "ours/node:22"}, {"python:3.12", "ours/python"}};
    options.has_ca_bundle = true;
    options.arguments = {"npm_config_registry"};
    options.labels = {{"a", "b"}};
    options.is_classic = is_classic;
    const auto result = sigil::builder::rewrite_dockerfile(file, options);
    if (result.steps.size() > file.instructions.size() * 5 + 1) std::abort();
  }
  return 0;
}
