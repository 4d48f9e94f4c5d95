#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "controlplane/command_line.h"
#include "controlplane/settings_table.h"
#include "controlplane/sigild.h"
#include "registry-db/cluster.h"

namespace {

using namespace sigil;
using namespace sigil::controlplane;

sigset_t signals_of_ours() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  return set;
}

void start_log(const Settings& settings) {
  log::Options options;
  options.program = "sigild";
  options.json = settings.log_format == "json" ||
                 (settings.log_format == "auto" && ::isatty(STDERR_FILENO) == 0);
  options.level = settings.log_level == "debug"   ? log::Level::debug
                  : settings.log_level == "warn"  ? log::Level::warn
                  : settings.log_level == "error" ? log::Level::error
                                                  : log::Level::info;
  log::start(options);
}

int report(const Error& error) {
  std::fprintf(stderr, "sigild: %s\n", error.message.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "  %s\n", error.hint.c_str());
  return error.code == ErrorCode::invalid_argument ? 2 : 1;
}

int serve(Settings settings) {
  start_log(settings);
  ::umask(0027);
  ::signal(SIGPIPE, SIG_IGN);
  // Blocked before the first thread starts, so that all of them have it blocked and one waits.
  const auto signals = signals_of_ours();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::stop_source stop;
  std::jthread waiter([&](const std::stop_token& finished) {
    const timespec look_up{0, 200'000'000};
    while (!finished.stop_requested())
      if (::sigtimedwait(&signals, nullptr, &look_up) > 0) stop.request_stop();
  });
  auto sigild = Sigild::start(std::move(settings), stop.get_token());
  if (!sigild) {
    log::error("sigild could not start",
               {{"error", sigild.error().message}, {"hint", sigild.error().hint}});
    return report(sigild.error());
  }
  log::info("sigild is ready", {{"api", (*sigild)->settings().api_listen.text()},
                                {"public_url", (*sigild)->settings().public_url},
                                {"version", kVersion}});
  while (sleep_for(std::chrono::hours(1), stop.get_token())) {
  }
  log::info("sigild stops");
  sigild->reset();
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  const auto line = read_command_line(arguments, config::environment_of_process("SIGIL_"));
  if (!line) return report(line.error());
  if (line->command == Command::print_help) return std::fputs(help_text().c_str(), stdout) < 0;
  if (line->command == Command::print_version) return std::printf("sigild %s\n", kVersion) < 0;
  if (line->command == Command::print_settings)
    return std::fputs(config::reference_page(settings_table(), "Settings of sigild").c_str(),
                      stdout) < 0;
  auto settings = load_settings(line->sources);
  if (!settings) return report(settings.error());
  if (line->command == Command::check) return std::puts("the settings are fine") < 0;
  if (line->command == Command::stop_database) {
    const auto stopped =
        db::Cluster::stop_at(settings->data_dir + "/postgres", std::chrono::seconds(30));
    return stopped ? 0 : report(stopped.error());
  }
  return serve(*std::move(settings));
}

}  // namespace

int main(int count, char** values) {
  try {
    return run(std::vector<std::string>(values + 1, values + count));
  } catch (const std::exception& thrown) {
    std::fprintf(stderr, "sigild: %s\n", thrown.what());
    return 1;
  }
}
