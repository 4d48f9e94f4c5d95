#include "base/http1/message.h"

#include <llhttp.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sigil::http1 {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// A second line of any of these makes two readers of one message disagree about its end, its
// owner or its place.
constexpr std::array<std::string_view, 7> kOnlyOnce = {
    "host",         "content-length", "transfer-encoding", "authorization", "mcp-session-id",
    "content-type", "expect"};

// Between two pieces of a chunked body: size line, extensions, trailer.
constexpr std::size_t kFramingBytesMax = 16 * 1024;

}  // namespace

namespace internal {

// One message of either direction. The head is handed to llhttp in one piece, once its end is
// seen; then length-delimited bodies are counted here and chunked ones go through llhttp again.
class Machine {
 public:
  Machine(llhttp_type_t type, const Limits& limits);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Step next(std::string_view unread);
  Event finish();
  void reset(bool skip_body);
  std::string_view raw_head() const { return bytes_; }

  RequestHead request;
  ResponseHead response;
  Failure failure;
  Limits limits;

 private:
  enum class Phase { head, body, done, failed };
  struct Span {
    std::size_t name_at = 0, name_size = 0, value_at = 0, value_size = 0;
  };

  Step read_head(std::string_view unread);
  Step read_length(std::string_view unread);
  Step read_chunked(std::string_view unread);
  Step read_until_close(std::string_view unread);
  Step fail_with(int status, std::string_view reason, std::size_t consumed = 0);
  // Looks where it stopped looking the last time; npos while the head is not whole.
  std::size_t find_head_end(std::string_view unread, std::size_t from);
  bool run_llhttp_over_head();
  bool check_common(Head& head);
  bool check_request();
  bool check_response();
  bool choose_framing(Head& head);
  bool refuse(int status, std::string_view reason);
  Step after_head(std::size_t consumed);
  bool is_request() const { return type_ == HTTP_REQUEST; }
  Head& head() { return is_request() ? static_cast<Head&>(request) : response; }
  std::string_view text(std::size_t at, std::size_t size) const {
    return std::string_view(bytes_).substr(at, size);
  }
  void extend(std::size_t& at, std::size_t& size, const char* data, std::size_t count) {
    if (size == 0) at = static_cast<std::size_t>(data - bytes_.data());
    size += count;
  }

  static Machine& of(llhttp_t* parser) { return *static_cast<Machine*>(parser->data); }
  static int on_url(llhttp_t* parser, const char* at, std::size_t size);
  static int on_name(llhttp_t* parser, const char* at, std::size_t size);
  static int on_value(llhttp_t* parser, const char* at, std::size_t size);
  static int on_value_complete(llhttp_t* parser);
  static int on_headers_complete(llhttp_t* parser);
  static int on_body(llhttp_t* parser, const char* at, std::size_t size);
  static int on_message_complete(llhttp_t* parser);
  static const llhttp_settings_t& settings();

  llhttp_type_t type_;
  llhttp_t parser_{};
  Phase phase_ = Phase::head;
  bool skip_body_ = false;
  bool headers_complete_ = false;
  bool message_complete_ = false;
  std::string bytes_;  // the head, owned so that views outlive the caller's buffer
  std::vector<Span> spans_;
  Span span_;
  std::size_t target_at_ = 0, target_size_ = 0;
  std::size_t searched_ = 0;
  std::uint64_t remaining_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::size_t framing_bytes_ = 0;
  std::string_view body_;
};

Machine::Machine(llhttp_type_t type, const Limits& wanted) : limits(wanted), type_(type) {
  reset(false);
}

void Machine::reset(bool skip_body) {
  llhttp_init(&parser_, type_, &settings());
  parser_.data = this;
  phase_ = Phase::head;
  skip_body_ = skip_body;
  headers_complete_ = message_complete_ = false;
  if (bytes_.capacity() > 4096) std::string().swap(bytes_);
  bytes_.clear();
  spans_.clear();
  span_ = {};
  target_at_ = target_size_ = searched_ = framing_bytes_ = 0;
  remaining_ = body_bytes_ = 0;
  Head& common = head();
  common.fields.clear();
  common.framing = Framing::none;
  common.content_length = 0;
  request.method = request.target = {};
  request.expects_continue = false;
  failure = {};
}

const llhttp_settings_t& Machine::settings() {
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t made;
    llhttp_settings_init(&made);
    made.on_url = on_url;
    made.on_header_field = on_name;
    made.on_header_value = on_value;
    made.on_header_value_complete = on_value_complete;
    made.on_headers_complete = on_headers_complete;
    made.on_body = on_body;
    made.on_message_complete = on_message_complete;
    return made;
  }();
  return kSettings;
}

