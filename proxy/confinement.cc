#include "proxy/confinement.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

namespace sigil::proxy {
namespace {

constexpr std::uint32_t kOnlyCapability = 1U << CAP_NET_BIND_SERVICE;

tl::unexpected<Error> refused(const char* what) {
  return fail(ErrorCode::unavailable, "confinement",
              std::string("cannot ") + what + ": " + std::strerror(errno));
}

// Of the bounding set only a process with CAP_SETPCAP may drop; another one has nothing to lose
// there, as it cannot gain anything by running a program any more.
void narrow_bounding_set() {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
    if (capability != CAP_NET_BIND_SERVICE) ::prctl(PR_CAPBSET_DROP, capability);
}

Result<void> drop_capabilities() {
  narrow_bounding_set();
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return refused("read capabilities");
  // A parent that a worker puts up keeps it by the ambient set, across exec.
  const std::uint32_t kept = sets[0].permitted & kOnlyCapability;
  sets = {};
  sets[0].effective = sets[0].permitted = sets[0].inheritable = kept;
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return refused("drop capabilities");
  if (kept != 0 && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) != 0)
    return refused("keep CAP_NET_BIND_SERVICE");
  return {};
}

// What a server of sockets never calls and an intruder would: other processes' memory, mounts,
// namespaces, modules, keyrings, tracing, the clock, and interfaces whose defects end in the
// kernel.
constexpr int kNeverCalled[] = {SCMP_SYS(acct),
                                SCMP_SYS(add_key),
                                SCMP_SYS(adjtimex),
                                SCMP_SYS(bpf),
                                SCMP_SYS(chroot),
                                SCMP_SYS(clock_adjtime),
                                SCMP_SYS(clock_settime),
                                SCMP_SYS(delete_module),
                                SCMP_SYS(fanotify_init),
                                SCMP_SYS(finit_module),
                                SCMP_SYS(fsconfig),
                                SCMP_SYS(fsmount),
                                SCMP_SYS(fsopen),
                                SCMP_SYS(init_module),
                                SCMP_SYS(io_uring_enter),
                                SCMP_SYS(io_uring_register),
                                SCMP_SYS(io_uring_setup),
                                SCMP_SYS(ioperm),
                                SCMP_SYS(iopl),
                                SCMP_SYS(kcmp),
                                SCMP_SYS(kexec_file_load),
                                SCMP_SYS(kexec_load),
                                SCMP_SYS(keyctl),
                                SCMP_SYS(lookup_dcookie),
                                SCMP_SYS(mbind),
                                SCMP_SYS(migrate_pages),
                                SCMP_SYS(mount),
                                SCMP_SYS(mount_setattr),
                                SCMP_SYS(move_mount),
                                SCMP_SYS(move_pages),
                                SCMP_SYS(name_to_handle_at),
                                SCMP_SYS(nfsservctl),
                                SCMP_SYS(open_by_handle_at),
                                SCMP_SYS(open_tree),
                                SCMP_SYS(perf_event_open),
                                SCMP_SYS(personality),
                                SCMP_SYS(pidfd_getfd),
                                SCMP_SYS(pivot_root),
                                SCMP_SYS(process_vm_readv),
                                SCMP_SYS(process_vm_writev),
                                SCMP_SYS(ptrace),
                                SCMP_SYS(quotactl),
                                SCMP_SYS(reboot),
                                SCMP_SYS(request_key),
                                SCMP_SYS(sethostname),
                                SCMP_SYS(setdomainname),
                                SCMP_SYS(setns),
                                SCMP_SYS(settimeofday),
                                SCMP_SYS(swapoff),
                                SCMP_SYS(swapon),
                                SCMP_SYS(syslog),
                                SCMP_SYS(umount2),
                                SCMP_SYS(unshare),
                                SCMP_SYS(userfaultfd),
                                SCMP_SYS(vhangup)};

struct ReleaseFilter {
  void operator()(void* filter) const noexcept { ::seccomp_release(filter); }
};

// EPERM and not death: a library that tries and copes goes on.
Result<void> filter_system_calls() {
  const std::unique_ptr<void, ReleaseFilter> filter(::seccomp_init(SCMP_ACT_ALLOW));
  if (filter == nullptr) return refused("make a system call filter");
  for (const int call : kNeverCalled)
    if (::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0) != 0)
      return refused("fill the system call filter");
  // The families that can be had: IPv4, IPv6 and what name resolution asks the kernel by.
  const struct scmp_arg_cmp not_served[] = {SCMP_A0(SCMP_CMP_EQ, AF_UNIX),
                                            SCMP_A0(SCMP_CMP_GT, AF_NETLINK)};
  for (const auto& family : not_served)
    if (::seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                 &family) != 0)
      return refused("fill the system call filter");
  if (const int failed = ::seccomp_load(filter.get()); failed != 0) {
    errno = -failed;
    return refused("load the system call filter");
  }
  return {};
}

bool is_filtered() { return ::prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER; }

// "CapEff:\t0000000000000400" of /proc/self/status.
std::string status_value(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name)) return line.substr(line.find_last_of('\t') + 1);
  return "?";
}

}  // namespace

Result<void> confine() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("set no_new_privs");
  SIGIL_CHECK(drop_capabilities());
  return filter_system_calls();
}

std::string confinement_text() {
  return std::string(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? "no_new_privs" : "none") +
         ", capabilities " + status_value("CapEff:") +
         (is_filtered() ? ", seccomp" : ", no seccomp");
}

}  // namespace sigil::proxy
