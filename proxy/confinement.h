// What the front door gives up before it serves anybody: privileges it could gain by running a
// program, capabilities but that to bind a low port, and the system calls it has no use for, among
// them opening a unix socket: neither the engine nor the database can be reached from here,
// whatever the modes of their sockets are.
#pragma once

#include <string>

#include "base/result.h"

namespace sigil::proxy {

// For this process, all its threads to come and all its children. Once sockets are open and before
// threads start; in a process that is confined already it changes nothing. unavailable: the kernel
// refused, which is a reason not to serve.
Result<void> confine();

// "no_new_privs, capabilities net_bind_service, seccomp": what holds for this process, for the log.
std::string confinement_text();

}  // namespace sigil::proxy
