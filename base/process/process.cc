#include "base/process/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/process/spawn.h"

namespace sigil {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kLineBytesMax = 16 * 1024;
// Without pidfd_open (kernels before 5.3) the exit is looked for this often.
constexpr milliseconds kLookAgain{20};

// A program that closes its input early must not kill us; the signal is taken back before the
// thread's mask is restored.
class SigpipeBlocked {
 public:
  SigpipeBlocked() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;
  ~SigpipeBlocked() {
    if (sigismember(&before_, SIGPIPE) == 1) return;
    const timespec no_time{};
    while (sigtimedwait(&pipe_, nullptr, &no_time) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

struct Feed {
  Descriptor descriptor;
  std::string_view left;
};

// Takes what the program wrote: keeps up to a cap, calls back line by line.
struct Sink {
  Descriptor descriptor;
  std::string* kept = nullptr;
  std::size_t bytes_max = 0;
  bool* was_cut = nullptr;
  const std::function<void(std::string_view)>* on_line = nullptr;
  std::string line;

  void take(std::string_view piece) {
    const std::size_t room = bytes_max - std::min(bytes_max, kept->size());
    kept->append(piece.substr(0, room));
    if (piece.size() > room) *was_cut = true;
    if (on_line == nullptr || !*on_line) return;
    for (const char c : piece) {
      if (c == '\n' || line.size() >= kLineBytesMax) flush_line();
      if (c != '\n') line += c;
    }
  }
  void flush_line() {
    (*on_line)(line);
    line.clear();
  }
  void finish() {
    if (!line.empty()) flush_line();
  }
};

class Running {
 public:
  Running(process::Child child, const ProcessOptions& options, ProcessOutcome& outcome)
      : pid_(child.pid), exit_(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0))) {
    feeds_.push_back({std::move(child.input), options.input});
    for (auto& feed : child.feeds) feeds_.push_back({std::move(feed.first), feed.second});
    sinks_[0] = {std::move(child.output), &outcome.output, options.output_bytes_max,
                 &outcome.output_was_cut, nullptr,         {}};
    sinks_[1] = {std::move(child.error_output), &outcome.error_output,   options.output_bytes_max,
                 &outcome.output_was_cut,       &options.on_stderr_line, {}};
    for (Feed& feed : feeds_) write_some(feed);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (pid_ > 0) {
      kill_group();
      reap();
    }
  }

  // One round of waiting and moving bytes; true once the program itself has ended.
  bool step(int wake_descriptor, milliseconds time) {
    std::vector<pollfd> waiting = {{wake_descriptor, POLLIN, 0}, {exit_.get(), POLLIN, 0}};
    for (const Sink& sink : sinks_) waiting.push_back({sink.descriptor.get(), POLLIN, 0});
    for (const Feed& feed : feeds_) waiting.push_back({feed.descriptor.get(), POLLOUT, 0});
    if (!exit_.is_open()) time = std::min(time, kLookAgain);
    (void)::poll(waiting.data(), waiting.size(), static_cast<int>(time.count()));
    for (std::size_t i = 0; i < sinks_.size(); ++i)
      if (waiting[2 + i].revents != 0) read_some(sinks_[i]);
    for (std::size_t i = 0; i < feeds_.size(); ++i)
      if (waiting[2 + sinks_.size() + i].revents != 0) write_some(feeds_[i]);
    return has_ended();
  }

  // The rest of the output, without waiting: what the group's stragglers still write is not ours.
  int finish() {
    for (Sink& sink : sinks_) {
      for (int round = 0; round < 1024 && read_some(sink); ++round) {
      }
      sink.finish();
    }
    kill_group();
    return reap();
  }

 private:
  bool has_ended() const {
    siginfo_t about{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &about, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           about.si_pid == pid_;
  }

  // The leader is a zombie until reap(), so the group's number cannot have been given to others.
  void kill_group() const { ::kill(-pid_, SIGKILL); }

  int reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  static bool read_some(Sink& sink) {
    std::array<char, 16 * 1024> buffer;
    const ssize_t got = ::read(sink.descriptor.get(), buffer.data(), buffer.size());
    if (got > 0) {
      sink.take({buffer.data(), static_cast<std::size_t>(got)});
      return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) sink.descriptor.close();
    return false;
  }

  static void write_some(Feed& feed) {
    while (feed.descriptor.is_open() && !feed.left.empty()) {
      const ssize_t done = ::write(feed.descriptor.get(), feed.left.data(), feed.left.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0 && errno == EAGAIN) return;
      // EPIPE: the program does not want the rest; its exit status tells what it thinks of it.
      if (done < 0) break;
      feed.left.remove_prefix(static_cast<std::size_t>(done));
    }
    feed.descriptor.close();
  }

  pid_t pid_;
  Descriptor exit_;
  std::vector<Feed> feeds_;
  std::array<Sink, 2> sinks_;
};

}  // namespace

Result<ProcessOutcome> run_process(const ProcessOptions& options, std::stop_token stop) {
  const auto deadline = steady_clock::now() + options.time_max;
  const Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.is_open()) return fail(ErrorCode::internal, "cannot make an eventfd");
  const std::stop_callback on_stop(stop, [&wake] {
    const std::uint64_t one = 1;
    (void)!::write(wake.get(), &one, sizeof one);
  });
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "cancelled");

  const SigpipeBlocked no_sigpipe;
  SIGIL_TRY(process::Child child, process::spawn(options));
  ProcessOutcome outcome;
  Running running(std::move(child), options, outcome);
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0)
      return fail(ErrorCode::timed_out, options.argv.front() + " did not end within " +
                                            std::to_string(options.time_max.count()) + " ms");
    if (running.step(wake.get(), std::min<milliseconds>(left, std::chrono::hours(1)))) break;
    if (stop.stop_requested())
      return fail(ErrorCode::cancelled, options.argv.front() + " was cancelled");
  }
  outcome.exit_code = running.finish();
  return outcome;
}

}  // namespace sigil
