#include "registry-db/postmaster.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>

#include "base/descriptor.h"

namespace sigil::db {
namespace {

struct Failure {
  int reason;
};

// Everything the child needs as plain memory: between fork and exec only async-signal-safe calls
// are allowed, because another thread may hold any lock at the moment of the fork.
struct Plan {
  const char* program;
  std::array<char*, 4> argv;
  std::array<char*, 4> environment;
  const char* directory;
  const char* start_log;
  bool is_identity_changed;
  uid_t user;
  gid_t group;
  int failure_pipe;
};

bool take_identity(const Plan& plan) {
  if (!plan.is_identity_changed) return true;
  return ::setgroups(1, &plan.group) == 0 && ::setresgid(plan.group, plan.group, plan.group) == 0 &&
         ::setresuid(plan.user, plan.user, plan.user) == 0;
}

bool replace_streams(const char* start_log) {
  const int null = ::open("/dev/null", O_RDWR);
  const int log = ::open(start_log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW, 0600);
  return null >= 0 && log >= 0 && ::dup2(null, 0) >= 0 && ::dup2(log, 1) >= 0 &&
         ::dup2(log, 2) >= 0;
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const Plan& plan) {
  reset_signals();
  ::umask(077);
  if (::setsid() >= 0 && take_identity(plan) && replace_streams(plan.start_log) &&
      ::chdir(plan.directory) == 0) {
    // Our own descriptors (sockets, locks) must not live on in the server.
    ::close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
    ::execve(plan.program, plan.argv.data(), plan.environment.data());
  }
  const Failure failure{errno};
  (void)!::write(plan.failure_pipe, &failure, sizeof failure);
  ::_exit(127);
}

Descriptor open_pidfd(pid_t pid) {
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

}  // namespace

Result<pid_t> spawn_postmaster(const PostmasterCommand& command) {
  std::string program = command.program, flag = "-D", directory = command.data_directory;
  std::string path = "PATH=/usr/bin:/bin", language = "LC_ALL=C.UTF-8", zone = "TZ=UTC";
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(ErrorCode::internal, std::string("cannot make a pipe: ") + std::strerror(errno));
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const Plan plan{program.c_str(),
                  {program.data(), flag.data(), directory.data(), nullptr},
                  {path.data(), language.data(), zone.data(), nullptr},
                  directory.c_str(),
                  command.start_log.c_str(),
                  !command.user.is_ours,
                  command.user.user,
                  command.user.group,
                  writing.get()};
  const pid_t pid = ::fork();
  if (pid < 0)
    return fail(ErrorCode::unavailable, std::string("cannot fork: ") + std::strerror(errno));
  if (pid == 0) run_child(plan);
  writing.close();
  Failure failure{};
  if (::read(reading.get(), &failure, sizeof failure) == sizeof failure) {
    reap(pid);
    return fail(ErrorCode::unavailable, "database_start",
                "cannot run " + command.program + ": " + std::strerror(failure.reason));
  }
  return pid;
}

bool is_postmaster_of(pid_t pid, const std::string& data_directory) {
  struct stat wanted {
  }, actual{};
  const std::string process = "/proc/" + std::to_string(pid);
  std::ifstream status(process + "/stat");
  std::string line;
  std::getline(status, line);
  const auto name_end = line.rfind(") ");
  if (name_end == std::string::npos || line[name_end + 2] == 'Z') return false;
  if (line.find("(postgres)") == std::string::npos) return false;
  // The server stands in its data directory.
  return ::stat(data_directory.c_str(), &wanted) == 0 &&
         ::stat((process + "/cwd").c_str(), &actual) == 0 && wanted.st_ino == actual.st_ino &&
         wanted.st_dev == actual.st_dev;
}

void reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) < 0 && errno == EINTR) {
  }
}

Result<void> stop_postmaster(pid_t pid, const std::string& data_directory,
                             std::chrono::milliseconds limit) {
  const Descriptor handle = open_pidfd(pid);
  if (!handle.is_open() || !is_postmaster_of(pid, data_directory)) {
    reap(pid);
    return {};
  }
  // Through the handle, so that a number given to somebody else meanwhile cannot be hit.
  ::syscall(SYS_pidfd_send_signal, handle.get(), SIGINT, nullptr, 0);
  pollfd watched{handle.get(), POLLIN, 0};
  const int ready = ::poll(&watched, 1, static_cast<int>(limit.count()));
  reap(pid);
  if (ready == 1) return {};
  return fail(ErrorCode::timed_out, "database_stop",
              "PostgreSQL did not stop within " + std::to_string(limit.count()) + " ms");
}

}  // namespace sigil::db
