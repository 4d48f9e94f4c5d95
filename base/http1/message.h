// HTTP/1.1 messages read by llhttp (strict), plus what llhttp leaves to us: size and count limits,
// exactly one Host, no repeated framing or identity headers, origin-form targets only. Links llhttp
// and nothing else, so the static shim can use it.
//
// A parser belongs to one connection and one thread. The caller owns the bytes: it appends what it
// reads to a buffer and calls next() with everything that is not consumed yet; pipelined leftovers
// simply stay in that buffer. A loop looks like this:
//
//   for (;;) {  // one step at a time
//     const Step step = parser.next(unread);
//     unread.remove_prefix(step.consumed);
//     if (step.event == Event::head) ...        // parser.head() is valid until reset()
//     else if (step.event == Event::body) ...   // step.body: a slice of the caller's buffer
//     else if (step.event == Event::done) ...   // answer, parser.reset(), go on with `unread`
//     else if (step.event == Event::failed) ... // parser.failure(); close after answering
//     else break;                               // need_more: read, append, call again
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sigil::http1 {

struct Limits {
  std::size_t head_bytes_max = 16 * 1024;
  std::size_t headers_max = 100;
  std::uint64_t body_bytes_max = 4 * 1024 * 1024;  // decoded; requests only, responses have none
};

struct Field {
  std::string_view name;   // as sent
  std::string_view value;  // without the white space around it
};

enum class Framing { none, length, chunked, until_close };

// What requests and responses share. Views point into the parser, until reset().
struct Head {
  std::vector<Field> fields;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;  // with Framing::length
  int minor_version = 1;             // HTTP/1.x
  bool keep_alive = true;            // what version and Connection ask for

  // First value of this header (any case); nullptr when absent.
  const Field* find(std::string_view name) const;
  std::string_view value(std::string_view name) const;  // empty when absent
  std::size_t count(std::string_view name) const;
};

struct RequestHead : Head {
  std::string_view method;  // upper case, a method llhttp knows
  std::string_view target;  // origin-form ("/path?query"), undecoded; "*" only with OPTIONS
  std::string_view path() const;
  std::string_view query() const;  // without '?'
  bool expects_continue = false;   // the client waits for kContinue before it sends the body
};

struct ResponseHead : Head {
  int status = 0;
};

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

enum class Event { need_more, head, body, done, failed };

struct Step {
  Event event = Event::need_more;
  std::size_t consumed = 0;
  std::string_view body;  // with Event::body; never empty
};

// status: what to answer (400, 413, 417, 431, 501, 505; 502 for responses). reason: a constant.
struct Failure {
  int status = 0;
  std::string_view reason;
};

namespace internal {
class Machine;
}

class RequestParser {
 public:
  explicit RequestParser(const Limits& limits = {});
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  // Until the head is complete `unread` must hold all of it from its first byte.
  Step next(std::string_view unread);
  const RequestHead& head() const;
  // The head's bytes as they came, with the empty line: to hand a request to somebody else.
  std::string_view raw_head() const;
  const Failure& failure() const;
  // May be called once head() is known: routes have limits of their own.
  void set_body_bytes_max(std::uint64_t bytes);
  // Ready for the next message; gives the memory of a large head back.
  void reset();

 private:
  std::unique_ptr<internal::Machine> machine_;
};

class ResponseParser {
 public:
  explicit ResponseParser(const Limits& limits = {});
  ~ResponseParser();
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;

  // Before each message: the answer to HEAD has no body whatever its headers say.
  void reset(bool is_answer_to_head = false);
  // 1xx answers are skipped (101 fails: nothing of ours upgrades).
  Step next(std::string_view unread);
  // The peer closed: done for bodies that end with the connection, else failed.
  Event finish();
  const ResponseHead& head() const;
  const Failure& failure() const;

 private:
  std::unique_ptr<internal::Machine> machine_;
};

// Case-insensitive equality of ASCII, as header names need it. Inline: most names differ in length
// already, and every header is held against many names.
inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}
// Whether a comma-separated list header holds this token (any case).
bool has_token(std::string_view list, std::string_view token);
std::string_view reason_phrase(int status);
// "1a\r\n" for a chunk of this size; its end is "\r\n", the last chunk kLastChunk.
std::string_view chunk_prefix(std::size_t size, char (&buffer)[20]);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
// Whether text may stand in a header value: no control characters but tab.
bool is_header_value(std::string_view text);

}  // namespace sigil::http1
