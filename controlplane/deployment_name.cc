#include "controlplane/deployment_name.h"

#include <algorithm>

namespace sigil::controlplane {

namespace {

constexpr std::size_t kLengthMax = 63;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::string_view without_suffix(std::string_view text, std::string_view suffix) {
  if (text.size() > suffix.size() && text.substr(text.size() - suffix.size()) == suffix)
    text.remove_suffix(suffix.size());
  return text;
}

std::string sanitised(std::string_view text) {
  std::string name;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (is_letter_or_digit(c)) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  if (name.size() > kLengthMax) name.resize(kLengthMax);
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

std::string reserved_list() {
  std::string text;
  for (const auto name : reserved_names()) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace

const std::vector<std::string_view>& reserved_names() {
  static const std::vector<std::string_view> names = {
      ".well-known", "admin",       "api",    "assets",       "authorize", "callback", "console",
      "docs",        "favicon.ico", "health", "internal",     "login",     "logout",   "mcp",
      "message",     "metrics",     "oauth",  "openapi.yaml", "ping",      "r",        "register",
      "robots.txt",  "servers",     "setup",  "sitemap.xml",  "sse",       "static",   "token",
      "v0",          "v0.1",        "version"};
  return names;
}

Result<void> check_deployment_name(std::string_view name) {
  const auto refuse = [&](std::string message, std::string hint) {
    Error error{ErrorCode::invalid_argument, "E_NAME", std::move(message), std::move(hint), {}};
    error.details["/name"] = error.message;
    return fail(std::move(error));
  };
  if (std::binary_search(reserved_names().begin(), reserved_names().end(), name))
    return refuse("the name \"" + std::string(name) + "\" is a path of Sigil's own",
                  "choose another with --name; reserved are: " + reserved_list());
  const bool fits = !name.empty() && name.size() <= kLengthMax &&
                    is_letter_or_digit(name.front()) &&
                    std::all_of(name.begin(), name.end(),
                                [](char c) { return is_letter_or_digit(c) || c == '-'; });
  if (!fits)
    return refuse(
        "the name \"" + std::string(name.substr(0, 80)) + "\" is not usable as a path segment",
        "use 1 to 63 characters: a-z, 0-9 and -, the first a letter or digit (--name)");
  return {};
}

std::string deployment_name_from(std::string_view location) {
  bool is_bare = true;  // without a prefix that says what it is
  for (const std::string_view prefix : {"npm:", "pypi:", "image:", "git+"}) {
    if (location.substr(0, prefix.size()) != prefix) continue;
    location.remove_prefix(prefix.size());
    is_bare = prefix == "git+";
  }
  location = location.substr(0, location.find_first_of("?#"));
  while (!location.empty() && (location.back() == '/' || location.back() == '.'))
    location.remove_suffix(1);
  const auto slash = location.find_last_of('/');
  if (slash != std::string_view::npos) {
    location.remove_prefix(slash + 1);
  } else if (const auto at = location.find('@'); is_bare && at != std::string_view::npos) {
    const auto colon = location.find(':', at);  // user@host:repository
    if (colon != std::string_view::npos) location.remove_prefix(colon + 1);
  }
  location = location.substr(0, location.find('@', 1));  // version or digest
  location = location.substr(0, location.find(':'));     // tag
  for (const std::string_view suffix : {".git", ".gz", ".tgz", ".tar"})
    location = without_suffix(location, suffix);
  return sanitised(location);
}

}  // namespace sigil::controlplane
