// The scanner's readers of single files: the first byte picks one, the rest is the file.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "builder/scan/config_rules.h"
#include "builder/scan/dependency_rules.h"
#include "builder/scan/dockerfile_rules.h"
#include "builder/scan/packages.h"
#include "builder/scan/secrets.h"

namespace {

using namespace sigil::scan;  // NOLINT: a test of this namespace

constexpr const char* kLockFiles[] = {
    "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock",
    "uv.lock",           "Pipfile.lock",   "go.sum",    "requirements.txt"};

void read_dependencies(std::string_view text) {
  const Policy policy;
  const DependencyInput input{[](const std::string&) { return std::string(); }, policy, false,
                              false};
  for (const auto& issue : node_package_issues("package.json", text, input))
    SIGIL_ASSERT(issue.line >= 1);
  for (const auto& issue : python_requirement_issues("requirements.txt", text, input))
    SIGIL_ASSERT(issue.line >= 1);
  static_cast<void>(pyproject_issues("pyproject.toml", text, input));
  static_cast<void>(setup_script_issues("setup.py", text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 64 * 1024) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      for (const auto* name : kLockFiles)
        for (const auto& package : read_lock_file(name, text).packages)
          SIGIL_ASSERT(!package.name.empty() && !purl_of(package).empty());
      break;
    case 1:
      for (const auto& issue : dockerfile_issues("Dockerfile", text, false))
        SIGIL_ASSERT(issue.line >= 1);
      static_cast<void>(compose_issues("compose.yaml", text));
      break;
    case 2:
      for (const auto& hit : find_secrets(text, SecretFile::code))
        SIGIL_ASSERT(hit.line >= 1 && hit.column >= 1 && hit.prefix.size() <= 4);
      static_cast<void>(find_secrets(text, SecretFile::environment));
      break;
    case 3:
      static_cast<void>(configuration_issues("config.yaml", text, {}));
      break;
    default:
      read_dependencies(text);
  }
  return 0;
}
