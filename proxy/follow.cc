#include "proxy/follow.h"

#include "proxy/carry.h"
#include "proxy/client_connection.h"
#include "proxy/follow_hub.h"
#include "proxy/origin.h"
#include "proxy/worker.h"

namespace sigil::proxy {
namespace {

// A download that cannot go on for this long is broken off rather than left half-open.
constexpr auto kDownloadPatience = std::chrono::seconds(30);

constexpr std::string_view kStreamLines =
    "Content-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n";
constexpr std::string_view kDownloadLines =
    "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
    "Content-Disposition: attachment; filename=\"log.txt\"\r\n";

}  // namespace

Follow::Follow(ClientConnection& client, Worker& worker, FollowRequest request, std::string lines)
    : client_(client),
      worker_(worker),
      request_(std::move(request)),
      lines_(std::move(lines)),
      after_(request_.after) {
  worker_.counters().followers.fetch_add(1, std::memory_order_relaxed);
}

Follow::~Follow() { worker_.counters().followers.fetch_sub(1, std::memory_order_relaxed); }

void Follow::start() {
  deadline_ = worker_.now() + request_.wait;
  last_good_ = last_told_ = worker_.now();
  read();
}

void Follow::read() {
  phase_ = Phase::reading;
  read_since_ = worker_.now();
  ApiRequest request;
  request.target = request_.target(after_);
  request.lines = lines_ + "X-Request-Id: " + client_.request_id() +
                  "\r\nX-Sigil-Client-Address: " + client_.address() + "\r\n";
  worker_.api().send(std::move(request), [this, alive = alive()](Result<ApiResponse> answer) {
    if (!alive.expired() && phase_ == Phase::reading) on_page(answer);
  });
}

void Follow::on_page(const Result<ApiResponse>& answer) {
  if (!answer.has_value()) return on_unavailable(answer.error());
  // While sigild starts it may refuse what it will answer in a moment.
  if (answer->status >= 500 && client_.has_begun_answer())
    return on_unavailable(Error{ErrorCode::unavailable, "away", {}, {}, {}});
  if (answer->status != 200) return deliver_refusal(*answer);
  const auto page = read_follow_page(answer->body);
  if (!page.has_value()) return on_unavailable(Error{ErrorCode::unavailable, "lost", {}, {}, {}});
  last_good_ = worker_.now();
  if (request_.mode == FollowMode::poll) {
    if (!page->items.empty() || page->has_ended || request_.wait.count() == 0)
      return answer_page(*answer);
    empty_page_ = *answer;
    after_ = page->next_after;
    return go_on(*page);
  }
  if (!client_.has_begun_answer()) begin(*answer);
  if (write(*page)) go_on(*page);
}

void Follow::on_unavailable(const Error& error) {
  const bool is_hopeless =
      request_.mode == FollowMode::download && worker_.now() - last_good_ > kDownloadPatience;
  if (is_hopeless && client_.has_begun_answer()) {
    phase_ = Phase::over;
    return client_.abort();
  }
  if (client_.has_begun_answer() || !empty_page_.body.empty()) {
    phase_ = Phase::resting;
    rest_until_ = worker_.now() + worker_.shared().timing.follow_poll;
    return;
  }
  phase_ = Phase::over;
  bump(worker_.counters().carried_failed);
  client_.answer(unavailable_answer(request_.path, error, client_.request_id()), kPlainLines);
}

void Follow::begin(const ApiResponse&) {
  std::string lines(request_.mode == FollowMode::download ? kDownloadLines : kStreamLines);
  lines += kPlainLines;
  client_.begin_answer({.status = 200, .lines = lines});
  // The head goes out now, before there is anything to tell.
  client_.flush();
}

bool Follow::write(const FollowPage& page) {
  std::string out;
  for (const FollowItem& item : page.items) {
    if (after_ && item.seq <= *after_) continue;
    if (request_.mode == FollowMode::download)
      out += item.text + "\n";
    else
      out += "id: " + std::to_string(item.seq) + "\ndata: " + item.json + "\n\n";
  }
  after_ = std::max(after_.value_or(0), page.next_after);
  if (out.empty()) return phase_ != Phase::over;
  last_told_ = worker_.now();
  client_.add_body(out);
  if (!client_.flush()) return false;
  if (!client_.has_pending()) return true;
  leave();
  phase_ = Phase::blocked;
  return false;
}

// A page that had something may have a next one; an empty one is the end for now.
void Follow::go_on(const FollowPage& page) {
  const bool is_download = request_.mode == FollowMode::download;
  // A download ends with the page that reaches the newest line, however fast the log grows.
  if (is_download && (page.has_ended || page.items.empty())) return finish();
  if (!page.items.empty()) return read();
  if (page.has_ended) return finish();
  phase_ = Phase::tailing;
  worker_.hub().join(*this);
}

void Follow::finish() {
  leave();
  phase_ = Phase::over;
  if (request_.mode == FollowMode::events) client_.add_body("event: end\ndata: {}\n\n");
  client_.end_answer();
}

void Follow::answer_page(const ApiResponse& response) {
  leave();
  phase_ = Phase::over;
  std::string lines = answer_lines(response);
  lines += kPlainLines;
  client_.begin_answer({.status = response.status, .lines = lines, .length = response.body.size()});
  client_.add_body(response.body);
  client_.end_answer();
}

void Follow::deliver(const ApiResponse& response, const FollowPage& page, std::int64_t read_after) {
  // A page that begins behind where we stand would leave a gap; the group reads again.
  if (phase_ != Phase::tailing || read_after > after()) return;
  last_good_ = worker_.now();
  const bool has_news = page.next_after > after() && !page.items.empty();
  if (request_.mode == FollowMode::poll) {
    if (!has_news && !page.has_ended) return;
    if (read_after == after()) return answer_page(response);
    leave();
    return read();
  }
  if (!write(page)) return;
  if (page.items.empty() && page.has_ended) finish();
}

void Follow::deliver_refusal(const ApiResponse& response) {
  leave();
  if (!client_.has_begun_answer()) return answer_page(response);
  // The resource is gone, or the caller may not see it any more.
  phase_ = Phase::over;
  client_.end_answer();
}

void Follow::leave() {
  if (phase_ == Phase::tailing) worker_.hub().leave(*this);
}

void Follow::on_client_gone() {
  leave();
  phase_ = Phase::over;
}

void Follow::on_client_drained() {
  if (phase_ == Phase::blocked) read();
}

void Follow::on_tick(SteadyTime now) {
  if (phase_ == Phase::over) return;
  if (request_.mode == FollowMode::poll && now >= deadline_ && !empty_page_.body.empty())
    return answer_page(empty_page_);
  if (phase_ == Phase::resting && now >= rest_until_) return read();
  const bool is_silent = now - last_told_ > worker_.shared().timing.heartbeat;
  if (request_.mode == FollowMode::events && client_.has_begun_answer() && is_silent &&
      !client_.has_pending()) {
    last_told_ = now;
    client_.add_body(":\n\n");
    client_.flush();
  }
}

void Follow::on_end_streams() {
  if (phase_ == Phase::over || request_.mode == FollowMode::download) return;
  if (request_.mode == FollowMode::poll) {
    if (!empty_page_.body.empty()) answer_page(empty_page_);
    return;
  }
  if (!client_.has_begun_answer()) return;
  leave();
  phase_ = Phase::over;
  client_.end_answer();
}

}  // namespace sigil::proxy