int Machine::on_url(llhttp_t* parser, const char* at, std::size_t size) {
  Machine& self = of(parser);
  self.extend(self.target_at_, self.target_size_, at, size);
  return 0;
}

int Machine::on_name(llhttp_t* parser, const char* at, std::size_t size) {
  Machine& self = of(parser);
  // Trailer fields are read for their syntax and dropped.
  if (!self.headers_complete_) self.extend(self.span_.name_at, self.span_.name_size, at, size);
  return 0;
}

int Machine::on_value(llhttp_t* parser, const char* at, std::size_t size) {
  Machine& self = of(parser);
  if (!self.headers_complete_) self.extend(self.span_.value_at, self.span_.value_size, at, size);
  return 0;
}

int Machine::on_value_complete(llhttp_t* parser) {
  Machine& self = of(parser);
  if (self.headers_complete_) return 0;
  self.spans_.push_back(self.span_);
  self.span_ = {};
  return 0;
}

int Machine::on_headers_complete(llhttp_t* parser) {
  of(parser).headers_complete_ = true;
  // Nothing of ours upgrades: without this llhttp would hand over the connection.
  parser->upgrade = 0;
  return of(parser).skip_body_ ? 1 : 0;
}

int Machine::on_body(llhttp_t* parser, const char* at, std::size_t size) {
  of(parser).body_ = {at, size};
  return HPE_PAUSED;
}

int Machine::on_message_complete(llhttp_t* parser) {
  of(parser).message_complete_ = true;
  return HPE_PAUSED;
}

Step Machine::fail_with(int status, std::string_view reason, std::size_t consumed) {
  refuse(status, reason);
  return {Event::failed, consumed, {}};
}

bool Machine::refuse(int status, std::string_view reason) {
  phase_ = Phase::failed;
  failure = {is_request() ? status : 502, reason};
  return false;
}

Step Machine::next(std::string_view unread) {
  switch (phase_) {
    case Phase::head:
      return read_head(unread);
    case Phase::body:
      if (head().framing == Framing::length) return read_length(unread);
      if (head().framing == Framing::chunked) return read_chunked(unread);
      return read_until_close(unread);
    case Phase::done:
      return {Event::done, 0, {}};
    case Phase::failed:
      break;
  }
  return {Event::failed, 0, {}};
}

std::size_t Machine::find_head_end(std::string_view unread, std::size_t from) {
  const std::size_t start = std::max(from, searched_ > 3 ? searched_ - 3 : 0);
  const auto end = unread.find("\r\n\r\n", start);
  searched_ = unread.size();
  return end == std::string_view::npos ? end : end + 4;
}

Step Machine::read_head(std::string_view unread) {
  std::size_t skipped = 0;
  // Old clients end a body with an extra CRLF; RFC 9112 §2.2 lets a server skip it. Answers never
  // begin so.
  while (is_request() && skipped < 4 && unread.substr(skipped, 2) == "\r\n") skipped += 2;
  const std::size_t end = find_head_end(unread, skipped);
  const bool is_whole = end != std::string_view::npos;
  if ((is_whole ? end - skipped : unread.size() - skipped) > limits.head_bytes_max)
    return fail_with(431, "head too large");
  // Binary junk or another protocol should not wait for its time-out; llhttp itself would skip a
  // lone CR or LF here.
  const bool is_half_line_end = is_request() && unread.substr(skipped) == "\r";
  if (unread.size() > skipped && !is_half_line_end &&
      static_cast<unsigned char>(unread[skipped]) < 0x21)
    return fail_with(400, "malformed start line");
  if (!is_whole) return {Event::need_more, 0, {}};
  bytes_.assign(unread.substr(skipped, end - skipped));
  if (!run_llhttp_over_head()) return {Event::failed, end, {}};
  if (!check_common(head())) return {Event::failed, end, {}};
  if (!(is_request() ? check_request() : check_response())) return {Event::failed, end, {}};
  return after_head(end);
}

