// JSON-RPC messages without a document: the byte ranges of the few members an intermediary needs,
// in text that was validated first, so that ids, numbers and key order stay exactly as they were
// sent. Duplicate keys in the envelope, in `params` and in `_meta` are refused: parsers disagree on
// which of them counts. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sigil::mcp {

enum class MessageKind { request, notification, result, error };

// Where a value stands in the message's text.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;  // begin == end: absent
  bool is_present() const { return end != begin; }
  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
};

struct MessageLimits {
  std::size_t bytes_max = 4 * 1024 * 1024;
  int depth_max = 64;
};

// Ranges into the text given to read_message(), which the caller keeps. `method` is decoded.
struct Message {
  MessageKind kind = MessageKind::notification;
  std::string method;
  Range id;               // raw JSON: a string or a number
  Range params;           // an object or an array; for results `result`, for errors `error`
  Range meta;             // params._meta (result._meta), when it is an object
  Range progress_token;   // params._meta.progressToken, raw
  Range request_id;       // params.requestId (notifications/cancelled), raw
  Range token;            // params.progressToken (notifications/progress), raw
  Range subscription_id;  // params._meta[kMetaSubscriptionId] or result._meta[…], raw
};

// reason "parse" (not JSON, bad UTF-8, too deep, duplicate keys, trailing bytes), "batch" (an
// array) or "envelope" (no JSON-RPC 2.0 message). The id, where it could be read, is in
// error.details["id"].
Result<Message> read_message(std::string_view text, const MessageLimits& limits = {});

// Strict validation alone: one JSON value, limits, UTF-8, duplicates in every object refused.
Result<void> check_json(std::string_view text, const MessageLimits& limits);

// Members of an object in validated text: decoded key, range of the value (relative to `text`).
// Empty when the range is no object.
struct Member {
  std::string key;
  Range value;
};
std::vector<Member> members_of(std::string_view text, Range object);
Range find_member(std::string_view text, Range object, std::string_view key);
// The elements of an array in validated text.
std::vector<Range> elements_of(std::string_view text, Range array);
Range whole(std::string_view text);  // the value without white space around it

// A JSON string's text; nullopt when the range is no string.
std::optional<std::string> string_at(std::string_view text, Range value);

// Equal for ids that JSON calls equal ("a" and "\u0061"): to find requests again.
std::string id_key(std::string_view raw_id);

// The text with ranges replaced, e.g. {{message.id, "7"}}; absent ranges are skipped.
struct Splice {
  Range at;
  std::string_view text;
};
std::string splice(std::string_view text, std::vector<Splice> splices);

// One line for a stdio pipe: line breaks between tokens become spaces (inside JSON strings they
// cannot occur).
std::string on_one_line(std::string text);

std::string json_string(std::string_view text);  // a JSON string

// What we answer ourselves: {"jsonrpc":"2.0","id":…,"error":{code,message,data}}. The id is left
// out when it is not known: "id":null makes the SDK clients throw, or wait for ever.
struct ErrorBody {
  std::string_view raw_id{};  // empty: unknown
  int code = -32603;
  std::string_view message{};
  std::string_view reason{};                  // data.reason
  std::string_view request_id{};              // data.requestId
  std::vector<std::string> supported{};       // data.supported, when not empty
  std::string_view requested{};               // data.requested
  std::optional<std::int64_t> retry_after{};  // data.retryAfterMs
};
std::string error_body(const ErrorBody& error);

// {"jsonrpc":"2.0","id":ID,"result":RESULT}
std::string result_body(std::string_view raw_id, std::string_view raw_result);

}  // namespace sigil::mcp
