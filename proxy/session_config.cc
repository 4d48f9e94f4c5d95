#include "proxy/session_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/http1/message.h"
#include "base/json.h"

namespace sigil::proxy {
namespace {

constexpr std::size_t kQueryBytesMax = 8 * 1024;
// The one-shot container has 20 s; some may wait for others.
constexpr auto kEvaluationMax = std::chrono::seconds(60);

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
             std::string_view::npos;
}

bool is_query(std::string_view text) {
  return text.size() <= kQueryBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
           return c > 0x20 && c < 0x7f && c != '#';
         });
}

tl::unexpected<Error> unusable() {
  return fail(ErrorCode::unavailable, "config_unavailable",
              "sigild did not answer the question about this configuration properly");
}

}  // namespace

ConfiguredSessionPtr SessionConfigCache::find(const std::string& key) {
  return state_.with([&](State& state) -> ConfiguredSessionPtr {
    const auto found = state.by_key.find(key);
    if (found == state.by_key.end()) return nullptr;
    state.by_use.splice(state.by_use.begin(), state.by_use, found->second);
    return found->second->second;
  });
}

void SessionConfigCache::put(const std::string& key, ConfiguredSessionPtr value) {
  state_.with([&](State& state) {
    if (const auto found = state.by_key.find(key); found != state.by_key.end()) {
      found->second->second = std::move(value);
      return;
    }
    state.by_use.emplace_front(key, std::move(value));
    state.by_key[key] = state.by_use.begin();
    if (state.by_key.size() <= entries_max_) return;
    state.by_key.erase(state.by_use.back().first);
    state.by_use.pop_back();
  });
}

std::string ConfigQuestion::key() const {
  return deployment + '\0' + std::to_string(revision) + '\0' + principal + '\0' + config;
}

void SessionConfigAsker::ask(const ConfigQuestion& question, Configured done) {
  const std::string key = question.key();
  auto& asked = asking_[key];
  asked.waiting.push_back(std::move(done));
  if (asked.waiting.size() > 1) return;
  asked.question = question;
  asked.since = system_clock().steady_now();
  send(key, question);
}

void SessionConfigAsker::send(const std::string& key, const ConfigQuestion& question) {
  ApiRequest request;
  request.method = "POST";
  request.target = "/internal/deployments/" + question.deployment + "/session-config";
  request.lines = "Content-Type: application/json\r\nAccept: application/json\r\n";
  // The configuration is JSON already.
  request.body = "{\"revision\":" + std::to_string(question.revision) +
                 ",\"principal\":" + to_text(Json(question.principal)) +
                 ",\"config\":" + question.config + "}";
  api_.send(std::move(request),
            [this, key](const Result<ApiResponse>& answer) { on_answer(key, answer); });
}

void SessionConfigAsker::tick() {
  std::vector<std::string> due;
  for (const auto& [key, asked] : asking_)
    if (asked.is_pending) due.push_back(key);
  for (const std::string& key : due) {
    const auto found = asking_.find(key);
    if (found == asking_.end()) continue;
    found->second.is_pending = false;
    send(key, ConfigQuestion(found->second.question));
  }
}

void SessionConfigAsker::on_answer(const std::string& key, const Result<ApiResponse>& answer) {
  const auto found = asking_.find(key);
  if (found == asking_.end()) return;
  const bool is_in_time = system_clock().steady_now() - found->second.since < kEvaluationMax;
  if (answer.has_value() && answer->status == 202 && is_in_time) {
    found->second.is_pending = true;
    return;
  }
  const auto waiting = std::move(found->second.waiting);
  asking_.erase(found);
  const Result<ConfiguredSessionPtr> outcome =
      answer.has_value()
          ? read_session_config(answer->status, answer->body)
          : Result<ConfiguredSessionPtr>(fail(ErrorCode::unavailable, "config_unavailable",
                                              "sigild cannot be asked about this configuration"));
  if (outcome.has_value()) cache_.put(key, *outcome);
  for (const Configured& done : waiting) done(outcome);
}

Result<ConfiguredSessionPtr> read_session_config(int status, std::string_view body) {
  const auto json = parse_json(body, {.bytes_max = 256 * 1024, .depth_max = 32});
  if (!json.has_value() || !json->is_object()) return unusable();
  if (status == 422 || status == 400) {
    Error refused{ErrorCode::invalid_argument, "config", string_or(*json, "detail"), {}, {}};
    if (refused.message.empty()) refused.message = "the configuration does not fit";
    if (const auto errors = json->find("errors"); errors != json->end() && errors->is_array())
      refused.details["errors"] = to_text(*errors);
    return fail(std::move(refused));
  }
  if (status == 404) return fail(ErrorCode::not_found, "unknown_deployment", "unknown deployment");
  if (status != 200) return unusable();
  auto configured = std::make_shared<ConfiguredSession>();
  if (string_or(*json, "mode") == "shim") {
    configured->shim_config = string_or(*json, "session_config");
    if (configured->shim_config.size() > 64 * 1024 ||
        !http1::is_header_value(configured->shim_config))
      return unusable();
  } else {
    configured->query = string_or(*json, "query");
    if (!is_query(configured->query)) return unusable();
    if (const auto headers = json->find("headers"); headers != json->end() && headers->is_object())
      for (const auto& [name, value] : headers->items()) {
        if (!is_header_name(name) || !value.is_string() ||
            !http1::is_header_value(value.get<std::string>()))
          return unusable();
        configured->headers.emplace_back(name, value.get<std::string>());
      }
  }
  return ConfiguredSessionPtr(std::move(configured));
}

}  // namespace sigil::proxy
