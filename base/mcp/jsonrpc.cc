#include "base/mcp/jsonrpc.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "base/mcp/era.h"

namespace sigil::mcp {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

// The strict reader of nlohmann without a document: it checks grammar and UTF-8, we add depth and
// duplicate keys. Recursion does not happen, so depth costs no stack.
class Guard final : public nlohmann::json_sax<Json> {
 public:
  explicit Guard(int depth_max) : depth_max_(depth_max) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return enter(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    problem_ = "the key \"" + name.substr(0, 64) + "\" is there twice";
    return false;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception&) override {
    problem_ = "not JSON at byte " + std::to_string(position);
    return false;
  }
  const std::string& problem() const { return problem_; }

 private:
  bool enter() {
    keys_.emplace_back();
    if (static_cast<int>(keys_.size()) <= depth_max_) return true;
    problem_ = "nested deeper than " + std::to_string(depth_max_);
    return false;
  }
  bool leave() {
    keys_.pop_back();
    return true;
  }

  int depth_max_;
  std::vector<std::set<std::string>> keys_;
  std::string problem_;
};

std::size_t skip_space(std::string_view text, std::size_t at) {
  const auto found = text.find_first_not_of(kSpace, at);
  return found == std::string_view::npos ? text.size() : found;
}

// All of these trust the text: it was validated.
std::size_t skip_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

std::size_t skip_value(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at;
      continue;
    } else if (c == '}' || c == ']') {
      --depth;
      ++at;
    } else if (depth > 0) {
      ++at;
      continue;
    } else {
      const auto end = text.find_first_of(",]} \t\r\n", at);
      return end == std::string_view::npos ? text.size() : end;
    }
    if (depth <= 0) return at;
  }
  return at;
}

bool is_object(std::string_view text, Range range) {
  return range.is_present() && text[range.begin] == '{';
}

bool is_id(std::string_view raw) {
  return !raw.empty() && (raw[0] == '"' || raw[0] == '-' || (raw[0] >= '0' && raw[0] <= '9'));
}

std::string decoded_string(std::string_view raw) {
  const auto inner = raw.substr(1, raw.size() - 2);
  if (inner.find('\\') == std::string_view::npos) return std::string(inner);
  const auto value = Json::parse(raw, nullptr, false);
  return value.is_string() ? value.get<std::string>() : std::string(inner);
}

tl::unexpected<Error> refuse(std::string reason, std::string message, std::string_view raw_id) {
  Error error{ErrorCode::invalid_argument, std::move(reason), std::move(message), {}, {}};
  if (is_id(raw_id)) error.details["id"] = std::string(raw_id);
  return fail(std::move(error));
}

void read_meta(std::string_view text, Message& message) {
  if (!is_object(text, message.meta)) {
    message.meta = {};
    return;
  }
  for (const auto& member : members_of(text, message.meta)) {
    if (member.key == "progressToken") message.progress_token = member.value;
    if (member.key == kMetaSubscriptionId) message.subscription_id = member.value;
  }
}

void read_params(std::string_view text, Message& message) {
  if (!is_object(text, message.params)) return;
  for (const auto& member : members_of(text, message.params)) {
    if (member.key == "_meta") message.meta = member.value;
    if (member.key == "requestId") message.request_id = member.value;
    if (member.key == "progressToken") message.token = member.value;
  }
  read_meta(text, message);
}

struct Envelope {
  Range jsonrpc, id, method, params, result, error;
};

Envelope read_envelope(std::string_view text, Range object) {
  Envelope found;
  for (const auto& member : members_of(text, object)) {
    if (member.key == "jsonrpc") found.jsonrpc = member.value;
    if (member.key == "id") found.id = member.value;
    if (member.key == "method") found.method = member.value;
    if (member.key == "params") found.params = member.value;
    if (member.key == "result") found.result = member.value;
    if (member.key == "error") found.error = member.value;
  }
  return found;
}

Result<Message> read_request(std::string_view text, const Envelope& envelope,
                             std::string_view raw_id) {
  Message message;
  const auto method = string_at(text, envelope.method);
  if (!method || method->empty()) return refuse("envelope", "method is no text", raw_id);
  if (envelope.result.is_present() || envelope.error.is_present()) {
    return refuse("envelope", "a request has neither result nor error", raw_id);
  }
  const auto params = envelope.params.of(text);
  if (!params.empty() && params[0] != '{' && params[0] != '[') {
    return refuse("envelope", "params is neither object nor array", raw_id);
  }
  message.kind = envelope.id.is_present() ? MessageKind::request : MessageKind::notification;
  message.method = *method;
  message.params = envelope.params;
  return message;
}

Result<Message> read_response(const Envelope& envelope, std::string_view raw_id) {
  Message message;
  if (envelope.result.is_present() == envelope.error.is_present()) {
    return refuse("envelope", "neither a request nor a response", raw_id);
  }
  const bool is_result = envelope.result.is_present();
  message.kind = is_result ? MessageKind::result : MessageKind::error;
  message.params = is_result ? envelope.result : envelope.error;
  return message;
}

}  // namespace

