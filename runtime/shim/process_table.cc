#include "runtime/shim/process_table.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

#include "runtime/shim/child_process.h"

namespace sigil::shim {

namespace {

struct PipePair {
  Descriptor read;
  Descriptor write;
};

Result<PipePair> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::unavailable, std::string("no pipe: ") + std::strerror(errno));
  }
  return PipePair{Descriptor(ends[0]), Descriptor(ends[1])};
}

void set_nonblocking(int descriptor) {
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

// posix_spawn's own types, freed where they go out of scope.
struct Spawn {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  Spawn() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
};

void describe(Spawn& spawn, int input, int output, int error) {
  posix_spawn_file_actions_adddup2(&spawn.actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&spawn.actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&spawn.actions, error, STDERR_FILENO);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&spawn.attributes, &none);
  posix_spawnattr_setsigdefault(&spawn.attributes, &all);
  posix_spawnattr_setpgroup(&spawn.attributes, 0);
  posix_spawnattr_setflags(&spawn.attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The program is looked up in the PATH the child will have, not in ours.
std::string find_program(const ChildSpec& spec) {
  const auto& name = spec.argv[0];
  if (name.find('/') != std::string::npos) return name;
  const auto found = spec.environment.find("PATH");
  std::string_view path = found == spec.environment.end()
                              ? std::string_view("/usr/local/bin:/usr/bin:/bin")
                              : std::string_view(found->second);
  while (!path.empty()) {
    const auto end = path.find(':');
    const std::string folder(path.substr(0, end));
    const auto candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  }
  return {};
}

Result<pid_t> spawn_program(const ChildSpec& spec, Spawn& spawn) {
  const auto program = find_program(spec);
  if (program.empty()) {
    return fail(ErrorCode::not_found, "no_program", "there is no program " + spec.argv[0]);
  }
  auto argv = spec.argv;
  std::vector<std::string> environment;
  for (const auto& [name, value] : spec.environment) environment.push_back(name + "=" + value);
  pid_t pid = 0;
  const int problem = posix_spawn(&pid, program.c_str(), &spawn.actions, &spawn.attributes,
                                  pointers_to(argv).data(), pointers_to(environment).data());
  if (problem == 0) return pid;
  const auto code = problem == ENOENT || problem == EACCES || problem == ENOEXEC
                        ? ErrorCode::not_found
                        : ErrorCode::unavailable;
  return fail(code, "no_start", program + ": " + std::strerror(problem));
}

class Handle final : public Child {
 public:
  explicit Handle(std::shared_ptr<ChildProcess> process) : process_(std::move(process)) {}
  ~Handle() override {
    process_->detach();
    process_->stop();
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  bool send(std::string_view line) override { return process_->send(line); }
  void stop() override { process_->stop(); }

 private:
  std::shared_ptr<ChildProcess> process_;
};

}  // namespace

ProcessTable::ProcessTable(Loop& loop, ChildLog& log, Limits limits)
    : loop_(loop), log_(log), limits_(limits) {}

// Whoever destroys the table wants nothing left: tests, and the very end of main.
ProcessTable::~ProcessTable() {
  for (const auto& entry : by_pid_) {
    kill(-entry.first, SIGKILL);
    waitpid(entry.first, nullptr, 0);
  }
}

Result<std::unique_ptr<Child>> ProcessTable::launch(const ChildSpec& spec,
                                                    ChildListener& listener) {
  SIGIL_TRY(auto input, make_pipe());
  SIGIL_TRY(auto output, make_pipe());
  SIGIL_TRY(auto error, make_pipe());
  Spawn spawn;
  describe(spawn, input.read.get(), output.write.get(), error.write.get());
  SIGIL_TRY(const pid_t pid, spawn_program(spec, spawn));
  for (const auto* ours : {&input.write, &output.read, &error.read}) set_nonblocking(ours->get());
  auto process = std::make_shared<ChildProcess>(
      *this, listener, pid,
      ChildProcess::Pipes{std::move(input.write), std::move(output.read), std::move(error.read)});
  by_pid_[pid] = process;
  process->start();
  return std::unique_ptr<Child>(std::make_unique<Handle>(std::move(process)));
}

void ProcessTable::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0) break;
    const auto found = by_pid_.find(pid);
    if (found == by_pid_.end()) continue;  // an orphan that was handed to us
    const auto process = found->second;
    by_pid_.erase(found);
    process->finish(status);
  }
  if (by_pid_.empty() && when_empty_) when_empty_();
}

void ProcessTable::stop_all() {
  for (const auto& entry : by_pid_) entry.second->stop();
}

}  // namespace sigil::shim
