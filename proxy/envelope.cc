#include "proxy/envelope.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "base/mcp/jsonrpc.h"

namespace sigil::proxy {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kDepthMax = 64;

bool has_duplicate_keys(dom::object object) {
  std::array<std::string_view, 16> few;
  if (object.size() <= few.size()) {
    std::size_t count = 0;
    for (const auto field : object) {
      const auto end = few.begin() + static_cast<std::ptrdiff_t>(count);
      if (std::find(few.begin(), end, field.key) != end) return true;
      few[count++] = field.key;
    }
    return false;
  }
  std::vector<std::string_view> keys;
  keys.reserve(object.size());
  for (const auto field : object) keys.push_back(field.key);
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

mcp::JsonKind kind_of(const simdjson::simdjson_result<dom::element>& found) {
  if (found.error() != simdjson::SUCCESS) return mcp::JsonKind::absent;
  if (found.is_string()) return mcp::JsonKind::string;
  return found.is_object() ? mcp::JsonKind::object : mcp::JsonKind::other;
}

std::string text_of(const simdjson::simdjson_result<dom::element>& found) {
  std::string_view text;
  return found.get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

Envelope problem(EnvelopeProblem kind, std::string_view why) {
  Envelope envelope;
  envelope.problem = kind;
  envelope.why = why;
  return envelope;
}

constexpr std::string_view kDuplicate = "a key appears twice";

// params and params._meta; false: duplicate keys.
bool read_params(dom::object params, Envelope& envelope) {
  if (has_duplicate_keys(params)) return false;
  if (const auto member = mcp::mirrored_name_member(envelope.method); !member.empty()) {
    const auto found = params.at_key(member);
    envelope.name = kind_of(found);
    envelope.name_text = text_of(found);
  }
  if (envelope.method == "initialize")
    envelope.protocol_version = text_of(params.at_key("protocolVersion"));
  dom::object meta;
  if (params.at_key("_meta").get(meta) != simdjson::SUCCESS) return true;
  if (has_duplicate_keys(meta)) return false;
  const auto version = meta.at_key(mcp::kMetaVersion);
  envelope.meta_version = kind_of(version);
  envelope.meta_version_text = text_of(version);
  envelope.meta_capabilities = kind_of(meta.at_key(mcp::kMetaCapabilities));
  envelope.meta_client_info = kind_of(meta.at_key(mcp::kMetaClientInfo));
  return true;
}

Envelope read_message(dom::object message) {
  if (has_duplicate_keys(message)) return problem(EnvelopeProblem::syntax, kDuplicate);
  Envelope envelope;
  if (text_of(message.at_key("jsonrpc")) != "2.0")
    return problem(EnvelopeProblem::not_rpc, "not a JSON-RPC 2.0 message");
  const auto id = message.at_key("id");
  const bool has_id = id.error() == simdjson::SUCCESS;
  if (has_id && !id.is_string() && !id.is_number())
    return problem(EnvelopeProblem::not_rpc, "id must be a string or a number");
  const auto method = message.at_key("method");
  if (method.error() == simdjson::SUCCESS) {
    if (!method.is_string()) return problem(EnvelopeProblem::not_rpc, "method must be a string");
    envelope.method = text_of(method);
    if (envelope.method.empty()) return problem(EnvelopeProblem::not_rpc, "method is empty");
    envelope.is_request = has_id;
  } else if (message.at_key("result").error() != simdjson::SUCCESS &&
             message.at_key("error").error() != simdjson::SUCCESS) {
    return problem(EnvelopeProblem::not_rpc, "neither a request nor a response");
  }
  dom::object params;
  if (message.at_key("params").get(params) == simdjson::SUCCESS && !read_params(params, envelope))
    return problem(EnvelopeProblem::syntax, kDuplicate);
  return envelope;
}

Envelope read_batch(dom::array batch) {
  Envelope envelope;
  envelope.is_batch = true;
  for (const dom::element item : batch) {
    dom::object message;
    if (item.get(message) != simdjson::SUCCESS)
      return problem(EnvelopeProblem::not_rpc, "a batch of something else");
    const Envelope one = read_message(message);
    if (one.problem != EnvelopeProblem::none) return one;
  }
  return envelope;
}

// simdjson refuses integers over 64 bits, which JavaScript takes; such a body is read the slow way.
Envelope read_with_huge_numbers(std::string_view body) {
  const auto message = mcp::read_message(body, {.depth_max = kDepthMax});
  if (!message.has_value()) return problem(EnvelopeProblem::syntax, "not valid JSON");
  Envelope envelope;
  envelope.method = message->method;
  envelope.is_request = message->kind == mcp::MessageKind::request;
  const auto look = [&](mcp::Range object, std::string_view key, std::string* text) {
    const auto range = mcp::find_member(body, object, key);
    if (!range.is_present()) return mcp::JsonKind::absent;
    if (const auto value = mcp::string_at(body, range)) {
      if (text != nullptr) *text = *value;
      return mcp::JsonKind::string;
    }
    return range.of(body).front() == '{' ? mcp::JsonKind::object : mcp::JsonKind::other;
  };
  if (const auto member = mcp::mirrored_name_member(envelope.method); !member.empty())
    envelope.name = look(message->params, member, &envelope.name_text);
  envelope.meta_version = look(message->meta, mcp::kMetaVersion, &envelope.meta_version_text);
  envelope.meta_capabilities = look(message->meta, mcp::kMetaCapabilities, nullptr);
  envelope.meta_client_info = look(message->meta, mcp::kMetaClientInfo, nullptr);
  return envelope;
}

// Walks JSON text without building anything. Stops at the first oddity.
class RawScanner {
 public:
  explicit RawScanner(std::string_view text) : text_(text) {}

  void skip_space() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr) ++at_;
  }
  bool take(char expected) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }
  std::optional<std::string_view> take_string() {
    skip_space();
    const std::size_t start = at_;
    if (!take('"')) return std::nullopt;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return text_.substr(start, at_ - start);
      }
    }
    return std::nullopt;
  }
  std::optional<std::string_view> take_value() {
    skip_space();
    const std::size_t start = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (depth == 0 && (c == ',' || c == '}' || c == ']') && at_ > start) break;
      if (c == '"') {
        if (!take_string()) return std::nullopt;
        if (depth == 0) break;
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (depth < 0) return std::nullopt;
      ++at_;
      if (depth == 0 && (c == '}' || c == ']')) break;
    }
    std::string_view value = text_.substr(start, at_ - start);
    while (!value.empty() && std::strchr(" \t\r\n", value.back()) != nullptr)
      value.remove_suffix(1);
    if (value.empty()) return std::nullopt;
    return value;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_number_text(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) &&
         text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
}

}  // namespace

