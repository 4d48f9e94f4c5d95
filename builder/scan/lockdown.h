// Gives up what a scan does not need, before it looks at the first byte of a stranger's tree: no
// network, no new programs, nothing written, limits on time, memory and descriptors. Linux only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace sigil::scan {

struct LockdownOptions {
  std::vector<std::string> readable;  // folders that stay readable
  std::uint64_t memory_bytes = 2ULL * 1024 * 1024 * 1024;
  std::uint64_t cpu_seconds = 120;
};

// For the calling process, for good. The system-call filter and the limits must work; a network
// namespace of its own and Landlock are taken where the kernel gives them. The names of what holds.
Result<std::vector<std::string>> lock_down(const LockdownOptions& options);

}  // namespace sigil::scan
