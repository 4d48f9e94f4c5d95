// An archive from anybody, unpacked with small caps into a folder whose neighbour must stay
// untouched.
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "builder/fetch/extract.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string around = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "sigil-fuzz-XXXXXX").string();
    return std::string(::mkdtemp(pattern.data()));
  }();
  const auto target = around + "/into";
  std::error_code error;
  std::filesystem::create_directory(target, error);
  sigil::builder::FetchLimits limits;
  limits.bytes_max = 64 * 1024;
  limits.files_max = 64;
  (void)sigil::builder::extract_bytes({reinterpret_cast<const char*>(data), size},
                                      {target, limits, size % 2 == 0}, {})
      .has_value();
  std::filesystem::remove_all(target, error);
  // Nothing else may have appeared beside the target; with it gone the folder is empty.
  if (!std::filesystem::is_empty(around, error)) std::abort();
  std::filesystem::remove(around, error);
  std::filesystem::create_directory(around, error);
  return 0;
}
