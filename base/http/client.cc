#include "base/http/client.h"

#include <algorithm>
#include <cctype>
#include <mutex>
#include <optional>

#include "base/http/curl.h"
#include "base/http/early_answer.h"

namespace sigil::http {
namespace {

constexpr std::size_t kHeadBytesMax = 64 * 1024;
constexpr std::size_t kEarlyAnswerBytesMax = 64 * 1024;
constexpr int kPollMs = 1000;  // an upper bound only: a stop wakes the poll

void start_curl_once() {
  static std::once_flag started;
  std::call_once(started, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

bool is_equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

bool has_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

// The state of one call, reached from curl's callbacks.
struct Call {
  const Request& request;
  const OnHead* on_head = nullptr;
  const OnBody* on_body = nullptr;
  std::stop_token stop;
  CURL* curl = nullptr;
  Response response;
  std::size_t head_bytes = 0;
  bool is_head_over = false;
  std::optional<Error> own_reason;  // why we ended it, which curl cannot tell
  std::string early_bytes;

  bool refuse(ErrorCode code, std::string message) {
    own_reason = Error{code, std::string(name_of(code)), std::move(message), {}, {}};
    return false;
  }
};

bool take_head_line(Call& call, std::string_view line) {
  call.head_bytes += line.size();
  if (call.head_bytes > kHeadBytesMax)
    return call.refuse(ErrorCode::too_large, "the answer's head is too large");
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    call.response.headers.clear();
    return true;
  }
  if (line.empty()) {
    long status = 0;
    curl_easy_getinfo(call.curl, CURLINFO_RESPONSE_CODE, &status);
    call.response.status = static_cast<int>(status);
    if (status < 200 && status != 101) return true;  // 100 Continue and the like
    call.is_head_over = true;
    if (call.on_head != nullptr && *call.on_head && !(*call.on_head)(call.response))
      return call.refuse(ErrorCode::cancelled, "the caller refused the answer");
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || call.is_head_over) return true;  // trailers are not kept
  std::string_view value = line.substr(colon + 1);
  while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  call.response.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
  return true;
}

bool take_body(Call& call, std::string_view piece) {
  if (call.on_body != nullptr) {
    if (*call.on_body && !(*call.on_body)(piece))
      return call.refuse(ErrorCode::cancelled, "the caller ended the answer");
    return true;
  }
  if (call.response.body.size() + piece.size() > call.request.response_bytes_max)
    return call.refuse(
        ErrorCode::too_large,
        "an answer of more than " + std::to_string(call.request.response_bytes_max) + " bytes");
  call.response.body += piece;
  return true;
}

std::size_t on_curl_head(char* bytes, std::size_t one, std::size_t count, void* user) {
  return take_head_line(*static_cast<Call*>(user), {bytes, one * count}) ? one * count : 0;
}

std::size_t on_curl_body(char* bytes, std::size_t one, std::size_t count, void* user) {
  const std::size_t size = one * count;
  return take_body(*static_cast<Call*>(user), {bytes, size}) ? size : size + 1;
}

std::size_t on_curl_read(char* buffer, std::size_t one, std::size_t count, void* user) {
  Call& call = *static_cast<Call*>(user);
  if (call.stop.stop_requested()) return CURL_READFUNC_ABORT;
  const long given = call.request.read_body(buffer, one * count);
  if (given >= 0) return static_cast<std::size_t>(given);
  call.refuse(ErrorCode::cancelled, "the body ended before it was complete");
  return CURL_READFUNC_ABORT;
}

int on_curl_close(void* user, curl_socket_t descriptor) {
  Call& call = *static_cast<Call*>(user);
  if (call.request.read_body && !call.is_head_over && !call.request.url.starts_with("https:"))
    call.early_bytes = drain_socket(descriptor, kEarlyAnswerBytesMax);
  return ::close(descriptor);
}

Result<CurlList> make_headers(const Request& request) {
  CurlList list;
  const auto append = [&list](const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    (void)list.release();
    list.reset(longer);
  };
  bool has_type = false;
  for (const Header& header : request.headers) {
    if (header.name.empty() || has_break(header.name) || has_break(header.value))
      return fail(ErrorCode::invalid_argument, "a header with a line break");
    has_type = has_type || is_equal_ignoring_case(header.name, "content-type");
    // "Name;" is curl's way of writing an empty value.
    append(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  append("Expect:");
  if (!has_type) append("Content-Type:");
  if (request.read_body) append("Transfer-Encoding: chunked");
  return list;
}

void set_method_and_body(CURL* curl, const Request& request) {
  if (request.read_body) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_curl_read);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
             request.method == "PATCH") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  } else if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void set_options(CURL* curl, const Request& request, Call& call, curl_slist* headers) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  // Never from the environment: whoever wants a proxy says so in the request.
  curl_easy_setopt(curl, CURLOPT_PROXY, request.proxy.c_str());
  if (request.proxy.empty()) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  if (!request.unix_socket.empty())
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
  if (!request.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, request.ca_file.c_str());
  if (request.trusts_anybody) {
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_max.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.time_max.count()));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_curl_head);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &call);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_curl_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &call);
  curl_easy_setopt(curl, CURLOPT_READDATA, &call);
  curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, on_curl_close);
  curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, &call);
  set_method_and_body(curl, request);
}

