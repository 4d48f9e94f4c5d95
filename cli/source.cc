#include "cli/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/enum_names.h"

namespace sigil::cli {
namespace {

constexpr EnumNames<SourceKind, 7> kKinds{{{SourceKind::git, "git"},
                                           {SourceKind::npm, "npm"},
                                           {SourceKind::pypi, "pypi"},
                                           {SourceKind::image, "image"},
                                           {SourceKind::path, "path"},
                                           {SourceKind::directory, "upload"},
                                           {SourceKind::archive, "upload"}}};

constexpr std::array<std::string_view, 8> kGitSchemes{"git+https://", "git+http://", "git+ssh://",
                                                      "git+file://",  "https://",    "http://",
                                                      "ssh://",       "file://"};

constexpr std::array<std::string_view, 3> kArchiveEnds{".tar", ".tar.gz", ".tgz"};

constexpr std::string_view kForms =
    "use a git URL, npm:NAME, pypi:NAME, image:REF, a directory or a .tar.gz file";

// name@version, where a scope's own @ comes first: "@scope/name@1.2".
Source package_source(SourceKind kind, std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0) return {kind, std::string(text), {}};
  return {kind, std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

// git@host:owner/repository
bool is_scp_form(std::string_view text) {
  const std::size_t at = text.find('@');
  const std::size_t colon = text.find(':');
  return at != std::string_view::npos && at > 0 && colon != std::string_view::npos &&
         colon > at + 1 && text.find('/') > at && text.find(' ') == std::string_view::npos;
}

bool has_archive_end(std::string_view text) {
  return std::any_of(kArchiveEnds.begin(), kArchiveEnds.end(),
                     [&](std::string_view end) { return text.ends_with(end); });
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto whole = std::filesystem::canonical(path, error);
  return error ? path : whole.string();
}

std::string likely_form(const std::string& text) {
  if (text.starts_with("@") && text.find('/') != std::string::npos)
    return fmt::format("for the npm package write npm:{}", text);
  if (text.find('/') != std::string::npos && text.find_first_of(". ") == std::string::npos &&
      text.front() != '/')
    return fmt::format("for a repository write its whole URL: https://HOST/{}", text);
  return std::string(kForms);
}

Result<Source> file_source(const std::string& text) {
  if (has_archive_end(text)) return Source{SourceKind::archive, absolute(text), {}};
  return fail(ErrorCode::invalid_argument, "E_FETCH",
              fmt::format("'{}' is a file, but no .tar, .tar.gz or .tgz archive", text),
              "deploy the directory it lies in, or pack that");
}

}  // namespace

std::string_view api_kind(SourceKind kind) { return name_in(kKinds, kind); }

PathKind look_up(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) return PathKind::directory;
  return std::filesystem::exists(status) ? PathKind::file : PathKind::absent;
}

Result<Source> classify_source(const std::string& text, const LookUp& look_up_path) {
  const auto rest_of = [&](std::string_view prefix) { return text.substr(prefix.size()); };
  if (text.empty())
    return fail(ErrorCode::invalid_argument, "E_FETCH", "no source", std::string(kForms));
  for (const auto& [prefix, kind] : {std::pair{std::string_view("npm:"), SourceKind::npm},
                                     std::pair{std::string_view("pypi:"), SourceKind::pypi}}) {
    if (!text.starts_with(prefix)) continue;
    if (text.size() == prefix.size())
      return fail(ErrorCode::invalid_argument, "E_FETCH",
                  fmt::format("'{}' names no package", text));
    return package_source(kind, rest_of(prefix));
  }
  if (text.starts_with("image:")) return Source{SourceKind::image, rest_of("image:"), {}};
  for (const std::string_view scheme : kGitSchemes) {
    if (!text.starts_with(scheme)) continue;
    return Source{SourceKind::git, scheme.starts_with("git+") ? rest_of("git+") : text, {}};
  }
  switch (look_up_path(text)) {
    case PathKind::directory:
      return Source{SourceKind::directory, absolute(text), {}};
    case PathKind::file:
      return file_source(text);
    case PathKind::absent:
      break;
  }
  if (is_scp_form(text)) return Source{SourceKind::git, text, {}};
  return fail(ErrorCode::invalid_argument, "E_FETCH",
              fmt::format("'{}' is no source: there is no such directory or file", text),
              likely_form(text));
}

}  // namespace sigil::cli
