#include "builder/host_files.h"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sigil::builder {

Result<std::string> read_host_file(const std::string& path, const std::string& what,
                                   const std::string& hint) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file || text.empty())
    return fail(ErrorCode::unavailable, "E_INTERNAL", what + " " + path + " cannot be read", hint);
  return text;
}

Result<std::string> read_ca_bundle(const BuildSettings& settings) {
  if (settings.ca_bundle.empty()) return std::string();
  return read_host_file(settings.ca_bundle, "the CA bundle", "check the setting builder.ca_bundle");
}

Result<std::string> read_shim(const BuildSettings& settings) {
  return read_host_file(settings.shim_file, "sigil-shim", "check that Sigil is installed whole");
}

}  // namespace sigil::builder
