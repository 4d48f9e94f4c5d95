#include "base/process/spawn.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace sigil::process {
namespace {

constexpr int kRefused = 127;  // exit status nobody sees: the failure itself comes through the pipe

struct Identity {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

enum class Stage : int { group, descriptors, identity, directory, exec };
struct Failure {
  Stage stage;
  int reason;
};

tl::unexpected<Error> failed(const std::string& what) {
  return fail(ErrorCode::internal, "cannot " + what + ": " + std::strerror(errno));
}

// Ends of pipes are kept above every number the child wants, so that moving one into place never
// closes another.
Result<Pipe> make_pipe(int lowest) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("make a pipe");
  const Descriptor low_read(ends[0]);
  const Descriptor low_write(ends[1]);
  Pipe pipe;
  pipe.read = Descriptor(::fcntl(ends[0], F_DUPFD_CLOEXEC, lowest));
  pipe.write = Descriptor(::fcntl(ends[1], F_DUPFD_CLOEXEC, lowest));
  if (!pipe.read.is_open() || !pipe.write.is_open()) return failed("make a pipe");
  return pipe;
}

bool is_program(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode) && (about.st_mode & 0111) != 0;
}

Result<std::string> find_program(const ProcessOptions& options) {
  const std::string& name = options.argv.front();
  if (name.find('/') != std::string::npos) return name;
  const auto given = options.environment.find("PATH");
  const char* inherited = std::getenv("PATH");
  std::string_view path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  if (given != options.environment.end())
    path = given->second;
  else if (inherited != nullptr)
    path = inherited;
  while (!path.empty()) {
    const std::size_t colon = std::min(path.find(':'), path.size());
    // An empty entry would mean the working directory: never run what happens to lie there.
    const std::string candidate = std::string(path.substr(0, colon)) + "/" + name;
    if (colon > 0 && path.front() == '/' && is_program(candidate)) return candidate;
    path.remove_prefix(std::min(colon + 1, path.size()));
  }
  return fail(ErrorCode::not_found, "program_not_found", "there is no program " + name,
              "install it, or put its folder into PATH");
}

Result<std::optional<Identity>> find_identity(const std::string& user) {
  if (user.empty()) return std::optional<Identity>();
  std::vector<char> buffer(16 * 1024);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr)
    return fail(ErrorCode::not_found, "user_not_found", "there is no user " + user);
  Identity identity{entry.pw_uid, entry.pw_gid, std::vector<gid_t>(64)};
  int count = static_cast<int>(identity.groups.size());
  if (::getgrouplist(user.c_str(), entry.pw_gid, identity.groups.data(), &count) < 0) {
    identity.groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(user.c_str(), entry.pw_gid, identity.groups.data(), &count) < 0)
      return fail(ErrorCode::internal, "cannot list the groups of " + user);
  }
  identity.groups.resize(static_cast<std::size_t>(count));
  return std::optional<Identity>(std::move(identity));
}

// All the child needs, as plain memory.
struct Plan {
  std::string program;
  std::vector<char*> argv;
  std::vector<std::string> environment_texts;
  std::vector<char*> environment;
  const char* directory = nullptr;
  std::optional<Identity> identity;
  std::vector<std::pair<int, int>> moves;  // from -> wanted number
  int failure_pipe = -1;
  pid_t parent = 0;
};

[[noreturn]] void give_up(const Plan& plan, Stage stage) {
  const Failure failure{stage, errno};
  (void)!::write(plan.failure_pipe, &failure, sizeof failure);
  ::_exit(kRefused);
}

void close_everything_on_exec() {
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int number = 3; number < 4096; ++number) ::fcntl(number, F_SETFD, FD_CLOEXEC);
}

void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

void take_identity(const Plan& plan) {
  if (!plan.identity) return;
  const Identity& identity = *plan.identity;
  if (::setgroups(identity.groups.size(), identity.groups.data()) != 0 ||
      ::setresgid(identity.group, identity.group, identity.group) != 0 ||
      ::setresuid(identity.user, identity.user, identity.user) != 0)
    give_up(plan, Stage::identity);
}

[[noreturn]] void run_child(const Plan& plan) {
  if (::setpgid(0, 0) != 0) give_up(plan, Stage::group);
  close_everything_on_exec();
  for (const auto& move : plan.moves)
    if (::dup2(move.first, move.second) < 0) give_up(plan, Stage::descriptors);
  reset_signals();
  take_identity(plan);
  // After the change of identity, which clears it. The parent may be gone already.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(kRefused);
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) give_up(plan, Stage::directory);
  ::execve(plan.program.c_str(), plan.argv.data(), plan.environment.data());
  give_up(plan, Stage::exec);
}

