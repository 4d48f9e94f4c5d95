// Small helpers on rows of replicas, shared by operations and the reconciler.
#pragma once

#include <string>
#include <vector>

#include "registry-db/replica_store.h"
#include "runtime/driver.h"

namespace sigil::controlplane {

// Container, address and start time as the engine says.
void note_running(db::Replica& row, const runtime::ObservedReplica& observed);
// Exit code and memory as the engine says; state becomes crashed.
void note_exit(db::Replica& row, const runtime::ObservedReplica& observed);
// The last lines a replica wrote to stderr (of stdout where stderr is empty), oldest first.
std::vector<std::string> last_stderr(runtime::Driver& driver, const ReplicaId& replica);
// RFC 3339 with any number of fraction digits.
std::optional<WallTime> time_from_rfc3339(const std::string& text);

}  // namespace sigil::controlplane
