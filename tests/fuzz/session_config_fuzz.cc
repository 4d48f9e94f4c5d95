// X-Sigil-Session-Config: whatever it holds, the child's argv and variables are fit for execve.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/encoding.h"
#include "runtime/shim/options.h"

namespace {

void check(std::string_view header) {
  const sigil::shim::ChildSpec base{{"node", "server.js"}, {{"PATH", "/bin"}}};
  const auto spec = sigil::shim::apply_session_config(base, header);
  if (!spec) return;
  if (spec->argv.empty() || spec->argv[0].empty()) std::abort();
  for (const auto& argument : spec->argv) {
    if (argument.find('\0') != std::string::npos) std::abort();
  }
  for (const auto& [name, value] : spec->environment) {
    if (name.empty() || name.find('=') != std::string::npos) std::abort();
    if ((name + value).find('\0') != std::string::npos) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text);
  check(sigil::to_base64url(text));
  return 0;
}
