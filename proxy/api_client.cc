#include "proxy/api_client.h"

#include <algorithm>

namespace sigil::proxy {
namespace {
// A call whose caller was told "timed out" may still be answered; after this its connection is
// given up.
constexpr auto kAbandonAfter = std::chrono::seconds(120);

Error away(std::string reason, std::string message) {
  return Error{ErrorCode::unavailable, std::move(reason), std::move(message), {}, {}};
}
}  // namespace

std::string_view ApiResponse::header(std::string_view name) const {
  for (const auto& entry : headers)
    if (http1::equals_ignoring_case(entry.first, name)) return entry.second;
  return {};
}

class ApiClient::Call final : public UpstreamOwner {
 public:
  Call(ApiClient& client, ApiRequest request, ApiDone done)
      : client_(client), request_(std::move(request)), done_(std::move(done)) {
    since_ = client.now_;
  }

  // False: no socket.
  bool begin(bool fresh) {
    connection_ = client_.pool_.take(
        {client_.endpoint_, client_.options_.address, client_.options_.port}, fresh);
    if (connection_ == nullptr) return false;
    std::string head =
        request_.method + " " + request_.target + " HTTP/1.1\r\nHost: " + client_.options_.address +
        ":" + std::to_string(client_.options_.port) +
        "\r\nConnection: keep-alive\r\nX-Sigil-Control: " + client_.control_token_.reveal() +
        "\r\n" + request_.lines;
    if (!request_.body.empty() || (request_.method != "GET" && request_.method != "HEAD"))
      head += "Content-Length: " + std::to_string(request_.body.size()) + "\r\n";
    head += "\r\n";
    connection_->send(*this, head, request_.body, request_.method == "HEAD");
    return true;
  }

  void on_upstream_head(const http1::ResponseHead& head) override {
    response_.status = head.status;
    for (const http1::Field& field : head.fields)
      response_.headers.emplace_back(field.name, field.value);
  }
  void on_upstream_body(std::string_view piece) override {
    // Over the limit it is still read: pushing back on sigild would stop one of its threads.
    if (response_.body.size() + piece.size() > client_.options_.response_bytes_max)
      is_too_large_ = true;
    else
      response_.body += piece;
  }
  void on_upstream_batch_end() override {}
  void on_upstream_done() override {
    if (is_too_large_)
      tell(fail(ErrorCode::too_large, "the answer of sigild is too large"));
    else
      tell(std::move(response_));
    client_.finish(*this);
  }
  void on_upstream_failed(UpstreamProblem problem) override {
    const bool was_reused = connection_->is_reused();
    const bool has_sent = connection_->has_sent_anything();
    const bool has_answered = connection_->has_answered();
    const bool is_safe = request_.method == "GET" || request_.method == "HEAD";
    connection_ = nullptr;
    if (was_reused && !has_answered && (is_safe || !has_sent) && begin(true)) return;
    if (problem == UpstreamProblem::refused || problem == UpstreamProblem::connect_timeout)
      tell(fail(away("away", "sigild does not answer")));
    else
      tell(fail(away("lost", "the connection to sigild broke")));
    client_.finish(*this);
  }

  bool is_over(SteadyTime now) {
    if (done_ && now - since_ > client_.options_.time_max)
      tell(fail(ErrorCode::timed_out, "sigild took too long"));
    return now - since_ > kAbandonAfter;
  }
  void abandon() {
    if (connection_ != nullptr) connection_->abandon();
    connection_ = nullptr;
  }
  void tell(Result<ApiResponse> outcome) {
    if (const auto done = std::exchange(done_, nullptr)) done(std::move(outcome));
  }
  void restart_clock() { since_ = client_.now_; }

 private:
  ApiClient& client_;
  ApiRequest request_;
  ApiDone done_;
  ApiResponse response_;
  bool is_too_large_ = false;
  UpstreamConnection* connection_ = nullptr;
  SteadyTime since_{};
};

ApiClient::ApiClient(EventLoop& loop, std::vector<char>& scratch, const SteadyTime& now,
                     const Secret& control_token, Options options)
    : loop_(loop),
      now_(now),
      control_token_(control_token),
      options_(std::move(options)),
      endpoint_(options_.address + " " + std::to_string(options_.port)),
      pool_(loop, scratch, now, {.idle_max = std::chrono::milliseconds(20'000)}) {}

ApiClient::~ApiClient() = default;

void ApiClient::send(ApiRequest request, ApiDone done) {
  auto call = std::make_unique<Call>(*this, std::move(request), std::move(done));
  waiting_.push_back(std::move(call));
  // Later in this turn, so that `done` never runs inside send().
  loop_.post([this] { launch_waiting(); });
}

void ApiClient::launch_waiting() {
  while (waiting_.size() > options_.waiting_max + options_.connections_max) {
    auto call = std::move(waiting_.back());
    waiting_.pop_back();
    call->tell(fail(away("busy", "too many requests wait for sigild")));
  }
  while (!waiting_.empty() && running_.size() < options_.connections_max) {
    auto call = std::move(waiting_.front());
    waiting_.pop_front();
    launch(std::move(call));
  }
}

void ApiClient::launch(std::unique_ptr<Call> call) {
  Call& running = *call;
  running_.push_back(std::move(call));
  if (running.begin(false)) return;
  running.tell(fail(away("away", "sigild does not answer")));
  finish(running);
}

void ApiClient::finish(Call& call) {
  const auto found = std::find_if(running_.begin(), running_.end(),
                                  [&](const auto& entry) { return entry.get() == &call; });
  if (found == running_.end()) return;
  finished_.push_back(std::move(*found));
  running_.erase(found);
  loop_.post([this] { launch_waiting(); });
}

void ApiClient::tick() {
  std::vector<Call*> over;
  for (const auto& call : running_)
    if (call->is_over(now_)) over.push_back(call.get());
  for (Call* call : over) {
    call->abandon();
    finish(*call);
  }
  for (std::size_t i = 0; i < waiting_.size(); ++i) (void)waiting_[i]->is_over(now_);
  std::erase_if(waiting_, [&](const auto& call) { return call->is_over(now_); });
  pool_.tick();
}

void ApiClient::bury() {
  finished_.clear();
  pool_.bury();
}

}  // namespace sigil::proxy
