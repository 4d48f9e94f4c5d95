#include "controlplane/detached_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

namespace sigil::controlplane {

namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// Between fork and exec: async-signal-safe calls only, everything was prepared before.
[[noreturn]] void become(char* const* argv, char* const* environment, int log, int failure) {
  ::setsid();
  // Not the leader of the session either, so no terminal can become its own; and its parent is
  // gone at once, so it is nobody's zombie.
  const pid_t second = ::fork();
  if (second != 0) ::_exit(second < 0 ? 1 : 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::dup2(failure, 3);
  ::fcntl(3, F_SETFD, FD_CLOEXEC);
  ::close_range(4, UINT_MAX, 0);
  if (::chdir("/") == 0) ::execve(argv[0], argv, environment);
  const int error = errno;
  static_cast<void>(::write(3, &error, sizeof(error)) == 0);
  ::_exit(127);
}

}  // namespace

Result<void> start_detached(const DetachedProcess& process) {
  auto argv_texts = process.argv;
  std::vector<std::string> environment_texts;
  for (const auto& [name, value] : process.environment)
    environment_texts.push_back(name + "=" + value);
  const auto argv = pointers(argv_texts);
  const auto environment = pointers(environment_texts);
  const int log = ::open(process.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (log < 0)
    return fail(ErrorCode::unavailable,
                "cannot open " + process.log_file + ": " + std::string(std::strerror(errno)));
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    ::close(log);
    return fail(ErrorCode::unavailable, "cannot make a pipe");
  }
  const pid_t first = ::fork();
  if (first == 0) become(argv.data(), environment.data(), log, ends[1]);
  ::close(log);
  ::close(ends[1]);
  int error = 0;
  if (first > 0) {
    int status = 0;
    while (::waitpid(first, &status, 0) < 0 && errno == EINTR) {
    }
    // Ends with nothing when the exec succeeded: the pipe closed by itself.
    if (::read(ends[0], &error, sizeof(error)) <= 0) error = 0;
  } else {
    error = errno;
  }
  ::close(ends[0]);
  if (error == 0) return {};
  return fail(ErrorCode::unavailable,
              "cannot start " + process.argv.front() + ": " + std::strerror(error));
}

}  // namespace sigil::controlplane