bool Machine::run_llhttp_over_head() {
  const auto outcome = llhttp_execute(&parser_, bytes_.data(), bytes_.size());
  const bool paused_at_end = outcome == HPE_PAUSED && message_complete_;
  if (outcome != HPE_OK && !paused_at_end) {
    switch (outcome) {
      case HPE_INVALID_VERSION:
        return refuse(505, "unsupported version");
      case HPE_INVALID_METHOD:
        return refuse(501, "unknown method");
      default:
        return refuse(400, "malformed head");
    }
  }
  if (!headers_complete_) return refuse(400, "malformed head");
  return true;
}

bool Machine::check_common(Head& common) {
  if (spans_.size() > limits.headers_max) return refuse(431, "too many headers");
  if (parser_.http_major != 1 || parser_.http_minor > 1) return refuse(505, "unsupported version");
  common.minor_version = parser_.http_minor;
  common.fields.reserve(spans_.size());
  for (const Span& span : spans_)
    common.fields.push_back(
        {text(span.name_at, span.name_size), trim(text(span.value_at, span.value_size))});
  for (const auto name : kOnlyOnce)
    if (common.count(name) > 1) return refuse(400, "repeated header");
  return choose_framing(common);
}

bool Machine::choose_framing(Head& common) {
  const Field* coding = common.find("transfer-encoding");
  const Field* length = common.find("content-length");
  if (coding != nullptr && length != nullptr) return refuse(400, "both framings");
  if (coding != nullptr) {
    if (common.minor_version == 0) return refuse(400, "transfer coding in HTTP/1.0");
    if (!equals_ignoring_case(coding->value, "chunked")) return refuse(501, "transfer coding");
    common.framing = Framing::chunked;
  } else if (length != nullptr) {
    if (length->value.empty() || length->value.size() > 18 ||
        length->value.find_first_not_of("0123456789") != std::string_view::npos)
      return refuse(400, "bad content length");
    common.framing = Framing::length;
    std::uint64_t value = 0;
    for (const char c : length->value) value = value * 10 + static_cast<std::uint64_t>(c - '0');
    common.content_length = value;
  } else {
    common.framing = is_request() ? Framing::none : Framing::until_close;
  }
  const std::string_view connection = common.value("connection");
  common.keep_alive = common.minor_version == 1 ? !has_token(connection, "close")
                                                : has_token(connection, "keep-alive");
  return true;
}

bool Machine::check_request() {
  if (request.count("host") != 1) return refuse(400, "exactly one Host is needed");
  request.method = llhttp_method_name(static_cast<llhttp_method_t>(parser_.method));
  request.target = text(target_at_, target_size_);
  const bool is_origin_form = !request.target.empty() && request.target.front() == '/';
  const bool is_asterisk = request.target == "*" && request.method == "OPTIONS";
  const auto is_visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if ((!is_origin_form && !is_asterisk) ||
      !std::all_of(request.target.begin(), request.target.end(), is_visible) ||
      request.target.find('#') != std::string_view::npos)
    return refuse(400, "request target form");
  if (const Field* expect = request.find("expect"); expect != nullptr) {
    if (!equals_ignoring_case(expect->value, "100-continue")) return refuse(417, "expectation");
    request.expects_continue = request.minor_version == 1 && request.framing != Framing::none;
  }
  return true;
}

bool Machine::check_response() {
  response.status = parser_.status_code;
  if (response.status < 100 || response.status > 599 || response.status == 101)
    return refuse(502, "status");
  const bool is_bodiless =
      skip_body_ || response.status < 200 || response.status == 204 || response.status == 304;
  if (is_bodiless) response.framing = Framing::none;
  if (response.framing == Framing::until_close) response.keep_alive = false;
  return true;
}

Step Machine::after_head(std::size_t consumed) {
  Head& common = head();
  if (!is_request() && response.status < 200) {
    const bool skip = skip_body_;
    reset(skip);
    return {Event::need_more, consumed, {}};
  }
  if (common.framing == Framing::length && common.content_length == 0)
    common.framing = Framing::none;
  if (is_request() && common.framing == Framing::length &&
      common.content_length > limits.body_bytes_max) {
    // The head is still worth reading for whoever answers.
    return fail_with(413, "body too large", consumed);
  }
  remaining_ = common.content_length;
  phase_ = common.framing == Framing::none ? Phase::done : Phase::body;
  return {Event::head, consumed, {}};
}

