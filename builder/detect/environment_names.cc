#include "builder/detect/environment_names.h"

#include <algorithm>

#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr std::size_t kNamesMax = 200;
constexpr std::size_t kFilesMax = 4'000;
constexpr std::size_t kBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kFileBytesMax = 1024 * 1024;
constexpr std::size_t kNameBytesMax = 80;

// What stands before a name; after most of them a quote follows.
constexpr std::string_view kReads[] = {
    "process.env.",  "process.env[", "os.environ[", "os.environ.get(",  "os.getenv(", "os.Getenv(",
    "os.LookupEnv(", "env::var(",    "env.get(",    "import.meta.env.", "getenv("};

constexpr std::string_view kCommon[] = {
    "PATH",    "HOME",     "USER",     "PWD",      "SHELL",      "TERM",        "LANG", "TZ",
    "CI",      "NODE_ENV", "DEBUG",    "PORT",     "HOST",       "TMPDIR",      "TEMP", "TMP",
    "APPDATA", "NO_COLOR", "USERNAME", "HOSTNAME", "PYTHONPATH", "LOCALAPPDATA"};

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string name_at(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == '"' || text[at] == '\'' || text[at] == '`' ||
                              text[at] == ' ' || text[at] == '\n'))
    ++at;
  std::size_t end = at;
  while (end < text.size() && end - at < kNameBytesMax && is_name_character(text[end])) ++end;
  const bool goes_on = end < text.size() && text[end] >= 'a' && text[end] <= 'z';
  return goes_on || end - at < 3 ? std::string() : std::string(text.substr(at, end - at));
}

bool is_source(const std::string& path) {
  for (const std::string_view ending : {".ts", ".mts", ".js", ".mjs", ".cjs", ".py", ".go", ".rs"})
    if (ends_with(path, ending)) return !ends_with(path, ".d.ts");
  return false;
}

}  // namespace

void add_environment_names(std::string_view text, std::set<std::string>& names) {
  for (const auto read : kReads)
    for (std::size_t at = text.find(read); at != std::string_view::npos;
         at = text.find(read, at + read.size())) {
      const auto name = name_at(text, at + read.size());
      const bool is_common =
          std::find(std::begin(kCommon), std::end(kCommon), name) != std::end(kCommon);
      if (!name.empty() && !is_common && names.size() < kNamesMax) names.insert(name);
    }
}

std::vector<std::string> environment_names(const SourceTree& tree, const std::string& base) {
  std::set<std::string> names;
  std::size_t bytes = 0;
  for (const auto& path : tree.files_below(base, kFilesMax)) {
    if (!is_source(path)) continue;
    const auto text = tree.read(path, kFileBytesMax);
    if (!text) continue;
    add_environment_names(*text, names);
    bytes += text->size();
    if (bytes > kBytesMax) break;
  }
  return {names.begin(), names.end()};
}

}  // namespace sigil::builder
