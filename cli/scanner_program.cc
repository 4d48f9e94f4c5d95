#include "cli/scanner_program.h"

#include <unistd.h>

#include <filesystem>

namespace sigil::cli {
namespace {

constexpr std::size_t kOutputBytesMax = 256UL * 1024 * 1024;
constexpr auto kTimeMax = std::chrono::minutes(70);  // the scanner has limits of its own

Result<std::string> scanner_file() {
  std::error_code error;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  // In a build folder every program lies in the folder of its part.
  for (const auto& candidate :
       {folder / "sigil-scan", folder / ".." / "builder" / "scan" / "sigil-scan",
        folder / ".." / "libexec" / "sigil" / "sigil-scan"})
    if (std::filesystem::exists(candidate, error)) return candidate.lexically_normal().string();
  return fail(ErrorCode::not_found, "E_NO_SCANNER", "sigil-scan is not beside sigil",
              "install it into " + folder.string());
}

}  // namespace

Result<ProcessOutcome> run_scanner(const std::vector<std::string>& arguments) {
  ProcessOptions options;
  SIGIL_TRY(const auto file, scanner_file());
  options.argv = {file};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.time_max = kTimeMax;
  options.output_bytes_max = kOutputBytesMax;
  return run_process(options, {});
}

std::string advisories_folder(const Environment& environment) {
  if (const auto folder = environment("SIGIL_DATA_DIR")) return *folder + "/advisories";
  if (geteuid() == 0) return "/var/lib/sigil/advisories";
  if (const auto data = environment("XDG_DATA_HOME")) return *data + "/sigil/advisories";
  return environment("HOME").value_or("") + "/.local/share/sigil/advisories";
}

}  // namespace sigil::cli