Result<void> check_json(std::string_view text, const MessageLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(ErrorCode::too_large, "too_large", "the message is too large");
  }
  Guard guard(limits.depth_max);
  // A byte order mark is skipped by nlohmann, but not by JSON.parse.
  const bool has_mark = text.starts_with("\xEF\xBB\xBF");
  if (has_mark || !Json::sax_parse(text, &guard, Json::input_format_t::json, true)) {
    return fail(ErrorCode::invalid_argument, "parse",
                has_mark ? "begins with a byte order mark" : guard.problem());
  }
  return {};
}

Result<Message> read_message(std::string_view text, const MessageLimits& limits) {
  SIGIL_CHECK(check_json(text, limits));
  const Range object = whole(text);
  if (object.is_present() && text[object.begin] == '[') {
    return refuse("batch", "batches are not supported", {});
  }
  if (!is_object(text, object)) return refuse("envelope", "not a JSON object", {});
  const auto envelope = read_envelope(text, object);
  const auto raw_id = envelope.id.of(text);
  if (string_at(text, envelope.jsonrpc) != "2.0") {
    return refuse("envelope", "jsonrpc is not \"2.0\"", raw_id);
  }
  // An error without an id (or with null) is legal: the peer could not read ours.
  const bool is_anonymous_error = envelope.error.is_present() && raw_id == "null";
  if (envelope.id.is_present() && !is_id(raw_id) && !is_anonymous_error) {
    return refuse("envelope", "id is neither text nor number", {});
  }
  SIGIL_TRY(auto message, envelope.method.is_present() ? read_request(text, envelope, raw_id)
                                                       : read_response(envelope, raw_id));
  if (!is_anonymous_error) message.id = envelope.id;
  if (message.kind == MessageKind::result && !message.id.is_present()) {
    return refuse("envelope", "a result without an id", {});
  }
  read_params(text, message);
  return message;
}

std::vector<Member> members_of(std::string_view text, Range object) {
  std::vector<Member> members;
  if (!is_object(text, object)) return members;
  std::size_t at = skip_space(text, object.begin + 1);
  while (at < object.end && text[at] == '"') {
    const std::size_t key_end = skip_string(text, at);
    Member member{decoded_string(text.substr(at, key_end - at)), {}};
    at = skip_space(text, key_end);
    at = skip_space(text, at + 1);  // over the colon
    member.value = {at, skip_value(text, at)};
    at = skip_space(text, member.value.end);
    members.push_back(std::move(member));
    if (at < object.end && text[at] == ',') at = skip_space(text, at + 1);
  }
  return members;
}

Range find_member(std::string_view text, Range object, std::string_view key) {
  for (const auto& member : members_of(text, object)) {
    if (member.key == key) return member.value;
  }
  return {};
}

std::vector<Range> elements_of(std::string_view text, Range array) {
  std::vector<Range> elements;
  if (!array.is_present() || text[array.begin] != '[') return elements;
  std::size_t at = skip_space(text, array.begin + 1);
  while (at < array.end && text[at] != ']') {
    const std::size_t end = skip_value(text, at);
    elements.push_back({at, end});
    at = skip_space(text, end);
    if (at < array.end && text[at] == ',') at = skip_space(text, at + 1);
  }
  return elements;
}

Range whole(std::string_view text) {
  const std::size_t begin = skip_space(text, 0);
  if (begin == text.size()) return {};
  return {begin, text.find_last_not_of(kSpace) + 1};
}

std::optional<std::string> string_at(std::string_view text, Range value) {
  const auto raw = value.of(text);
  if (raw.size() < 2 || raw.front() != '"') return std::nullopt;
  return decoded_string(raw);
}

std::string id_key(std::string_view raw_id) {
  if (raw_id.size() >= 2 && raw_id.front() == '"') return "s" + decoded_string(raw_id);
  return "n" + std::string(raw_id);
}

std::string splice(std::string_view text, std::vector<Splice> splices) {
  std::sort(splices.begin(), splices.end(),
            [](const Splice& a, const Splice& b) { return a.at.begin < b.at.begin; });
  std::string out;
  std::size_t at = 0;
  for (const auto& part : splices) {
    if (!part.at.is_present() || part.at.begin < at) continue;
    out.append(text.substr(at, part.at.begin - at)).append(part.text);
    at = part.at.end;
  }
  return out.append(text.substr(at));
}

std::string on_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\r', ' ');
  return text;
}

std::string json_string(std::string_view text) { return to_text(Json(text)); }

std::string error_body(const ErrorBody& error) {
  std::string out = R"({"jsonrpc":"2.0",)";
  if (!error.raw_id.empty()) out.append(R"("id":)").append(error.raw_id).append(",");
  out.append(R"("error":{"code":)").append(std::to_string(error.code));
  out.append(R"(,"message":)").append(json_string(error.message));
  Json data = Json::object();
  if (!error.reason.empty()) data["reason"] = error.reason;
  if (!error.request_id.empty()) data["requestId"] = error.request_id;
  if (!error.supported.empty()) data["supported"] = error.supported;
  if (!error.requested.empty()) data["requested"] = error.requested;
  if (error.retry_after) data["retryAfterMs"] = *error.retry_after;
  if (!data.empty()) out.append(R"(,"data":)").append(to_text(data));
  return out.append("}}");
}

std::string result_body(std::string_view raw_id, std::string_view raw_result) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  return out.append(raw_id).append(R"(,"result":)").append(raw_result).append("}");
}

}  // namespace sigil::mcp
