#include "cli/secrets.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "cli/text.h"

namespace sigil::cli {
namespace {

constexpr std::size_t kSecretBytesMax = 64 * 1024;
constexpr std::string_view kForms =
    "write --secret NAME (asks), --secret NAME=@FILE or --secret NAME=- (standard input)";

struct Wish {
  std::string name;
  std::string from;  // empty: ask; "-"; "@FILE"
};

Result<Wish> parse_wish(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  if (name.empty())
    return fail(ErrorCode::invalid_argument, "usage", "a secret needs a name", std::string(kForms));
  if (equals == std::string::npos) return Wish{name, {}};
  const std::string from = text.substr(equals + 1);
  if (from == "-" || (from.size() > 1 && from.front() == '@')) return Wish{name, from};
  return fail(ErrorCode::invalid_argument, "usage",
              fmt::format("the value of secret {} may not stand on the command line, where every "
                          "user of this machine can read it",
                          printable(name)),
              std::string(kForms));
}

// What editors and `echo` add at the end does not belong to the secret.
std::string without_line_end(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (!text.empty() && text.back() == '\r') text.pop_back();
  return text;
}

Result<Secret> from_file(const std::string& name, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("secret {}: {} cannot be read: {}", name, path, std::strerror(errno)));
  std::string text(kSecretBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kSecretBytesMax)
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("secret {}: {} has more than 64 KiB", name, path));
  return Secret(without_line_end(std::move(text)));
}

Result<Secret> value_of(const Wish& wish, const Terminal& terminal) {
  if (wish.from.empty()) return terminal.read_secret(wish.name + ": ");
  if (wish.from != "-") return from_file(wish.name, wish.from.substr(1));
  SIGIL_TRY(std::string text, terminal.read_all());
  return Secret(without_line_end(std::move(text)));
}

}  // namespace

Result<std::map<std::string, Secret>> read_secrets(const std::vector<std::string>& wishes,
                                                   const Terminal& terminal) {
  std::map<std::string, Secret> secrets;
  bool has_read_input = false;
  for (const auto& text : wishes) {
    SIGIL_TRY(const Wish wish, parse_wish(text));
    if (wish.from == "-" && has_read_input)
      return fail(ErrorCode::invalid_argument, "usage",
                  "only one secret can come from standard input");
    has_read_input = has_read_input || wish.from == "-";
    auto value = value_of(wish, terminal);
    if (!value) {
      Error error = value.error();
      if (error.hint.empty()) error.hint = std::string(kForms);
      return fail(std::move(error));
    }
    if (value->is_empty())
      return fail(ErrorCode::invalid_argument, "usage",
                  fmt::format("secret {} is empty", wish.name));
    secrets[wish.name] = *std::move(value);
  }
  return secrets;
}

}  // namespace sigil::cli
