#include "cli/credentials.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/json.h"

namespace sigil::cli {
namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;

bool is_file(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode);
}

std::string mode_warning(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || (facts.st_mode & 0077U) == 0) return {};
  return fmt::format("{} can be read by others (mode {:04o}): chmod 600 {}", path,
                     facts.st_mode & 07777U, path);
}

Result<std::string> read_small_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileBytesMax)
    return fail(ErrorCode::invalid_argument, "usage",
                path + " is too large for a credentials file");
  return text;
}

std::string without_slash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

Result<void> read_file_into(Credentials& credentials) {
  SIGIL_TRY(const std::string text, read_small_file(credentials.path));
  const auto parsed = parse_json(text);
  if (!parsed || !parsed->is_object())
    return fail(ErrorCode::invalid_argument, "usage",
                credentials.path + R"( is not {"url": "…", "key": "…"})",
                "set SIGIL_URL and SIGIL_API_KEY, or run make up again, which writes the file");
  const std::string url = string_or(*parsed, "url");
  if (!url.empty()) credentials.url = without_slash(url);
  credentials.key = Secret(string_or(*parsed, "key"));
  credentials.warning = mode_warning(credentials.path);
  return {};
}

}  // namespace

std::string credentials_path(const Environment& environment) {
  const std::string home = environment("HOME").value_or("");
  const std::string xdg = environment("XDG_CONFIG_HOME").value_or("");
  const std::string tail = "/sigil/credentials.json";
  if (!xdg.empty() && is_file(xdg + tail)) return xdg + tail;
  return home.empty() ? std::string() : home + "/.config" + tail;
}

Result<Credentials> find_credentials(const Environment& environment) {
  Credentials credentials;
  const auto url = environment("SIGIL_URL");
  const auto key = environment("SIGIL_API_KEY");
  const std::string path = credentials_path(environment);
  if (!(url && key) && is_file(path)) {
    credentials.path = path;
    SIGIL_CHECK(read_file_into(credentials));
  }
  if (url && !url->empty()) {
    // A key belongs to the server it was made on; another server must not see it.
    if (without_slash(*url) != credentials.url) credentials.key = Secret();
    credentials.url = without_slash(*url);
  }
  if (key) credentials.key = Secret(*key);
  if (credentials.url.rfind("http://", 0) != 0 && credentials.url.rfind("https://", 0) != 0)
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("'{}' is not an http or https URL", credentials.url),
                "set SIGIL_URL, for instance to http://127.0.0.1:7450");
  return credentials;
}

}  // namespace sigil::cli
