#include "builder/fetch/git_credential.h"

#include <algorithm>

#include "builder/host_files.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr std::string_view kUsualUser = "x-access-token";

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool is_loopback(std::string_view authority) {
  const auto host = authority.substr(0, authority.rfind(':'));
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

bool is_authority(std::string_view text) {
  return !text.empty() && text.size() <= 260 && text.front() != '-' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-:[]") ==
             std::string_view::npos;
}

// "https://HOST[:PORT]" of what begins like that; the port that goes without saying is left out.
std::optional<std::string> origin_at(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const auto scheme = lower(url.substr(0, scheme_end));
  auto rest = url.substr(scheme_end + 3);
  auto authority = lower(rest.substr(0, rest.find_first_of("/?#")));
  if (const auto at = authority.rfind('@'); at != std::string::npos) authority.erase(0, at + 1);
  const std::string_view usual_port = scheme == "https" ? ":443" : ":80";
  if (authority.ends_with(usual_port)) authority.resize(authority.size() - usual_port.size());
  const bool is_allowed = scheme == "https" || (scheme == "http" && is_loopback(authority));
  if (!is_allowed || !is_authority(authority)) return std::nullopt;
  return scheme + "://" + authority;
}

std::string value_of(std::string_view question, std::string_view name) {
  for (const auto line : lines_of(question))
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == '=')
      return std::string(line.substr(name.size() + 1));
  return {};
}

}  // namespace

Result<std::string> git_origin(std::string_view text) {
  const auto origin = origin_at(text);
  if (origin && *origin == lower(text)) return *origin;
  return fail(ErrorCode::invalid_argument, "E_CONFIG",
              "\"" + excerpt(text, 100) + "\" is no origin of a git server",
              "write https://HOST or https://HOST:PORT");
}

std::optional<std::string> origin_of_source(std::string_view url) { return origin_at(url); }

std::string git_credential_answer(std::string_view question, std::string_view origin,
                                  const Secret& secret) {
  const auto asked = origin_at(value_of(question, "protocol") + "://" + value_of(question, "host"));
  if (!asked || *asked != origin || secret.is_empty()) return {};
  const std::string_view text = secret.reveal();
  const auto colon = text.find(':');
  const auto user = colon == std::string_view::npos ? kUsualUser : text.substr(0, colon);
  const auto password = colon == std::string_view::npos ? text : text.substr(colon + 1);
  // A line break would begin another attribute.
  if (text.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos) return {};
  return "username=" + std::string(user) + "\npassword=" + std::string(password) + "\n";
}

Result<Secret> git_credential_for(const GitCredentialFiles& files, std::string_view url) {
  const auto origin = origin_of_source(url);
  const auto found = origin ? files.find(*origin) : files.end();
  if (found == files.end()) return Secret();
  SIGIL_TRY(auto text, read_host_file(found->second, "the git token for " + *origin,
                                      "check the setting builder.git_credentials"));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.pop_back();
  return Secret(std::move(text));
}

}  // namespace sigil::builder
