#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "proxy/confinement.h"
#include "proxy/options.h"
#include "proxy/supervisor.h"
#include "proxy/tls_keeper.h"

namespace {

using namespace sigil;
using namespace sigil::proxy;

Result<Sockets> open_sockets(const ProxyOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.data_dir + "/proxy", error);
  if (error)
    return fail(ErrorCode::unavailable,
                "cannot make " + options.data_dir + "/proxy: " + error.message());
  Sockets sockets;
  SIGIL_TRY(sockets.pid_file, lock_pid_file(options.data_dir + "/proxy/sigil-proxy.pid"));
  SIGIL_TRY(sockets.data, listen_on(options.listen, options.workers));
  SIGIL_TRY(auto control, listen_on(options.control, 1));
  sockets.control = std::move(control.front());
  if (options.redirect_listen) {
    SIGIL_TRY(auto redirect, listen_on(*options.redirect_listen, 1));
    sockets.redirect = std::move(redirect.front());
  }
  return sockets;
}

// Set by a worker process that starts us to be its parent.
Result<std::optional<Adopted>> read_adopted() {
  const char* text = std::getenv(kAdoptVariable);
  if (text == nullptr) return std::optional<Adopted>();
  const std::string copy = text;
  ::unsetenv(kAdoptVariable);
  SIGIL_TRY(auto adopted, Adopted::from_text(copy));
  return std::optional<Adopted>(std::move(adopted));
}

int run(const std::vector<std::string>& arguments) {
  const auto options = read_options(arguments, config::environment_of_process("SIGIL_"));
  if (!options.has_value()) {
    std::fprintf(stderr, "%s\n", options.error().message.c_str());
    return 2;
  }
  if (options->asks_for_help) {
    std::fputs(usage().c_str(), stdout);
    return 0;
  }
  log::start(
      {.level = log::Level::info, .json = ::isatty(STDERR_FILENO) == 0, .program = "sigil-proxy"});
  ::umask(0077);
  // A parent that a worker started came by /proc/self/exe and would be called "exe".
  ::prctl(PR_SET_NAME, "sigil-proxy");
  if (!options->tls_cert_file.empty()) {
    const auto tls = TlsKeeper::open(options->tls_cert_file, options->tls_key_file);
    if (!tls.has_value()) {
      std::fprintf(stderr, "sigil-proxy: tls: %s\n", tls.error().message.c_str());
      return 2;
    }
  }
  auto adopted = read_adopted();
  if (!adopted.has_value()) {
    std::fprintf(stderr, "sigil-proxy: %s\n", adopted.error().message.c_str());
    return 1;
  }
  Result<Sockets> sockets = Sockets{};
  if (!*adopted) sockets = open_sockets(*options);
  if (!sockets.has_value()) {
    std::fprintf(stderr, "sigil-proxy: %s\n", sockets.error().message.c_str());
    return 1;
  }
  if (const auto confined = confine(); !confined.has_value()) {
    std::fprintf(stderr, "sigil-proxy: %s\n", confined.error().message.c_str());
    return 1;
  }
  log::info("confined", {{"to", confinement_text()}});
  return run_parent(*options, *std::move(sockets), *std::move(adopted));
}

}  // namespace

int main(int count, char** values) {
  try {
    return run(std::vector<std::string>(values + 1, values + count));
  } catch (const std::exception& thrown) {
    std::fprintf(stderr, "sigil-proxy: %s\n", thrown.what());
    return 1;
  }
}
