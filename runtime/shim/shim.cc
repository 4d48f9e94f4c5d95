#include "runtime/shim/shim.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>

#include "runtime/shim/probe.h"
#include "runtime/shim/serve.h"

namespace sigil::shim {

namespace {

constexpr const char* kUsage =
    "usage: sigil-shim run -- PROGRAM [ARGUMENT...]\n"
    "       sigil-shim serve -- PROGRAM [ARGUMENT...]\n"
    "       sigil-shim probe\n";

ProcessTable::Limits process_limits(const Options& options) {
  ProcessTable::Limits limits;
  limits.line_bytes_max = options.line_bytes_max;
  limits.eof_grace = options.eof_grace;
  limits.term_grace = options.term_grace;
  return limits;
}

HttpLimits http_limits(const Options& options) {
  HttpLimits limits;
  limits.body_bytes_max = options.line_bytes_max;
  return limits;
}

// setuid programs below us gain nothing, and orphans come to us even where we are not PID 1.
void harden() {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

int run_server(std::vector<std::string> argv) {
  const auto options = read_options(std::move(argv), current_environment());
  if (!options) {
    std::fprintf(stderr, "sigil-shim: %s\n", options.error().message.c_str());
    return 2;
  }
  harden();
  Loop loop(system_clock());
  Shim shim(loop, *options, STDERR_FILENO);
  const auto started = shim.start();
  if (!started) {
    std::fprintf(stderr, "sigil-shim: %s\n", started.error().message.c_str());
    return 1;
  }
  loop.run();
  return shim.exit_code();
}

}  // namespace

Shim::Shim(Loop& loop, const Options& options, int log_descriptor)
    : loop_(loop),
      options_(options),
      log_(system_clock(), log_descriptor),
      processes_(loop, log_, process_limits(options)),
      hub_({loop, processes_, log_, options_}),
      gateway_(hub_, options_),
      server_(loop, http_limits(options),
              [this](const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
                gateway_.handle(request, exchange);
              }) {}

Shim::~Shim() {
  if (signals_.is_open()) loop_.forget(signals_.get());
}

Result<void> Shim::start(bool only_loopback) {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, signal);
  sigprocmask(SIG_BLOCK, &wanted, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signals_ = Descriptor(signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals_.is_open()) return fail(ErrorCode::internal, "no signalfd");
  loop_.watch(signals_.get(), EPOLLIN, [this](std::uint32_t) { read_signals(); });
  SIGIL_CHECK(server_.listen(options_.port, only_loopback));
  hub_.start();
  return {};
}

void Shim::read_signals() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    const auto signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) {
      processes_.reap();
    } else {
      stop(signal);
    }
  }
}

void Shim::stop(int signal) {
  if (is_stopping_) return;
  is_stopping_ = true;
  exit_code_ = 128 + signal;
  processes_.when_empty([this] { finish(); });
  hub_.stop();
  server_.finish_soon();
  processes_.stop_all();
  if (processes_.is_empty()) finish();
}

// One round more, so that the last answers leave.
void Shim::finish() {
  if (std::exchange(is_finished_, true)) return;
  loop_.after(std::chrono::milliseconds(20), [this] { loop_.stop(); });
}

int run_shim(std::vector<std::string> arguments) {
  if (arguments.size() == 1 && arguments[0] == "probe") return run_probe(current_environment());
  const bool is_serve = !arguments.empty() && arguments[0] == "serve";
  if (arguments.size() < 3 || (arguments[0] != "run" && !is_serve) || arguments[1] != "--") {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (is_serve) return run_serve({arguments.begin() + 2, arguments.end()});
  arguments.erase(arguments.begin(), arguments.begin() + 2);
  return run_server(std::move(arguments));
}

}  // namespace sigil::shim
