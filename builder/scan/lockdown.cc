#include "builder/scan/lockdown.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/descriptor.h"

namespace sigil::scan {

namespace {

struct FreeFilter {
  void operator()(void* filter) const noexcept { seccomp_release(filter); }
};

// What reading files and computing takes; everything else answers EPERM.
constexpr int kAllowed[] = {SCMP_SYS(read),
                            SCMP_SYS(write),
                            SCMP_SYS(writev),
                            SCMP_SYS(close),
                            SCMP_SYS(fstat),
                            SCMP_SYS(newfstatat),
                            SCMP_SYS(stat),
                            SCMP_SYS(lstat),
                            SCMP_SYS(statx),
                            SCMP_SYS(getdents64),
                            SCMP_SYS(lseek),
                            SCMP_SYS(mmap),
                            SCMP_SYS(munmap),
                            SCMP_SYS(mprotect),
                            SCMP_SYS(mremap),
                            SCMP_SYS(brk),
                            SCMP_SYS(madvise),
                            SCMP_SYS(futex),
                            SCMP_SYS(rt_sigaction),
                            SCMP_SYS(rt_sigprocmask),
                            SCMP_SYS(rt_sigreturn),
                            SCMP_SYS(sigaltstack),
                            SCMP_SYS(clock_gettime),
                            SCMP_SYS(gettimeofday),
                            SCMP_SYS(time),
                            SCMP_SYS(exit),
                            SCMP_SYS(exit_group),
                            SCMP_SYS(getpid),
                            SCMP_SYS(gettid),
                            SCMP_SYS(tgkill),
                            SCMP_SYS(readlink),
                            SCMP_SYS(readlinkat),
                            SCMP_SYS(access),
                            SCMP_SYS(faccessat),
                            SCMP_SYS(faccessat2),
                            SCMP_SYS(pread64),
                            SCMP_SYS(getrandom),
                            SCMP_SYS(sched_yield),
                            SCMP_SYS(sysinfo),
                            SCMP_SYS(getrlimit),
                            SCMP_SYS(restart_syscall),
                            SCMP_SYS(fcntl),
                            SCMP_SYS(uname),
                            SCMP_SYS(nanosleep),
                            SCMP_SYS(clock_nanosleep),
                            SCMP_SYS(rseq),
                            SCMP_SYS(set_robust_list),
                            SCMP_SYS(sched_getaffinity),
                            SCMP_SYS(getcwd),
                            SCMP_SYS(getuid),
                            SCMP_SYS(geteuid),
                            SCMP_SYS(dup),
                            SCMP_SYS(getpriority),
                            SCMP_SYS(getrusage)};

Result<void> filter_calls() {
  const std::unique_ptr<void, FreeFilter> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) return fail(ErrorCode::internal, "no system-call filter");
  bool is_complete = true;
  for (const int call : kAllowed)
    is_complete = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0) == 0 && is_complete;
  // Opening is for reading: no flag that writes, creates or cuts.
  constexpr std::uint64_t kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
  const auto at = SCMP_A2(SCMP_CMP_MASKED_EQ, kWriting, 0);
  const auto plain = SCMP_A1(SCMP_CMP_MASKED_EQ, kWriting, 0);
  is_complete =
      seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, &at) == 0 &&
      seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(open), 1, &plain) == 0 &&
      is_complete;
  if (!is_complete || seccomp_load(filter.get()) != 0)
    return fail(ErrorCode::internal, "the system-call filter cannot be set");
  return {};
}

bool limit(__rlimit_resource_t resource, std::uint64_t soft, std::uint64_t hard) {
  const rlimit wanted{soft, hard};
  return setrlimit(resource, &wanted) == 0;
}

// Absent below kernel 5.13, or when it was not switched on.
bool restrict_files(const std::vector<std::string>& readable) {
  landlock_ruleset_attr rules{};
  rules.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                            LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                            LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                            LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK;
  const Descriptor set(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0)));
  if (set.get() < 0) return false;
  for (const auto& folder : readable) {
    const Descriptor place(open(folder.c_str(), O_PATH | O_CLOEXEC));
    if (place.get() < 0) continue;
    landlock_path_beneath_attr beneath{};
    beneath.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    beneath.parent_fd = place.get();
    if (syscall(SYS_landlock_add_rule, set.get(), LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
      return false;
  }
  return syscall(SYS_landlock_restrict_self, set.get(), 0) == 0;
}

}  // namespace

Result<std::vector<std::string>> lock_down(const LockdownOptions& options) {
  std::vector<std::string> held;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    return fail(ErrorCode::internal, "privileges cannot be given up");
  bool is_limited = limit(RLIMIT_CPU, options.cpu_seconds, options.cpu_seconds + 1) &&
                    limit(RLIMIT_NOFILE, 64, 64) && limit(RLIMIT_CORE, 0, 0) &&
                    limit(RLIMIT_FSIZE, 0, 0);
#ifndef __SANITIZE_ADDRESS__  // its shadow memory alone is larger than any limit
  is_limited = limit(RLIMIT_AS, options.memory_bytes, options.memory_bytes) && is_limited;
#endif
  if (!is_limited) return fail(ErrorCode::internal, "the limits cannot be set");
  held.emplace_back("rlimits");
  if (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
    held.emplace_back("network namespace");
  if (restrict_files(options.readable)) held.emplace_back("landlock");
  SIGIL_CHECK(filter_calls());
  held.emplace_back("seccomp");
  return held;
}

}  // namespace sigil::scan