class EnvelopeReader::Parser {
 public:
  dom::parser parser;
};

EnvelopeReader::EnvelopeReader() : parser_(std::make_unique<Parser>()) {
  // Fixes the depth for all later documents.
  SIGIL_ASSERT(parser_->parser.allocate(4096, kDepthMax) == simdjson::SUCCESS);
}
EnvelopeReader::~EnvelopeReader() = default;

Envelope EnvelopeReader::read(std::string& body) {
  if (body.starts_with("\xef\xbb\xbf")) return problem(EnvelopeProblem::syntax, "byte order mark");
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  dom::element root;
  const auto error = parser_->parser.parse(body.data(), body.size(), false).get(root);
  if (error == simdjson::NUMBER_ERROR) return read_with_huge_numbers(body);
  if (error == simdjson::DEPTH_ERROR) return problem(EnvelopeProblem::syntax, "nested too deeply");
  if (error != simdjson::SUCCESS) return problem(EnvelopeProblem::syntax, "not valid JSON");
  dom::object message;
  if (root.get(message) == simdjson::SUCCESS) return read_message(message);
  dom::array batch;
  if (root.get(batch) == simdjson::SUCCESS) return read_batch(batch);
  return problem(EnvelopeProblem::not_rpc, "not a JSON-RPC 2.0 message");
}

std::string_view raw_id_of(std::string_view body) {
  RawScanner scanner(body);
  if (!scanner.take('{')) return {};
  for (;;) {
    const auto key = scanner.take_string();
    if (!key || !scanner.take(':')) return {};
    const auto value = scanner.take_value();
    if (!value) return {};
    if (*key == "\"id\"") {
      const bool is_string = value->size() >= 2 && value->front() == '"' && value->size() <= 1024;
      return is_string || is_number_text(*value) ? *value : std::string_view();
    }
    if (!scanner.take(',')) return {};
  }
}

}  // namespace sigil::proxy
