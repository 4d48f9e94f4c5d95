// The values of --secret: asked for without echo, read from a file, or from standard input. Never
// from the command line itself, which everybody on the machine can read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "cli/terminal.h"

namespace sigil::cli {

// `wishes`: "K", "K=@FILE" or "K=-". invalid_argument names the secret and the forms there are;
// at most one may read standard input.
Result<std::map<std::string, Secret>> read_secrets(const std::vector<std::string>& wishes,
                                                   const Terminal& terminal);

}  // namespace sigil::cli
