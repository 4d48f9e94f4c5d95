#include "runtime/shim/child_process.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>

namespace sigil::shim {

namespace {

constexpr std::size_t kStderrLinesKept = 20;
constexpr std::size_t kStderrLineKept = 512;
constexpr int kReadsPerRound = 4;
constexpr std::size_t kReadBytes = 64 * 1024;

// -1: nothing there now; 0: the end.
ssize_t read_some(int descriptor, std::array<char, kReadBytes>& buffer) {
  for (;;) {
    const auto count = ::read(descriptor, buffer.data(), buffer.size());
    if (count >= 0) return count;
    if (errno != EINTR) return errno == EAGAIN ? -1 : 0;
  }
}

std::array<char, kReadBytes>& read_buffer() {
  static std::array<char, kReadBytes> buffer;  // one thread; keeps a child's own memory small
  return buffer;
}

}  // namespace

ChildProcess::ChildProcess(ProcessTable& table, ChildListener& listener, pid_t pid, Pipes pipes)
    : table_(table),
      listener_(&listener),
      pid_(pid),
      pipes_(std::move(pipes)),
      output_(table.limits().line_bytes_max),
      error_(ChildLog::kLineBytesMax) {}

ChildProcess::~ChildProcess() {
  table_.loop().cancel(timer_);
  close_pipe(pipes_.input);
  close_pipe(pipes_.output);
  close_pipe(pipes_.error);
}

void ChildProcess::start() {
  watch_output(pipes_.output, &ChildProcess::read_output);
  watch_output(pipes_.error, &ChildProcess::read_error);
}

void ChildProcess::watch_output(Descriptor& pipe, void (ChildProcess::*read)()) {
  const std::weak_ptr<ChildProcess> self = weak_from_this();
  table_.loop().watch(pipe.get(), EPOLLIN, [self, read](std::uint32_t) {
    if (const auto alive = self.lock()) ((*alive).*read)();
  });
}

void ChildProcess::close_pipe(Descriptor& pipe) {
  if (!pipe.is_open()) return;
  table_.loop().forget(pipe.get());
  pipe.close();
}

bool ChildProcess::send(std::string_view line) {
  const auto& limits = table_.limits();
  // A single message may be larger than the limit of the queue; it then travels alone.
  const bool is_full = queue_.size() >= limits.queue_messages_max ||
                       (!queue_.empty() && queue_bytes_ + line.size() > limits.queue_bytes_max);
  if (is_full || !pipes_.input.is_open()) return false;
  std::string message(line);
  message += '\n';
  queue_bytes_ += message.size();
  queue_.push_back(std::move(message));
  if (!is_waiting_to_write_) flush_input();
  return true;
}

void ChildProcess::flush_input() {
  while (!queue_.empty() && pipes_.input.is_open()) {
    const auto& message = queue_.front();
    const auto count =
        ::write(pipes_.input.get(), message.data() + written_, message.size() - written_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) {  // the child closed its end; what it still says is read, then it is reaped
      close_pipe(pipes_.input);
      queue_.clear();
      queue_bytes_ = 0;
      return;
    }
    written_ += static_cast<std::size_t>(count);
    if (written_ < message.size()) continue;
    queue_bytes_ -= message.size();
    queue_.pop_front();
    written_ = 0;
  }
  if (!pipes_.input.is_open()) return;
  if (queue_.empty() && stage_ != Stage::running) return close_pipe(pipes_.input);
  if (queue_.empty() == !is_waiting_to_write_) return;
  if (is_waiting_to_write_) {
    table_.loop().forget(pipes_.input.get());
  } else {
    const std::weak_ptr<ChildProcess> self = weak_from_this();
    table_.loop().watch(pipes_.input.get(), EPOLLOUT, [self](std::uint32_t) {
      if (const auto alive = self.lock()) alive->flush_input();
    });
  }
  is_waiting_to_write_ = !is_waiting_to_write_;
}

void ChildProcess::read_output() {
  const auto self = shared_from_this();
  auto& buffer = read_buffer();
  for (int round = 0; round < kReadsPerRound && pipes_.output.is_open(); ++round) {
    const auto count = read_some(pipes_.output.get(), buffer);
    if (count < 0) return;
    if (count == 0) {  // it cannot answer any more, so it is of no use even while it runs
      close_pipe(pipes_.output);
      stop();
      return;
    }
    // A copy: what a line sets off may read from other children through the same buffer.
    const std::string bytes(buffer.data(), static_cast<std::size_t>(count));
    const bool is_fine =
        output_.feed(bytes, [this](std::string_view line) { return take_line(line); });
    if (is_fine) continue;
    line_was_too_long_ = true;
    table_.log().note("a line on standard output is over the limit; the server is stopped");
    close_pipe(pipes_.output);
    kill(-pid_, SIGKILL);
    return;
  }
}

bool ChildProcess::take_line(std::string_view line) {
  if (line.find_first_not_of(" \t") == std::string_view::npos) return true;
  if (listener_ == nullptr || listener_->on_line(line)) return true;
  ++garbage_lines_;
  table_.log().line(line);
  return true;
}

void ChildProcess::read_error() {
  auto& buffer = read_buffer();
  for (int round = 0; round < kReadsPerRound; ++round) {
    const auto count = read_some(pipes_.error.get(), buffer);
    if (count < 0) return;
    if (count == 0) return close_pipe(pipes_.error);
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    const auto take = [this](std::string_view line) {
      take_error_line(line);
      return true;
    };
    // A line without end is passed on in pieces.
    if (!error_.feed(bytes, take)) take_error_line(error_.take_rest());
  }
}

void ChildProcess::take_error_line(std::string_view line) {
  table_.log().line(line);
  last_stderr_.emplace_back(line.substr(0, kStderrLineKept));
  if (last_stderr_.size() > kStderrLinesKept) last_stderr_.pop_front();
}

void ChildProcess::stop() {
  if (stage_ != Stage::running) return;
  stage_ = Stage::input_closed;
  if (queue_.empty()) close_pipe(pipes_.input);
  const std::weak_ptr<ChildProcess> self = weak_from_this();
  timer_ = table_.loop().after(table_.limits().eof_grace, [self] {
    if (const auto alive = self.lock()) alive->escalate();
  });
}

void ChildProcess::escalate() {
  close_pipe(pipes_.input);
  if (stage_ == Stage::terminated) {
    stage_ = Stage::killed;
    kill(-pid_, SIGKILL);
    return;
  }
  stage_ = Stage::terminated;
  kill(-pid_, SIGTERM);
  const std::weak_ptr<ChildProcess> self = weak_from_this();
  timer_ = table_.loop().after(table_.limits().term_grace, [self] {
    if (const auto alive = self.lock()) alive->escalate();
  });
}

// Its last words may still be in the pipes; grandchildren may hold the pipes open, so this reads
// what is there and does not wait for the end.
void ChildProcess::drain() {
  while (pipes_.error.is_open()) {
    const auto count = read_some(pipes_.error.get(), read_buffer());
    if (count <= 0) break;
    const std::string_view bytes(read_buffer().data(), static_cast<std::size_t>(count));
    const auto take = [this](std::string_view line) {
      take_error_line(line);
      return true;
    };
    if (!error_.feed(bytes, take)) break;
  }
  if (const auto rest = error_.take_rest(); !rest.empty()) take_error_line(rest);
  while (pipes_.output.is_open()) {
    const auto count = read_some(pipes_.output.get(), read_buffer());
    if (count <= 0) break;
    const std::string bytes(read_buffer().data(), static_cast<std::size_t>(count));
    if (!output_.feed(bytes, [this](std::string_view line) { return take_line(line); })) break;
  }
}

// What the server started itself, in its group, ends with it.
void ChildProcess::end_group() {
  if (kill(-pid_, SIGTERM) != 0) return;
  const pid_t group = pid_;
  table_.loop().after(table_.limits().term_grace, [group] { kill(-group, SIGKILL); });
}

void ChildProcess::finish(int status) {
  const auto self = shared_from_this();
  table_.loop().cancel(timer_);
  drain();
  close_pipe(pipes_.input);
  close_pipe(pipes_.output);
  close_pipe(pipes_.error);
  end_group();
  if (garbage_lines_ > 0) {
    table_.log().note(std::to_string(garbage_lines_) +
                      " lines on standard output were no messages");
  }
  if (listener_ == nullptr) return;
  ChildExit exit;
  exit.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  exit.last_stderr.assign(last_stderr_.begin(), last_stderr_.end());
  exit.line_was_too_long = line_was_too_long_;
  auto* listener = listener_;
  listener_ = nullptr;
  listener->on_exit(exit);
}

}  // namespace sigil::shim
