#include "cli/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace sigil::cli {
namespace {

constexpr std::size_t kInputBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kSecretBytesMax = 64 * 1024;

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads any more; there is nobody to tell
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Byte by byte, so that what follows the line stays unread for the next reader.
std::optional<std::string> read_line_from(int descriptor, std::size_t bytes_max) {
  std::string line;
  char byte = 0;
  while (line.size() < bytes_max) {
    const ssize_t count = ::read(descriptor, &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return line.empty() ? std::nullopt : std::optional(line);
    if (byte == '\n') break;
    line.push_back(byte);
  }
  return line;
}

Result<std::string> read_all_from(int descriptor) {
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(ErrorCode::invalid_argument, "standard input cannot be read");
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kInputBytesMax)
      return fail(ErrorCode::too_large, "standard input has more than 16 MiB");
  }
}

// Turns echo off as long as it lives.
class WithoutEcho {
 public:
  explicit WithoutEcho(int descriptor) : descriptor_(descriptor) {
    is_changed_ = ::tcgetattr(descriptor_, &before_) == 0;
    if (!is_changed_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(descriptor_, TCSAFLUSH, &silent);
  }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;
  ~WithoutEcho() {
    if (is_changed_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
  }

 private:
  int descriptor_;
  bool is_changed_ = false;
  termios before_{};
};

// The terminal itself, not standard input: that one may be the source of another secret.
Result<Secret> read_secret_from_terminal(std::string_view prompt) {
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (terminal < 0)
    return fail(ErrorCode::invalid_argument, "usage", "there is no terminal to ask for a secret");
  std::optional<std::string> line;
  {
    const WithoutEcho silence(terminal);
    write_all(terminal, prompt);
    line = read_line_from(terminal, kSecretBytesMax);
    write_all(terminal, "\n");
  }
  ::close(terminal);
  if (!line) return fail(ErrorCode::invalid_argument, "usage", "no secret was given");
  return Secret(*std::move(line));
}

int columns_of(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

Terminal real_terminal() {
  Terminal terminal;
  terminal.out = [](std::string_view text) { write_all(STDOUT_FILENO, text); };
  terminal.err = [](std::string_view text) { write_all(STDERR_FILENO, text); };
  terminal.read_line = [] { return read_line_from(STDIN_FILENO, kInputBytesMax); };
  terminal.read_all = [] { return read_all_from(STDIN_FILENO); };
  terminal.read_secret = read_secret_from_terminal;
  terminal.is_in_terminal = ::isatty(STDIN_FILENO) == 1;
  terminal.is_out_terminal = ::isatty(STDOUT_FILENO) == 1;
  terminal.is_err_terminal = ::isatty(STDERR_FILENO) == 1;
  terminal.columns = columns_of(terminal.is_out_terminal ? STDOUT_FILENO : STDERR_FILENO);
  const char* no_color = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  terminal.has_color = (no_color == nullptr || *no_color == '\0') && kind != nullptr &&
                       std::string_view(kind) != "dumb";
  return terminal;
}

Environment real_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

}  // namespace sigil::cli
