// What the SOURCE argument of `sigil deploy` names. Pure but for looking whether a path exists.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sigil::cli {

enum class SourceKind { git, npm, pypi, image, path, directory, archive };
std::string_view api_kind(SourceKind kind);  // directory and archive are both "upload"

struct Source {
  SourceKind kind = SourceKind::git;
  std::string location;  // as the API wants it; for directories and archives the absolute path
  std::string ref;       // the version behind npm:NAME@VERSION and pypi:NAME@VERSION
};

enum class PathKind { absent, directory, file };
using LookUp = std::function<PathKind(const std::string& path)>;
PathKind look_up(const std::string& path);

// invalid_argument (E_FETCH) names the forms there are, and the likely one.
Result<Source> classify_source(const std::string& text, const LookUp& look_up_path);

}  // namespace sigil::cli
