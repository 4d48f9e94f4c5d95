// Copies a directory of this host into the scratch folder, so that a build sees one state of it:
// without .git and dependency folders, links only where they stay inside, sizes capped. Any thread.
#pragma once

#include <stop_token>
#include <string>

#include "base/result.h"
#include "builder/builder.h"

namespace sigil::builder {

Result<void> copy_tree(const std::string& from, const std::string& to, const FetchLimits& limits,
                       const LogSink& log, std::stop_token stop);

}  // namespace sigil::builder
