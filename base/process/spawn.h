// The half of run_process that forks. Everything that allocates or can lock (names, paths, argument
// arrays) is resolved before the fork; between fork and exec only async-signal-safe calls are made,
// because another thread may hold any lock at the moment of the fork.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/process/process.h"
#include "base/result.h"

namespace sigil::process {

struct Child {
  pid_t pid = -1;
  Descriptor output;                                           // we read; non-blocking
  Descriptor error_output;                                     // we read; non-blocking
  Descriptor input;                                            // we write; non-blocking
  std::vector<std::pair<Descriptor, std::string_view>> feeds;  // we write these texts; non-blocking
};

// The child leads its own process group and dies with the calling thread. The texts in `feeds` look
// into `options`.
Result<Child> spawn(const ProcessOptions& options);

}  // namespace sigil::process
