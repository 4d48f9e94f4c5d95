#include "controlplane/api/server_json.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace sigil::api {
namespace {

constexpr std::size_t kBytesMax = 256 * 1024;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_made_of(std::string_view text, std::string_view extra) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter_or_digit(c) || extra.find(c) != std::string_view::npos;
  });
}

bool is_server_name(std::string_view name) {
  const auto slash = name.find('/');
  return name.size() >= 3 && name.size() <= 200 && slash != std::string_view::npos &&
         is_made_of(name.substr(0, slash), ".-") && is_made_of(name.substr(slash + 1), "._-");
}

bool is_http_url(std::string_view url) {
  const bool has_scheme = url.rfind("https://", 0) == 0 || url.rfind("http://", 0) == 0;
  return has_scheme && url.size() <= 2048 && url.find_first_of(" \t\r\n\"<>") == url.npos;
}

// Lengths count code points.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

class Reader {
 public:
  Reader(const Json& server, std::string_view pointer) : server_(server), pointer_(pointer) {}

  std::string text(const char* name, bool is_required, std::size_t length_max) {
    const auto found = server_.find(name);
    if (found == server_.end()) {
      if (is_required) complain(name, "is required");
      return {};
    }
    if (!found->is_string()) {
      complain(name, "must be text");
      return {};
    }
    auto value = found->get<std::string>();
    if (value.empty() || length_of(value) > length_max)
      complain(name, "must have 1 to " + std::to_string(length_max) + " characters");
    return value;
  }

  std::string url_in(const char* name, const char* member) {
    const auto found = server_.find(name);
    if (found == server_.end()) return {};
    const std::string url = found->is_object() ? string_or(*found, member) : std::string();
    if (!is_http_url(url))
      complain(std::string(name) + "/" + member, "must be an http or https URL");
    return url;
  }

  void complain(std::string_view where, std::string message) {
    complaints_.emplace(pointer_ + "/" + std::string(where), std::move(message));
  }

  Result<void> finish() {
    if (complaints_.empty()) return {};
    const auto& first = *complaints_.begin();
    return fail(Error{ErrorCode::invalid_argument, "invalid_body", first.first + " " + first.second,
                      "The schema is server.json 2025-12-11.", complaints_});
  }

 private:
  const Json& server_;
  std::string pointer_;
  std::map<std::string, std::string> complaints_;
};

void check_remotes(const Json& server, Reader& reader) {
  const auto remotes = server.find("remotes");
  if (remotes == server.end()) return;
  if (!remotes->is_array()) return reader.complain("remotes", "must be an array");
  for (std::size_t i = 0; i < remotes->size(); ++i) {
    const Json& remote = (*remotes)[i];
    const std::string at = "remotes/" + std::to_string(i);
    const std::string type = remote.is_object() ? string_or(remote, "type") : std::string();
    if (type != "streamable-http" && type != "sse")
      reader.complain(at + "/type", "must be streamable-http or sse");
    if (!remote.is_object() || !is_http_url(string_or(remote, "url")))
      reader.complain(at + "/url", "must be an http or https URL");
  }
}

void check_packages(const Json& server, Reader& reader) {
  const auto packages = server.find("packages");
  if (packages == server.end()) return;
  if (!packages->is_array()) return reader.complain("packages", "must be an array");
  for (std::size_t i = 0; i < packages->size(); ++i) {
    const Json& package = (*packages)[i];
    const std::string at = "packages/" + std::to_string(i);
    for (const char* name : {"registryType", "identifier"})
      if (!package.is_object() || string_or(package, name).empty())
        reader.complain(at + "/" + name, "is required");
    if (!package.is_object() || !package.contains("transport"))
      reader.complain(at + "/transport", "is required");
  }
}

// A version range is not a version: "^1.2", ">=3", "1.x", "latest".
bool is_version(std::string_view version) {
  return version != "latest" && version.find_first_of("^~<>=*| /") == version.npos;
}

struct SemanticVersion {
  std::array<std::string, 3> numbers;   // without leading zeros
  std::vector<std::string> prerelease;  // empty: a release
};

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<SemanticVersion> parse_semantic(std::string_view text) {
  if (!text.empty() && text.front() == 'v') text.remove_prefix(1);
  text = text.substr(0, text.find('+'));
  SemanticVersion version;
  const auto dash = text.find('-');
  if (dash != std::string_view::npos) version.prerelease = split(text.substr(dash + 1), '.');
  const auto numbers = split(text.substr(0, dash), '.');
  if (numbers.size() > 3) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) {
    if (i < numbers.size() && !is_number(numbers[i])) return std::nullopt;
    std::string number = i < numbers.size() ? numbers[i] : "0";
    number.erase(0, std::min(number.find_first_not_of('0'), number.size() - 1));
    version.numbers[i] = std::move(number);
  }
  return version;
}

// Numbers of any length, without leading zeros.
int compare_numbers(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

int compare_identifiers(const std::string& a, const std::string& b) {
  if (is_number(a) && is_number(b)) return compare_numbers(a, b);
  if (is_number(a) != is_number(b)) return is_number(a) ? -1 : 1;
  return a.compare(b);
}

int compare_prereleases(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return a.empty() == b.empty() ? 0 : (a.empty() ? 1 : -1);
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (const int order = compare_identifiers(a[i], b[i]); order != 0) return order;
  return a.size() == b.size() ? 0 : (a.size() < b.size() ? -1 : 1);
}

}  // namespace

Result<ServerDescription> read_server_json(const Json& server, std::string_view pointer) {
  Reader reader(server, pointer);
  ServerDescription description;
  description.name = reader.text("name", true, 200);
  if (!description.name.empty() && !is_server_name(description.name))
    reader.complain("name", "must look like io.example/name");
  description.version = reader.text("version", true, 255);
  if (!description.version.empty() && !is_version(description.version))
    reader.complain("version", "must be one version, not a range");
  description.description = reader.text("description", true, 100);
  description.title = reader.text("title", false, 100);
  description.repository_url = reader.url_in("repository", "url");
  description.website_url = reader.text("websiteUrl", false, 2048);
  if (!description.website_url.empty() && !is_http_url(description.website_url))
    reader.complain("websiteUrl", "must be an http or https URL");
  check_remotes(server, reader);
  check_packages(server, reader);
  description.text = to_text(server);
  if (description.text.size() > kBytesMax) reader.complain("", "must not be longer than 256 KiB");
  SIGIL_CHECK(reader.finish());
  return description;
}

bool is_newer_version(std::string_view candidate, std::string_view current) {
  const auto a = parse_semantic(candidate);
  const auto b = parse_semantic(current);
  if (!a || !b) return a.has_value() == b.has_value() ? candidate > current : a.has_value();
  for (std::size_t i = 0; i < 3; ++i)
    if (const int order = compare_numbers(a->numbers[i], b->numbers[i]); order != 0)
      return order > 0;
  return compare_prereleases(a->prerelease, b->prerelease) > 0;
}

}  // namespace sigil::api