// nullopt: stopped.
std::optional<CURLcode> run_to_end(CURLM* multi, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
  while (!stop.stop_requested()) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
    int left = 0;
    if (const CURLMsg* message = curl_multi_info_read(multi, &left);
        message != nullptr && message->msg == CURLMSG_DONE)
      return message->data.result;
    if (running == 0) return CURLE_FAILED_INIT;
    curl_multi_poll(multi, nullptr, 0, kPollMs, nullptr);
  }
  return std::nullopt;
}

Error error_of(CURLcode code, const Request& request, const char* detail) {
  const std::string where = request.unix_socket.empty() ? request.url : request.unix_socket;
  const std::string why = *detail != '\0' ? detail : curl_easy_strerror(code);
  const auto make = [&](ErrorCode kind, std::string reason, const std::string& sentence) {
    return Error{kind, std::move(reason), sentence + " (" + why + ")", {}, {}};
  };
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return make(ErrorCode::timed_out, "timed_out", where + " did not answer in time");
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return make(ErrorCode::unavailable, "cannot_connect", "cannot connect to " + where);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return make(ErrorCode::invalid_argument, "invalid_argument",
                  "not a usable address: " + where);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return make(ErrorCode::unavailable, "tls_failed", "no secure connection to " + where);
    default:
      return make(ErrorCode::unavailable, "unavailable", "the connection to " + where + " broke");
  }
}

// An upload that was answered before it was over: the answer counts, not the broken sending.
bool adopt_early_answer(Call& call) {
  if (call.is_head_over) return true;
  auto early = parse_early_answer(call.early_bytes);
  if (!early) return false;
  const std::string body = std::move(early->body);
  call.response = *std::move(early);
  call.response.body.clear();
  call.is_head_over = true;
  if (call.on_head != nullptr && *call.on_head && !(*call.on_head)(call.response))
    return call.refuse(ErrorCode::cancelled, "the caller refused the answer");
  return take_body(call, body);
}

Result<Response> perform(Call& call) {
  start_curl_once();
  if (call.stop.stop_requested()) return fail(ErrorCode::cancelled, "cancelled");
  if (has_break(call.request.url) || has_break(call.request.method))
    return fail(ErrorCode::invalid_argument, "an address with a line break");
  SIGIL_TRY(const CurlList headers, make_headers(call.request));
  const CurlHandle curl(curl_easy_init());
  const CurlMultiHandle multi(curl_multi_init());
  if (curl == nullptr || multi == nullptr)
    return fail(ErrorCode::internal, "libcurl has no memory");
  call.curl = curl.get();
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, detail);
  set_options(curl.get(), call.request, call, headers.get());
  curl_multi_add_handle(multi.get(), curl.get());
  const auto code = run_to_end(multi.get(), call.stop);
  curl_multi_remove_handle(multi.get(), curl.get());
  if (call.stop.stop_requested() && (!code || *code != CURLE_OK))
    return fail(ErrorCode::cancelled, "cancelled");
  if (call.own_reason) return fail(*std::move(call.own_reason));
  if (*code == CURLE_OK) return std::move(call.response);
  if (*code == CURLE_SEND_ERROR && adopt_early_answer(call)) return std::move(call.response);
  if (call.own_reason) return fail(*std::move(call.own_reason));
  return fail(error_of(*code, call.request, detail));
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
  for (const Header& header : headers)
    if (is_equal_ignoring_case(header.name, name)) return header.value;
  return {};
}

Result<Response> Client::send(const Request& request, std::stop_token stop) const {
  Call call{request, nullptr, nullptr, std::move(stop), nullptr, {}, 0, false, {}, {}};
  return perform(call);
}

Result<Response> Client::stream(const Request& request, const OnHead& on_head,
                                const OnBody& on_body, std::stop_token stop) const {
  Call call{request, &on_head, &on_body, std::move(stop), nullptr, {}, 0, false, {}, {}};
  return perform(call);
}

}  // namespace sigil::http
