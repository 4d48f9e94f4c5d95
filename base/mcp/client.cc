#include "base/mcp/client.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "base/mcp/jsonrpc.h"

namespace sigil::mcp {

namespace {

constexpr JsonLimits kAnswerLimits = {.bytes_max = 16 * 1024 * 1024, .depth_max = 64};
constexpr std::size_t kTextMax = 64 * 1024;

std::string text_of(const Json& object, std::string_view key) {
  auto text = string_or(object, key);
  if (text.size() > kTextMax) text.resize(kTextMax);
  return text;
}

const Json& member(const Json& object, const char* key) {
  static const Json kNone = Json::object();
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

void read_capabilities(const Json& capabilities, ServerFacts& facts) {
  facts.has_tools = capabilities.contains("tools");
  facts.has_prompts = capabilities.contains("prompts");
  facts.has_resources = capabilities.contains("resources");
  facts.has_logging = capabilities.contains("logging");
  facts.has_completions = capabilities.contains("completions");
  facts.tools_list_changed = bool_or(member(capabilities, "tools"), "listChanged", false);
  facts.prompts_list_changed = bool_or(member(capabilities, "prompts"), "listChanged", false);
  facts.resources_list_changed = bool_or(member(capabilities, "resources"), "listChanged", false);
  facts.raw_capabilities = to_text(capabilities);
}

void read_server_info(const Json& info, ServerFacts& facts) {
  facts.name = text_of(info, "name");
  facts.title = text_of(info, "title");
  facts.version = text_of(info, "version");
}

std::int64_t ttl_of(const Json& result) {
  return std::max<std::int64_t>(0, integer_or(result, "ttlMs", 0));
}

std::vector<std::string> texts_of(const Json& array) {
  std::vector<std::string> texts;
  if (!array.is_array()) return texts;
  for (const auto& item : array) {
    if (item.is_string() && texts.size() < 64) texts.push_back(item.get<std::string>());
  }
  return texts;
}

Json client_info(const ClientInfo& info) {
  return {{"name", info.name}, {"version", info.version}};
}

}  // namespace

RequestBuilder::RequestBuilder(Era era, std::string version, ClientInfo info)
    : era_(era), version_(std::move(version)), info_(std::move(info)) {}

std::string RequestBuilder::envelope() const {
  const Json meta = {{std::string(kMetaVersion), version_},
                     {std::string(kMetaCapabilities), Json::object()},
                     {std::string(kMetaClientInfo), client_info(info_)}};
  return to_text(meta);
}

ClientRequest RequestBuilder::post(std::string body, std::string_view method,
                                   std::string_view name) const {
  ClientRequest request{
      std::move(body),
      {{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}}};
  if (method != "initialize") request.headers.emplace_back("MCP-Protocol-Version", version_);
  if (era_ == Era::legacy) return request;
  request.headers.emplace_back("Mcp-Method", method);
  if (!name.empty()) request.headers.emplace_back("Mcp-Name", encode_header_text(name));
  return request;
}

ClientRequest RequestBuilder::request(std::int64_t id, std::string_view method,
                                      std::string_view raw_params, std::string_view name) const {
  std::string params(raw_params);
  if (era_ == Era::modern) {
    Json object = raw_params.empty() ? Json::object() : Json::parse(raw_params, nullptr, false);
    if (object.is_object()) {
      object["_meta"].update(Json::parse(envelope()));
      params = to_text(object);
    }
  }
  std::string body =
      R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":)" + json_string(method);
  if (!params.empty()) body += R"(,"params":)" + params;
  return post(body + "}", method, name);
}

ClientRequest RequestBuilder::discover(std::int64_t id) const {
  return request(id, "server/discover", {});
}

ClientRequest RequestBuilder::initialize(std::int64_t id) const {
  const Json params = {{"protocolVersion", version_},
                       {"capabilities", Json::object()},
                       {"clientInfo", client_info(info_)}};
  return request(id, "initialize", to_text(params));
}

ClientRequest RequestBuilder::initialized() const {
  return post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
              "notifications/initialized", {});
}

ClientRequest RequestBuilder::list(std::int64_t id, std::string_view method,
                                   const std::optional<std::string>& cursor) const {
  if (!cursor) return request(id, method, {});
  return request(id, method, R"({"cursor":)" + json_string(*cursor) + "}");
}

ClientRequest RequestBuilder::answer(std::string_view raw_id, std::string_view method) const {
  auto body = method == "ping" ? result_body(raw_id, "{}")
                               : error_body({.raw_id = raw_id,
                                             .code = kMethodNotFound,
                                             .message = "this client does not offer that"});
  return post(std::move(body), {}, {});
}

Result<std::optional<RpcAnswer>> read_answer(std::string_view text, std::int64_t id) {
  SIGIL_TRY(const auto message, read_message(text, {.bytes_max = kAnswerLimits.bytes_max,
                                                    .depth_max = kAnswerLimits.depth_max}));
  const bool is_answer = message.kind == MessageKind::result || message.kind == MessageKind::error;
  // An error without an id is an answer too: the server could not read the id.
  const bool is_ours = !message.id.is_present() || message.id.of(text) == std::to_string(id);
  if (!is_answer || !is_ours) return std::optional<RpcAnswer>();
  RpcAnswer answer;
  if (message.kind == MessageKind::result) {
    answer.result = message.params.of(text);
    return std::optional(std::move(answer));
  }
  SIGIL_TRY(const auto error, parse_json(message.params.of(text), kAnswerLimits));
  answer.error = RpcError{integer_or(error, "code", 0), text_of(error, "message"),
                          texts_of(member(member(error, "data"), "supported"))};
  return std::optional(std::move(answer));
}

DiscoverVerdict judge_discover(int http_status, const std::optional<RpcAnswer>& answer) {
  if (answer && answer->error) {
    const auto code = answer->error->code;
    if (code == kHeaderMismatch || code == kMissingClientCapability ||
        code == kUnsupportedVersion) {
      return DiscoverVerdict::modern;
    }
  }
  if (http_status == 401 || http_status == 403 || http_status == 408 || http_status == 429 ||
      http_status >= 500 || http_status <= 0) {
    return DiscoverVerdict::inconclusive;
  }
  if (http_status == 200 && answer && !answer->error) {
    const auto facts = read_discover_result(answer->result);
    if (facts && !facts->supported_versions.empty()) return DiscoverVerdict::modern;
  }
  return DiscoverVerdict::not_modern;
}

Result<ServerFacts> read_initialize_result(std::string_view raw_result) {
  SIGIL_TRY(const auto result, parse_json(raw_result, kAnswerLimits));
  ServerFacts facts;
  facts.protocol_version = text_of(result, "protocolVersion");
  if (!is_version_text(facts.protocol_version)) {
    return fail(ErrorCode::invalid_argument, "bad_initialize_result",
                "the InitializeResult names no protocol version");
  }
  facts.instructions = text_of(result, "instructions");
  read_server_info(member(result, "serverInfo"), facts);
  read_capabilities(member(result, "capabilities"), facts);
  return facts;
}

Result<ServerFacts> read_discover_result(std::string_view raw_result) {
  SIGIL_TRY(const auto result, parse_json(raw_result, kAnswerLimits));
  ServerFacts facts;
  facts.supported_versions = texts_of(member(result, "supportedVersions"));
  if (facts.supported_versions.empty()) {
    return fail(ErrorCode::invalid_argument, "bad_discover_result",
                "the DiscoverResult names no supported versions");
  }
  facts.instructions = text_of(result, "instructions");
  const std::string info_key(kMetaServerInfo);
  read_server_info(member(member(result, "_meta"), info_key.c_str()), facts);
  if (facts.name.empty()) read_server_info(member(result, "serverInfo"), facts);
  read_capabilities(member(result, "capabilities"), facts);
  facts.ttl_ms = ttl_of(result);
  return facts;
}

Result<ListPage> read_list_page(std::string_view raw_result, std::string_view member_name) {
  SIGIL_CHECK(check_json(
      raw_result, {.bytes_max = kAnswerLimits.bytes_max, .depth_max = kAnswerLimits.depth_max}));
  const Range object = whole(raw_result);
  const Range items = find_member(raw_result, object, member_name);
  if (!items.is_present() || raw_result[items.begin] != '[') {
    return fail(ErrorCode::invalid_argument, "bad_list_page",
                "the result has no array " + std::string(member_name));
  }
  ListPage page;
  for (const Range item : elements_of(raw_result, items)) {
    page.items.emplace_back(item.of(raw_result));
  }
  page.next_cursor = string_at(raw_result, find_member(raw_result, object, "nextCursor"));
  const auto ttl =
      Json::parse(find_member(raw_result, object, "ttlMs").of(raw_result), nullptr, false);
  if (ttl.is_number_integer()) page.ttl_ms = std::max<std::int64_t>(0, ttl.get<std::int64_t>());
  return page;
}

void Lister::restart() {
  restarted_ = true;
  cursor_.reset();
  seen_.clear();
  items_.clear();
  bytes_ = 0;
  pages_ = 0;
}

Result<void> Lister::take(const RpcAnswer& answer) {
  if (answer.error) {
    if (answer.error->code == kInvalidParams && cursor_ && !restarted_) {
      restart();  // the cursor expired
      return {};
    }
    done_ = true;
    if (answer.error->code == kMethodNotFound) {
      absent_ = true;
      return {};
    }
    return fail(ErrorCode::unavailable, "list_failed",
                "listing " + member_ + " failed: " + answer.error->message);
  }
  done_ = true;
  SIGIL_TRY(auto page, read_list_page(answer.result, member_));
  for (auto& item : page.items) {
    bytes_ += item.size();
    if (items_.size() >= limits_.items_max || bytes_ > limits_.bytes_max) {
      return fail(ErrorCode::too_large, "list_too_large",
                  "the list of " + member_ + " is too long");
    }
    items_.push_back(std::move(item));
  }
  ++pages_;
  if (!page.next_cursor) return {};
  if (std::find(seen_.begin(), seen_.end(), *page.next_cursor) != seen_.end()) {
    looped_ = true;
    return {};
  }
  if (pages_ >= limits_.pages_max) {
    return fail(ErrorCode::too_large, "list_too_large", "the list of " + member_ + " is too long");
  }
  seen_.push_back(*page.next_cursor);
  cursor_ = std::move(page.next_cursor);
  done_ = false;
  return {};
}

namespace {

const std::vector<std::string_view>& contract_members(Listed kind) {
  static const std::map<Listed, std::vector<std::string_view>> kMembers = {
      {Listed::tool,
       {"name", "title", "description", "inputSchema", "outputSchema", "annotations", "execution",
        "icons", "_meta"}},
      {Listed::prompt, {"name", "title", "description", "arguments", "icons", "_meta"}},
      {Listed::resource,
       {"uri", "name", "title", "description", "mimeType", "annotations", "icons", "_meta"}},
      {Listed::resource_template,
       {"uriTemplate", "name", "title", "description", "mimeType", "annotations", "icons",
        "_meta"}}};
  return kMembers.at(kind);
}

// Per-hop keys change from listing to listing.
void drop_volatile_keys(Json& meta) {
  for (const auto key : {kMetaServerInfo, kMetaSubscriptionId, kMetaVersion}) {
    meta.erase(std::string(key));
  }
  for (const char* key : {"traceparent", "tracestate", "baggage", "progressToken"}) meta.erase(key);
}

}  // namespace

Result<std::string> contract_hash(Listed kind, std::string_view raw_item, const HashText& hash) {
  SIGIL_TRY(auto item, parse_json(raw_item, kAnswerLimits));
  if (!item.is_object()) {
    return fail(ErrorCode::invalid_argument, "bad_list_item", "a list item is no object");
  }
  Json kept = Json::object();
  for (const auto key : contract_members(kind)) {
    const auto found = item.find(std::string(key));
    if (found != item.end()) kept[std::string(key)] = *found;
  }
  if (kept.contains("_meta") && kept["_meta"].is_object()) {
    drop_volatile_keys(kept["_meta"]);
    if (kept["_meta"].empty()) kept.erase("_meta");
  }
  SIGIL_TRY(const auto text, canonical_json(to_text(kept)));
  return hash(text);
}

std::string list_hash(std::vector<std::pair<std::string, std::string>> name_and_hash,
                      const HashText& hash) {
  std::sort(name_and_hash.begin(), name_and_hash.end());
  Json pairs = Json::array();
  for (const auto& pair : name_and_hash) pairs.push_back({pair.first, pair.second});
  return hash(to_text(pairs));
}

}  // namespace sigil::mcp
