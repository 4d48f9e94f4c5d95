// configSchema and configuration as repositories and clients send them: the first line is the
// schema, the rest the configuration. What is accepted must be accepted again, unchanged.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/json.h"
#include "controlplane/config/command_functions.h"
#include "controlplane/config/config_delivery.h"
#include "controlplane/config/config_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sigil::controlplane;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(text.find('\n'), text.size());
  const auto schema = text.substr(0, end);
  static_cast<void>(dummy_config(schema, sigil::Json::object()));
  static_cast<void>(secret_properties(schema));
  const auto config = sigil::parse_json(text.substr(std::min(end + 1, text.size())),
                                        {.bytes_max = 64 * 1024, .depth_max = 16});
  if (!config || !config->is_object()) return 0;
  static_cast<void>(read_command(sigil::to_text(*config)));
  const auto completed = complete_config(schema, *config);
  if (!completed) return 0;
  static_cast<void>(config_environment(*completed));
  static_cast<void>(config_request_parts(schema, *completed));
  const auto again = complete_config(schema, *completed);
  if (!again || *again != *completed) std::abort();
  return 0;
}