Step Machine::read_length(std::string_view unread) {
  if (remaining_ == 0) {
    phase_ = Phase::done;
    return {Event::done, 0, {}};
  }
  // A limit set after the head: said before the client has sent the body.
  if (is_request() && head().content_length > limits.body_bytes_max)
    return fail_with(413, "body too large");
  if (unread.empty()) return {};
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(unread.size(), remaining_));
  remaining_ -= size;
  return {Event::body, size, unread.substr(0, size)};
}

Step Machine::read_until_close(std::string_view unread) {
  if (unread.empty()) return {};
  return {Event::body, unread.size(), unread};
}

Step Machine::read_chunked(std::string_view unread) {
  if (unread.empty()) return {};
  if (llhttp_get_errno(&parser_) == HPE_PAUSED) llhttp_resume(&parser_);
  body_ = {};
  const auto outcome = llhttp_execute(&parser_, unread.data(), unread.size());
  std::size_t consumed = unread.size();
  if (outcome == HPE_PAUSED)
    consumed = static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - unread.data());
  else if (outcome != HPE_OK)
    return fail_with(400, "malformed chunk");
  framing_bytes_ = (body_.empty() ? framing_bytes_ : 0) + consumed - body_.size();
  if (framing_bytes_ > kFramingBytesMax) return fail_with(400, "chunk framing too large");
  if (!body_.empty()) {
    body_bytes_ += body_.size();
    if (is_request() && body_bytes_ > limits.body_bytes_max)
      return fail_with(413, "body too large", consumed);
    return {Event::body, consumed, body_};
  }
  if (message_complete_) {
    phase_ = Phase::done;
    return {Event::done, consumed, {}};
  }
  return {Event::need_more, consumed, {}};
}

Event Machine::finish() {
  if (phase_ == Phase::done) return Event::done;
  if (phase_ == Phase::body && head().framing == Framing::until_close) {
    phase_ = Phase::done;
    return Event::done;
  }
  if (phase_ != Phase::failed) refuse(400, "connection closed early");
  return Event::failed;
}

}  // namespace internal

const Field* Head::find(std::string_view name) const {
  for (const Field& field : fields)
    if (equals_ignoring_case(field.name, name)) return &field;
  return nullptr;
}

std::string_view Head::value(std::string_view name) const {
  const Field* field = find(name);
  return field == nullptr ? std::string_view() : field->value;
}

std::size_t Head::count(std::string_view name) const {
  std::size_t found = 0;
  for (const Field& field : fields) found += equals_ignoring_case(field.name, name) ? 1 : 0;
  return found;
}

std::string_view RequestHead::path() const { return target.substr(0, target.find('?')); }

std::string_view RequestHead::query() const {
  const auto mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

RequestParser::RequestParser(const Limits& limits)
    : machine_(std::make_unique<internal::Machine>(HTTP_REQUEST, limits)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
Step RequestParser::next(std::string_view unread) { return machine_->next(unread); }
const RequestHead& RequestParser::head() const { return machine_->request; }
std::string_view RequestParser::raw_head() const { return machine_->raw_head(); }
const Failure& RequestParser::failure() const { return machine_->failure; }
void RequestParser::set_body_bytes_max(std::uint64_t bytes) {
  machine_->limits.body_bytes_max = bytes;
}
void RequestParser::reset() { machine_->reset(false); }

ResponseParser::ResponseParser(const Limits& limits)
    : machine_(std::make_unique<internal::Machine>(HTTP_RESPONSE, limits)) {}
ResponseParser::~ResponseParser() = default;
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;
void ResponseParser::reset(bool is_answer_to_head) { machine_->reset(is_answer_to_head); }
Step ResponseParser::next(std::string_view unread) { return machine_->next(unread); }
Event ResponseParser::finish() { return machine_->finish(); }
const ResponseHead& ResponseParser::head() const { return machine_->response; }
const Failure& ResponseParser::failure() const { return machine_->failure; }

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (equals_ignoring_case(trim(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

std::string_view reason_phrase(int status) {
  static constexpr std::pair<int, std::string_view> kPhrases[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  for (const auto& entry : kPhrases)
    if (entry.first == status) return entry.second;
  return "Unknown";
}

std::string_view chunk_prefix(std::size_t size, char (&buffer)[20]) {
  char* at = buffer + sizeof buffer;
  *--at = '\n';
  *--at = '\r';
  do {
    *--at = "0123456789abcdef"[size & 15];
    size >>= 4;
  } while (size != 0);
  return {at, static_cast<std::size_t>(buffer + sizeof buffer - at)};
}

bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

}  // namespace sigil::http1
