// Waits until a new replica answers as an MCP server does, and tells early when it will not: the
// container ended, or the shim reports that its server did.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "controlplane/replicas/discovery.h"
#include "runtime/driver.h"

namespace sigil::controlplane {

struct ReadinessTarget {
  ReplicaId replica;
  std::string address;
  std::vector<std::uint16_t> ports;  // tried in this order
  std::vector<std::string> paths;
  bool is_behind_shim = false;
  // Lists too; else only identifies.
  bool wants_lists = true;
};

// Where a server of this plan may be found: its own port and path first, then what others use.
ReadinessTarget readiness_target(const ReplicaId& replica, const std::string& address, int port,
                                 const std::string& path, bool is_behind_shim);

// E_START_EXIT (exit code, details["log_tail"]: last stderr lines), E_START_TIMEOUT, E_TOOLS_LIST,
// cancelled.
class ReadinessWaiter {
 public:
  ReadinessWaiter(runtime::Driver& driver, const DiscoveryClient& discovery)
      : driver_(driver), discovery_(discovery) {}

  Result<Discovery> wait(const ReadinessTarget& target, std::chrono::milliseconds time_max,
                         const std::stop_token& stop) const;
  // For a real replica whose configuration comes with each session: the shim answers, or the
  // server's port does. E_START_EXIT, E_START_TIMEOUT, cancelled.
  Result<void> wait_listening(const ReadinessTarget& target, std::chrono::milliseconds time_max,
                              const std::stop_token& stop) const;
  // What the shim says of its server; empty when it has not failed.
  Result<void> check_shim(const ReadinessTarget& target, const std::stop_token& stop) const;

 private:
  Result<void> check_container(const ReplicaId& replica) const;
  int exit_code_of(const ReplicaId& replica) const;
  Result<Discovery> try_everywhere(const ReadinessTarget& target,
                                   const std::stop_token& stop) const;
  Error exit_error(const ReplicaId& replica, int exit_code, std::vector<std::string> lines) const;
  Error timeout_error(const ReadinessTarget& target, std::chrono::milliseconds time_max,
                      const std::string& last) const;

  runtime::Driver& driver_;
  const DiscoveryClient& discovery_;
};

// Lines joined for Error::details["log_tail"], and back.
std::string joined_lines(const std::vector<std::string>& lines);
std::vector<std::string> split_lines(const std::string& text);

}  // namespace sigil::controlplane
