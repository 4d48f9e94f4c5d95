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

namespace {

// Gone when the program ends.
struct Folder {
  std::string path;
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sigil-fuzz-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const auto& around = folder.path;
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
  // With the target gone its folder is empty, or something was written beside it.
  if (!std::filesystem::is_empty(around, error)) std::abort();
  return 0;
}
