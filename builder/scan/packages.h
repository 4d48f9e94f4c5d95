// What lock files say is installed: exact names and versions of every package manager, each parser
// linear and with limits. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace sigil::scan {

enum class Ecosystem { npm, pypi, go, cargo };
std::string_view osv_name(Ecosystem ecosystem);  // "npm", "PyPI", "Go", "crates.io"

struct Package {
  Ecosystem ecosystem = Ecosystem::npm;
  std::string name;
  std::string version;
  std::string file;  // lock file
  int line = 0;
  bool is_dev = false;
  bool has_install_script = false;
  bool has_integrity = false;
  std::string resolved;  // address it comes from; empty: the registry
};

struct LockFile {
  std::vector<Package> packages;
  bool is_cut = false;  // more than the limit
};

constexpr std::size_t kPackagesMax = 20'000;
constexpr std::int64_t kLockBytesMax = 16 * 1024 * 1024;

bool is_lock_file(std::string_view name);  // base name
// By base name of `path`; nothing for a text that is no such file.
LockFile read_lock_file(std::string_view path, std::string_view text);

// One form per ecosystem: PyPI names lower-case with single dashes (PEP 503), others as they are.
std::string normal_name(Ecosystem ecosystem, std::string_view name);
// pkg:npm/%40scope/name@1.2.3
std::string purl_of(const Package& package);

// CycloneDX 1.5; `name` and `version` of the server itself.
Json sbom_json(const std::vector<Package>& packages, const std::string& name,
               const std::string& version);

}  // namespace sigil::scan