Error error_of(const Failure& failure, const ProcessOptions& options) {
  const std::string why = std::strerror(failure.reason);
  switch (failure.stage) {
    case Stage::exec:
      return {failure.reason == ENOENT ? ErrorCode::not_found : ErrorCode::internal,
              failure.reason == ENOENT ? "program_not_found" : "program_not_started",
              "cannot run " + options.argv.front() + ": " + why,
              {},
              {}};
    case Stage::identity:
      return {ErrorCode::forbidden,
              "run_as",
              "cannot become user " + options.run_as + ": " + why,
              "only root can run programs as another user",
              {}};
    case Stage::directory:
      return {ErrorCode::not_found,
              "working_directory",
              "cannot enter " + options.working_directory + ": " + why,
              {},
              {}};
    case Stage::group:
    case Stage::descriptors:
      break;
  }
  return {ErrorCode::internal,
          "internal",
          "cannot prepare " + options.argv.front() + ": " + why,
          {},
          {}};
}

Result<Plan> make_plan(const ProcessOptions& options) {
  if (options.argv.empty() || options.argv.front().empty())
    return fail(ErrorCode::invalid_argument, "no program to run");
  for (const std::string& argument : options.argv)
    if (argument.find('\0') != std::string::npos)
      return fail(ErrorCode::invalid_argument, "an argument holds a NUL byte");
  for (const auto& entry : options.descriptors)
    if (entry.first < 3 || entry.first > 255)
      return fail(ErrorCode::invalid_argument, "descriptor numbers go from 3 to 255");
  Plan plan;
  SIGIL_TRY(plan.program, find_program(options));
  SIGIL_TRY(plan.identity, find_identity(options.run_as));
  // execve takes char*, and does not write through it.
  for (const std::string& argument : options.argv)
    plan.argv.push_back(const_cast<char*>(argument.c_str()));
  plan.argv.push_back(nullptr);
  for (const auto& entry : options.environment)
    plan.environment_texts.push_back(entry.first + "=" + entry.second);
  for (std::string& text : plan.environment_texts) plan.environment.push_back(text.data());
  plan.environment.push_back(nullptr);
  if (!options.working_directory.empty()) plan.directory = options.working_directory.c_str();
  plan.parent = ::getpid();
  return plan;
}

Result<void> set_non_blocking(const Descriptor& descriptor) {
  const int flags = ::fcntl(descriptor.get(), F_GETFL);
  if (flags < 0 || ::fcntl(descriptor.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return failed("prepare a pipe");
  return {};
}

// Signals stay blocked from before the fork until the child has reset its handlers, so that none of
// the parent's handlers runs in the child.
pid_t fork_with_signals_blocked(const Plan& plan) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) run_child(plan);
  const int reason = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = reason;
  return pid;
}

}  // namespace

Result<Child> spawn(const ProcessOptions& options) {
  SIGIL_TRY(Plan plan, make_plan(options));
  const int lowest = options.descriptors.empty() ? 10 : options.descriptors.rbegin()->first + 10;
  SIGIL_TRY(Pipe input, make_pipe(lowest));
  SIGIL_TRY(Pipe output, make_pipe(lowest));
  SIGIL_TRY(Pipe error_output, make_pipe(lowest));
  SIGIL_TRY(Pipe failure, make_pipe(lowest));
  plan.moves = {{input.read.get(), 0}, {output.write.get(), 1}, {error_output.write.get(), 2}};
  plan.failure_pipe = failure.write.get();
  Child child;
  std::vector<Descriptor> theirs;
  for (const auto& entry : options.descriptors) {
    SIGIL_TRY(Pipe pipe, make_pipe(lowest));
    plan.moves.push_back({pipe.read.get(), entry.first});
    theirs.push_back(std::move(pipe.read));
    SIGIL_CHECK(set_non_blocking(pipe.write));
    child.feeds.emplace_back(std::move(pipe.write), entry.second.reveal());
  }
  SIGIL_CHECK(set_non_blocking(input.write));
  SIGIL_CHECK(set_non_blocking(output.read));
  SIGIL_CHECK(set_non_blocking(error_output.read));

  child.pid = fork_with_signals_blocked(plan);
  if (child.pid < 0) return failed("start a process");
  failure.write.close();
  Failure reported{};
  ssize_t got = 0;
  do {
    got = ::read(failure.read.get(), &reported, sizeof reported);
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof reported)) {
    while (::waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return fail(error_of(reported, options));
  }
  child.input = std::move(input.write);
  child.output = std::move(output.read);
  child.error_output = std::move(error_output.read);
  return child;
}

}  // namespace sigil::process
