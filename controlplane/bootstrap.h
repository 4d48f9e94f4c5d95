// The first start: default team, admin, and the first admin key, written to a file where the CLI of
// the person who installed Sigil finds it.
#pragma once

#include <string>

#include "base/result.h"
#include "registry-db/database.h"

namespace sigil::controlplane {

struct BootstrapOptions {
  std::string key_owner;  // user name
  std::string key_file;   // empty: ~/.config/sigil/credentials.json of the owner
  std::string url;        // public URL, written beside the key
};

// Does nothing where a live admin key exists, so a restart mends the loss of the last one. The file
// is written before the key becomes valid: a crash between the two leaves a file that the next
// start replaces, never a key that nobody knows.
Result<void> bootstrap(db::Database& database, const BootstrapOptions& options);

}  // namespace sigil::controlplane
