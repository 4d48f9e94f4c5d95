// Where the server is and which key opens it: $SIGIL_URL and $SIGIL_API_KEY, else the credentials
// file of the user, else the local default without a key.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "cli/terminal.h"

namespace sigil::cli {

inline constexpr std::string_view kDefaultUrl = "http://127.0.0.1:7450";

struct Credentials {
  std::string url = std::string(kDefaultUrl);  // without a slash at the end
  Secret key;                                  // empty: anonymous
  std::string path;                            // the file read; empty: none
  std::string warning;                         // empty: nothing to say
};

// invalid_argument: a file that cannot be understood, or a URL that is none.
Result<Credentials> find_credentials(const Environment& environment);

// $XDG_CONFIG_HOME/sigil/credentials.json where that exists, else ~/.config/sigil/credentials.json.
std::string credentials_path(const Environment& environment);

}  // namespace sigil::cli
