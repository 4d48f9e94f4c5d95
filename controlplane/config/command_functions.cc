#include "controlplane/config/command_functions.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/crypto/crypto.h"

namespace sigil::controlplane {

namespace {

constexpr std::size_t kCacheMax = 1'000;
constexpr std::size_t kOutputBytesMax = 256 * 1024;

tl::unexpected<Error> bad_function(const std::string& why) {
  return fail(ErrorCode::invalid_argument, "E_COMMAND_FUNCTION",
              "commandFunction of the manifest failed: " + why,
              "the function must return {command, args, env} for the configuration given; try it "
              "with node, or deploy with --ignore-manifest");
}

std::optional<std::string> plain_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return to_text(value);
  return std::nullopt;
}

std::string first_lines(const std::string& text) {
  auto cut = text.substr(0, 1'000);
  while (!cut.empty() && (cut.back() == '\n' || cut.back() == ' ')) cut.pop_back();
  return cut.empty() ? "it said nothing" : cut;
}

}  // namespace

Result<StartCommand> read_command(std::string_view output) {
  while (!output.empty() && (output.back() == '\n' || output.back() == '\r'))
    output.remove_suffix(1);
  const auto line =
      output.substr(output.rfind('\n') == std::string_view::npos ? 0 : output.rfind('\n') + 1);
  const auto json = parse_json(line, {.bytes_max = kOutputBytesMax, .depth_max = 8});
  if (!json || !json->is_object()) return bad_function("its result is not an object");
  StartCommand command;
  const auto program = string_or(*json, "command");
  if (program.empty()) return bad_function("its result has no command");
  command.argv.push_back(program);
  if (const auto args = json->find("args"); args != json->end() && !args->is_null()) {
    if (!args->is_array()) return bad_function("args must be a list");
    for (const auto& arg : *args) {
      const auto text = plain_text(arg);
      if (!text) return bad_function("args holds something that is not text: " + to_text(arg));
      command.argv.push_back(*text);
    }
  }
  if (const auto env = json->find("env"); env != json->end() && env->is_object())
    for (const auto& [name, value] : env->items())
      if (const auto text = plain_text(value)) command.environment[name] = *text;
  return command;
}

std::optional<StartCommand> CommandFunctions::recall_key(const std::string& key) {
  return cache_.with([&](Cache& cache) -> std::optional<StartCommand> {
    const auto found = cache.by_key.find(key);
    if (found == cache.by_key.end()) return std::nullopt;
    cache.newest_first.splice(cache.newest_first.begin(), cache.newest_first, found->second);
    return found->second->second;
  });
}

std::optional<StartCommand> CommandFunctions::recall(const std::string& function_text,
                                                     const Json& config) {
  return recall_key(crypto::sha256(function_text) + crypto::sha256(to_text(config)));
}

Result<StartCommand> CommandFunctions::evaluate(const std::string& function_text,
                                                const Json& config, std::stop_token stop) {
  const auto input = to_text(config);
  const auto key = crypto::sha256(function_text) + crypto::sha256(input);
  if (auto known = recall_key(key)) return *std::move(known);
  runtime::Driver::OneShotSpec spec;
  spec.image = builder_.command_function_image();
  spec.argv = builder::Builder::command_function_argv(function_text);
  spec.input = input;
  SIGIL_TRY(const auto outcome, driver_.run_one_shot(spec, std::move(stop)));
  if (outcome.exit_code != 0) return bad_function(first_lines(outcome.error_output));
  SIGIL_TRY(const auto command, read_command(outcome.output));
  cache_.with([&](Cache& cache) {
    if (cache.by_key.count(key) > 0) return;
    cache.newest_first.emplace_front(key, command);
    cache.by_key[key] = cache.newest_first.begin();
    if (cache.newest_first.size() <= kCacheMax) return;
    cache.by_key.erase(cache.newest_first.back().first);
    cache.newest_first.pop_back();
  });
  return command;
}

}  // namespace sigil::controlplane
