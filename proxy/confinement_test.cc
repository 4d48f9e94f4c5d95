// Each case runs in a child, since what is given up does not come back.
#include "proxy/confinement.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <functional>
#include <string>

namespace sigil::proxy {
namespace {

// 0 when `holds` is true in a confined child.
int in_confined_child(const std::function<bool()>& holds) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(!confine().has_value() ? 2 : holds() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

bool is_refused(int outcome, int reason) { return outcome < 0 && errno == reason; }

TEST(Confinement, OpensNoUnixSocket) {
  EXPECT_EQ(in_confined_child([] {
              return is_refused(::socket(AF_UNIX, SOCK_STREAM, 0), EAFNOSUPPORT) &&
                     is_refused(::socket(AF_PACKET, SOCK_RAW, 0), EAFNOSUPPORT);
            }),
            0);
}

TEST(Confinement, ServesAndKeepsItsPairOfSockets) {
  EXPECT_EQ(in_confined_child([] {
              int ends[2];
              return ::socket(AF_INET, SOCK_STREAM, 0) >= 0 &&
                     ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0;
            }),
            0);
}

TEST(Confinement, HasNoCapabilityButToBindALowPort) {
  EXPECT_EQ(in_confined_child([] {
              std::ifstream status("/proc/self/status");
              for (std::string line; std::getline(status, line);)
                if (line.starts_with("CapEff:") || line.starts_with("CapPrm:"))
                  if ((std::stoull(line.substr(8), nullptr, 16) & ~0x400ULL) != 0) return false;
              return true;
            }),
            0);
}

TEST(Confinement, RefusesWhatAServerNeverCalls) {
  EXPECT_EQ(in_confined_child([] {
              return is_refused(::mount("none", "/mnt", "tmpfs", 0, nullptr), EPERM) &&
                     is_refused(::unshare(0x10000000), EPERM) &&
                     ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) < 0 && errno == EPERM;
            }),
            0);
}

TEST(Confinement, TwiceIsOnce) {
  EXPECT_EQ(in_confined_child([] {
              return confine().has_value() &&
                     confinement_text().find("no_new_privs") != std::string::npos &&
                     confinement_text().find(", seccomp") != std::string::npos;
            }),
            0);
}

}  // namespace
}  // namespace sigil::proxy
