// DEP-003 to DEP-006 on package.json, requirements.txt, pyproject.toml, setup.py and lock files.
// Pure: texts come through a reader.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scan/issue.h"
#include "builder/scan/packages.h"
#include "builder/scan/policy.h"

namespace sigil::scan {

struct DependencyInput {
  // Text of a file beside or below a package file; empty when there is none.
  std::function<std::string(const std::string& path)> read;
  const Policy& policy;
  bool has_lock = false;      // of this ecosystem, beside the file or above it
  bool is_published = false;  // a registry's archive: authors cannot put a lock file into it
};

std::vector<Issue> node_package_issues(const std::string& path, std::string_view text,
                                       const DependencyInput& input);
std::vector<Issue> python_requirement_issues(const std::string& path, std::string_view text,
                                             const DependencyInput& input);
std::vector<Issue> pyproject_issues(const std::string& path, std::string_view text,
                                    const DependencyInput& input);
std::vector<Issue> setup_script_issues(const std::string& path, std::string_view text);
std::vector<Issue> lock_issues(const std::string& path, const LockFile& lock, const Policy& policy);
// Packages that the start command fetches when it runs: "npx -y PKG", without a version.
std::vector<Issue> launched_issues(const std::string& path, int line,
                                   const std::vector<std::string>& launched);

// The popular package whose name this one resembles; empty: none, or it is that package.
std::string resembled_package(Ecosystem ecosystem, std::string_view name);

}  // namespace sigil::scan
