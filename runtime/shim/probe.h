// `sigil-shim probe`: is the server of this container healthy? Asks 127.0.0.1:$PORT.
#pragma once

#include "runtime/shim/options.h"

namespace sigil::shim {

// Exit status: 0 healthy, 1 not. SIGIL_PROBE=tcp: a connection is enough.
int run_probe(const Environment& environment);

}  // namespace sigil::shim
