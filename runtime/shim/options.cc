#include "runtime/shim/options.h"

#include <unistd.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/json.h"

namespace sigil::shim {

namespace {

constexpr std::size_t kConfigBytesMax = 64 * 1024;
constexpr std::size_t kArgumentsMax = 1024;

struct Complaints {
  std::string text;
  void add(std::string_view key, std::string_view value, std::string_view allowed) {
    if (!text.empty()) text += "; ";
    text.append(key).append("=\"").append(value).append("\": ").append(allowed);
  }
};

std::int64_t number(const Environment& environment, const char* key, std::int64_t fallback,
                    std::pair<std::int64_t, std::int64_t> range, Complaints& complaints) {
  const auto found = environment.find(key);
  if (found == environment.end() || found->second.empty()) return fallback;
  const auto& text = found->second;
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || rest != end || value < range.first || value > range.second) {
    complaints.add(
        key, text,
        "a number from " + std::to_string(range.first) + " to " + std::to_string(range.second));
    return fallback;
  }
  return value;
}

tl::unexpected<Error> bad_config(std::string message) {
  return fail(ErrorCode::invalid_argument, "session_config", std::move(message));
}

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

Result<void> take_argv(const Json& argv, ChildSpec& spec) {
  if (!argv.is_array() || argv.empty() || argv.size() > kArgumentsMax) {
    return bad_config("argv is no list of texts");
  }
  spec.argv.clear();
  for (const auto& argument : argv) {
    if (!argument.is_string() || has_nul(argument.get_ref<const std::string&>())) {
      return bad_config("argv is no list of texts");
    }
    spec.argv.push_back(argument.get<std::string>());
  }
  if (spec.argv[0].empty()) return bad_config("argv names no program");
  return {};
}

Result<void> take_environment(const Json& env, ChildSpec& spec) {
  if (!env.is_object()) return bad_config("env is no object of texts");
  for (auto it = env.begin(); it != env.end(); ++it) {
    const auto& name = it.key();
    const bool is_good = it->is_string() && !name.empty() && !has_nul(name) &&
                         name.find('=') == std::string::npos &&
                         !has_nul(it->get_ref<const std::string&>());
    if (!is_good) return bad_config("env is no object of texts");
    spec.environment[name] = it->get<std::string>();
  }
  return {};
}

}  // namespace

Result<Options> read_options(std::vector<std::string> argv, const Environment& environment) {
  Options options;
  Complaints complaints;
  if (argv.empty()) complaints.add("argv", "", "the server's command after --");
  options.port =
      static_cast<std::uint16_t>(number(environment, "PORT", 8080, {1, 65'535}, complaints));
  options.children_max = static_cast<std::size_t>(
      number(environment, "SIGIL_SHIM_CHILDREN_MAX", 64, {1, 10'000}, complaints));
  options.session_idle = std::chrono::milliseconds(
      number(environment, "SIGIL_SHIM_SESSION_IDLE_MS", 1'800'000, {100, 604'800'000}, complaints));
  options.line_bytes_max = static_cast<std::size_t>(number(
      environment, "SIGIL_SHIM_LINE_BYTES_MAX", 10'485'760, {4'096, 268'435'456}, complaints));
  const auto endpoint = environment.find("MCP_ENDPOINT");
  if (endpoint != environment.end() && !endpoint->second.empty()) {
    options.endpoint = endpoint->second;
    if (options.endpoint[0] != '/') complaints.add("MCP_ENDPOINT", options.endpoint, "a path");
  }
  if (!complaints.text.empty()) {
    return fail(ErrorCode::invalid_argument, "configuration", complaints.text);
  }
  options.child = {std::move(argv), child_environment(environment)};
  return options;
}

Environment child_environment(const Environment& ours) {
  Environment theirs;
  for (const auto& [name, value] : ours) {
    if (!name.starts_with("SIGIL_")) theirs.emplace(name, value);
  }
  // A server that can do both would bind the shim's own port when it sees these.
  theirs.erase("PORT");
  theirs.erase("MCP_ENDPOINT");
  if (theirs.contains("MCP_TRANSPORT")) theirs["MCP_TRANSPORT"] = "stdio";
  return theirs;
}

Environment current_environment() {
  Environment all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

Result<ChildSpec> apply_session_config(const ChildSpec& base, std::string_view header) {
  if (header.size() > kConfigBytesMax) return bad_config("the session configuration is too large");
  const auto text = from_base64url(header);
  if (!text) return bad_config("the session configuration is not base64url");
  const auto config = parse_json(*text, {.bytes_max = kConfigBytesMax, .depth_max = 8});
  if (!config || !config->is_object()) {
    return bad_config("the session configuration is no JSON object");
  }
  ChildSpec spec = base;
  if (config->contains("argv")) SIGIL_CHECK(take_argv(config->at("argv"), spec));
  if (config->contains("env")) SIGIL_CHECK(take_environment(config->at("env"), spec));
  return spec;
}

}  // namespace sigil::shim
