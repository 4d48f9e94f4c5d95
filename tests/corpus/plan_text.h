// A plan as text for people and goldens: how it is built, started and reached, or why it is
// refused. What differs from run to run (hashes) is left out.
#pragma once

#include <string>

#include "builder/builder.h"

namespace sigil::corpus {

// `folder`: a source tree; `path`: the base directory inside it. The host is one without a
// base-image map, so the versions are those of the public images.
std::string plan_text(const std::string& folder, const std::string& path);

}  // namespace sigil::corpus
