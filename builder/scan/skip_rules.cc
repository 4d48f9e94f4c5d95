// Which names are no code of the server: dependencies, tests, examples, documentation.
#include <algorithm>
#include <array>

#include "builder/scan/inventory.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

using builder::begins_with;
using builder::contains;
using builder::ends_with;

constexpr std::array kDependencyFolders = {"node_modules", "vendor",        "venv",
                                           ".venv",        "site-packages", "bower_components"};
constexpr std::array kTestFolders = {"test", "tests", "__tests__", "__mocks__", "testdata"};
constexpr std::array kOtherFolders = {"examples", "example", "docs",   ".claude",
                                      ".cursor",  ".github", ".vscode"};

template <typename Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::ranges::any_of(names, [&](const char* each) { return name == each; });
}

std::string folder_reason(std::string_view name) {
  if (is_one_of(kDependencyFolders, name)) return std::string(name);
  if (is_one_of(kTestFolders, name)) return "test";
  if (is_one_of(kOtherFolders, name)) return std::string(name);
  return {};
}

bool is_test_file(std::string_view name) {
  return contains(name, ".test.") || contains(name, ".spec.") || name == "conftest.py" ||
         (begins_with(name, "test_") && ends_with(name, ".py")) || ends_with(name, "_test.py") ||
         ends_with(name, "_test.go");
}

}  // namespace

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string skip_reason(std::string_view path) {
  std::size_t begin = 0;
  for (auto slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', begin)) {
    auto reason = folder_reason(path.substr(begin, slash - begin));
    if (!reason.empty()) return reason;
    begin = slash + 1;
  }
  const auto name = path.substr(begin);
  if (ends_with(name, ".d.ts") || ends_with(name, ".d.mts") || ends_with(name, ".d.cts"))
    return "declarations";
  if (is_test_file(name)) return "test";
  return {};
}

std::string_view name_of(Language language) {
  switch (language) {
    case Language::none:
      return "";
    case Language::javascript:
      return "js";
    case Language::typescript:
      return "ts";
    case Language::tsx:
      return "tsx";
    case Language::python:
      return "py";
    case Language::go:
      return "go";
  }
  return "";
}

Language language_of_file(std::string_view path, std::string_view first_bytes) {
  const auto by_name = language_of(path);
  if (by_name != Language::none) return by_name;
  if (base_name(path).find('.') != std::string_view::npos || !begins_with(first_bytes, "#!"))
    return Language::none;
  const auto line = first_bytes.substr(0, first_bytes.find('\n'));
  if (contains(line, "node") || contains(line, "bun")) return Language::javascript;
  return contains(line, "python") ? Language::python : Language::none;
}

}  // namespace sigil::scan
