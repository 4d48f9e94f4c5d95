#include "proxy/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sstream>

#include "base/log.h"
#include "proxy/proxy_process.h"

extern char** environ;

namespace sigil::proxy {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

// A worker that ends this soon after its start is not started again at once.
constexpr auto kTooSoon = std::chrono::seconds(1);
constexpr auto kPauseAfterCrash = milliseconds(500);
constexpr auto kGraceAfterDrain = milliseconds(3'000);

Descriptor take_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return Descriptor(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
}

// True: somebody wants us to end. SIGHUP and SIGCHLD only wake us.
bool is_told_to_end(const Descriptor& signals) {
  bool is_told = false;
  signalfd_siginfo info{};
  while (::read(signals.get(), &info, sizeof info) == sizeof info)
    is_told = is_told || info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT;
  return is_told;
}

bool has_ended(const Descriptor& link) {
  char byte = 0;
  const auto count = ::recv(link.get(), &byte, 1, MSG_DONTWAIT);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

struct LinkPair {
  Descriptor ours, theirs;
};
LinkPair make_link() {
  std::array<int, 2> ends{-1, -1};
  SIGIL_ASSERT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void wait_for(const Descriptor& signals, const Descriptor& link, milliseconds at_most) {
  std::array<pollfd, 2> waits = {{{signals.get(), POLLIN, 0}, {link.get(), POLLIN, 0}}};
  ::poll(waits.data(), link.is_open() ? 2 : 1, static_cast<int>(at_most.count()));
}

class Parent {
 public:
  Parent(const ProxyOptions& options, Sockets sockets)
      : options_(options), sockets_(std::move(sockets)), signals_(take_signals()) {}

  void adopt(int worker, Descriptor link) {
    worker_ = worker;
    link_ = std::move(link);
    started_ = SteadyClock::now();
    log::info("a worker process that lost its parent has a new one", {{"worker_pid", worker}});
  }

  // -1 in the parent when it is over, else the exit status of a worker process that was forked.
  int run() {
    write_pid(sockets_.pid_file);
    for (;;) {
      if (worker_ == 0) {
        const auto forked = start_worker();
        if (forked) return *forked;
      }
      wait_for(signals_, link_, milliseconds(60'000));
      if (is_told_to_end(signals_) || is_told_) return end();
      if (has_ended(link_)) on_worker_ended();
      if (is_told_) return end();
    }
  }

 private:
  // In the child: the exit status of the worker process.
  std::optional<int> start_worker() {
    LinkPair link = make_link();
    const int parent = ::getpid();
    const int child = ::fork();
    if (child == 0) {
      link.ours.close();
      return run_worker(options_, std::move(sockets_), std::move(link.theirs), parent);
    }
    if (child < 0) {
      log::error("no worker process could be started", {{"reason", std::strerror(errno)}});
      ::poll(nullptr, 0, static_cast<int>(kPauseAfterCrash.count()));
      return std::nullopt;
    }
    worker_ = child;
    link_ = std::move(link.ours);
    started_ = SteadyClock::now();
    return std::nullopt;
  }

  void on_worker_ended() {
    int status = 0;
    ::waitpid(worker_, &status, 0);  // fails for a worker that was adopted: init reaps it
    log::warn("the worker process ended; starting another", {{"worker_pid", worker_}});
    worker_ = 0;
    link_.close();
    if (SteadyClock::now() - started_ < kTooSoon && ++quick_ends_ > 2)
      pause();
    else if (SteadyClock::now() - started_ >= kTooSoon)
      quick_ends_ = 0;
  }

  // The end of the child is a signal itself and must not cut the pause short; being told to end
  // does.
  void pause() {
    const auto until = SteadyClock::now() + kPauseAfterCrash;
    while (!is_told_) {
      const auto left = std::chrono::duration_cast<milliseconds>(until - SteadyClock::now());
      if (left.count() <= 0) return;
      wait_for(signals_, link_, left);
      is_told_ = is_told_to_end(signals_);
    }
  }

  int end() {
    // Newcomers are refused at once instead of waiting in a queue nobody serves.
    sockets_.data.clear();
    sockets_.redirect.close();
    if (worker_ == 0) return 0;
    ::kill(worker_, SIGTERM);
    const auto deadline = SteadyClock::now() + options_.drain_max + kGraceAfterDrain;
    while (!has_ended(link_)) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - SteadyClock::now());
      if (left.count() <= 0) {
        log::warn("the worker process did not end in time", {{"worker_pid", worker_}});
        ::kill(worker_, SIGKILL);
        break;
      }
      wait_for(signals_, link_, std::min(left, milliseconds(200)));
      (void)is_told_to_end(signals_);
    }
    int status = 0;
    ::waitpid(worker_, &status, 0);
    return 0;
  }

  const ProxyOptions& options_;
  Sockets sockets_;
  Descriptor signals_;
  Descriptor link_;
  int worker_ = 0;
  int quick_ends_ = 0;
  bool is_told_ = false;
  SteadyClock::time_point started_{};
};

// Environment and arguments of a new parent, made before the fork: after it only calls that are
// safe in a copy of a process with threads are left.
class Successor {
 public:
  Successor(const ProxyOptions& options, const std::string& adopted) {
    arguments_ = {"sigil-proxy",
                  "--data-dir=" + options.data_dir,
                  "--listen=" + options.listen.text(),
                  "--api=" + options.api.text(),
                  "--control=" + options.control.text(),
                  "--workers=" + std::to_string(options.workers),
                  "--drain-max=" + std::to_string(options.drain_max.count()) + "ms",
                  "--tls-cert-file=" + options.tls_cert_file,
                  "--tls-key-file=" + options.tls_key_file,
                  "--trusted-proxies=" + options.trusted_proxies_text,
                  std::string("--proxy-protocol=") + (options.has_preamble ? "true" : "false")};
    if (options.redirect_listen)
      arguments_.push_back("--redirect-listen=" + options.redirect_listen->text());
    for (char** entry = environ; *entry != nullptr; ++entry)
      if (!std::string_view(*entry).starts_with(std::string(kAdoptVariable) + "="))
        environment_.emplace_back(*entry);
    environment_.push_back(std::string(kAdoptVariable) + "=" + adopted);
    for (auto& text : arguments_) argv_.push_back(text.data());
    for (auto& text : environment_) envp_.push_back(text.data());
    argv_.push_back(nullptr);
    envp_.push_back(nullptr);
  }

  int start(const std::vector<int>& inherited) const {
    const int child = ::fork();
    if (child != 0) return child;
    for (const int descriptor : inherited) ::fcntl(descriptor, F_SETFD, 0);
    ::execve("/proc/self/exe", argv_.data(), envp_.data());
    ::_exit(127);
  }

 private:
  std::vector<std::string> arguments_, environment_;
  std::vector<char*> argv_, envp_;
};

class WorkerWatch {
 public:
  WorkerWatch(const ProxyOptions& options, const Sockets& sockets, Descriptor link, int parent,
              ProxyProcess& process)
      : options_(options),
        sockets_(sockets),
        link_(std::move(link)),
        parent_(parent),
        process_(process) {
    process_.set_parent(parent_);
  }

  const Descriptor& link() const { return link_; }

  void on_parent_ended() {
    int status = 0;
    ::waitpid(parent_, &status, WNOHANG);  // a parent that we started is our child
    LinkPair link = make_link();
    std::string text = std::to_string(::getpid()) + " " + std::to_string(link.theirs.get()) + " " +
                       sockets_.to_text();
    std::vector<int> inherited = {link.theirs.get(), sockets_.control.get(),
                                  sockets_.pid_file.get()};
    if (sockets_.redirect.is_open()) inherited.push_back(sockets_.redirect.get());
    for (const Descriptor& socket : sockets_.data) inherited.push_back(socket.get());
    parent_ = Successor(options_, text).start(inherited);
    process_.set_parent(parent_);
    log::warn("the parent process ended; started another", {{"pid", parent_}});
    if (parent_ > 0) link_ = std::move(link.ours);
    // One that ends at once must not be started in a tight loop.
    if (SteadyClock::now() - last_start_ < kTooSoon)
      ::poll(nullptr, 0, static_cast<int>(kPauseAfterCrash.count()));
    last_start_ = SteadyClock::now();
  }

 private:
  const ProxyOptions& options_;
  const Sockets& sockets_;
  Descriptor link_;
  int parent_;
  ProxyProcess& process_;
  SteadyClock::time_point last_start_{};
};

void drain(ProxyProcess& process, Sockets& sockets, milliseconds at_most) {
  log::info("the worker process finishes its last calls");
  process.begin_drain();
  const auto deadline = SteadyClock::now() + at_most;
  while (SteadyClock::now() < deadline) {
    // Closed as soon as nobody accepts: newcomers are refused instead of left in the queue.
    if (process.has_stopped_accepting()) {
      sockets.data.clear();
      sockets.redirect.close();
    }
    if (sockets.data.empty() && process.is_idle()) break;
    ::poll(nullptr, 0, 20);
  }
}

}  // namespace

std::string Adopted::to_text() const {
  return std::to_string(worker_pid) + " " + std::to_string(link.get()) + " " + sockets.to_text();
}

Result<Adopted> Adopted::from_text(const std::string& text) {
  std::istringstream numbers(text);
  Adopted adopted;
  int link = -1;
  if (!(numbers >> adopted.worker_pid >> link) || adopted.worker_pid <= 1 ||
      ::fcntl(link, F_SETFD, FD_CLOEXEC) != 0)
    return fail(ErrorCode::invalid_argument, std::string(kAdoptVariable) + " cannot be read");
  adopted.link = Descriptor(link);
  std::string rest;
  std::getline(numbers, rest);
  SIGIL_TRY(adopted.sockets, Sockets::from_text(rest));
  return adopted;
}

int run_parent(const ProxyOptions& options, Sockets sockets, std::optional<Adopted> adopted) {
  if (adopted) sockets = std::move(adopted->sockets);
  Parent parent(options, std::move(sockets));
  if (adopted) parent.adopt(adopted->worker_pid, std::move(adopted->link));
  return parent.run();
}

int run_worker(const ProxyOptions& options, Sockets sockets, Descriptor link, int parent_pid) {
  const Descriptor signals = take_signals();
  const auto process = ProxyProcess::start(options, sockets);
  if (!process.has_value()) {
    log::error("the worker process cannot start", {{"reason", process.error().message}});
    return 1;
  }
  log::info("serving", {{"listen", options.listen.text()}, {"workers", options.workers}});
  WorkerWatch watch(options, sockets, std::move(link), parent_pid, **process);
  for (;;) {
    wait_for(signals, watch.link(), milliseconds(60'000));
    if (is_told_to_end(signals)) break;
    if (has_ended(watch.link())) watch.on_parent_ended();
  }
  drain(**process, sockets, options.drain_max);
  return 0;
}

}  // namespace sigil::proxy
