// One follower of a numbered resource: an SSE stream, a long poll or a download, made of short
// reads. It reads for itself until it has caught up, then its group reads for it.
#pragma once

#include <memory>
#include <string>

#include "proxy/api_client.h"
#include "proxy/follow_request.h"
#include "proxy/request_task.h"

namespace sigil::proxy {

class ClientConnection;
class FollowGroup;
class Worker;

class Follow final : public RequestTask {
 public:
  // `lines`: the header lines for sigild; they hold who asks.
  Follow(ClientConnection& client, Worker& worker, FollowRequest request, std::string lines);
  ~Follow() override;

  void start() override;
  void on_client_gone() override;
  void on_client_drained() override;
  void on_tick(SteadyTime now) override;
  void on_end_streams() override;

  // From the group. `read_after`: where the page begins.
  void deliver(const ApiResponse& response, const FollowPage& page, std::int64_t read_after);
  void deliver_refusal(const ApiResponse& response);
  std::int64_t after() const { return after_.value_or(0); }
  const FollowRequest& request() const { return request_; }
  const std::string& lines() const { return lines_; }
  SteadyTime read_since() const { return read_since_; }

 private:
  enum class Phase { reading, tailing, blocked, resting, over };

  void read();
  void on_page(const Result<ApiResponse>& answer);
  void on_unavailable(const Error& error);
  void begin(const ApiResponse& first);
  // False: the client is gone or has to catch its breath.
  bool write(const FollowPage& page);
  void go_on(const FollowPage& page);
  void finish();
  void answer_page(const ApiResponse& response);
  void leave();

  ClientConnection& client_;
  Worker& worker_;
  FollowRequest request_;
  std::string lines_;
  std::optional<std::int64_t> after_;
  Phase phase_ = Phase::reading;
  ApiResponse empty_page_;  // what a long poll answers when its time is over
  SteadyTime deadline_{};
  SteadyTime rest_until_{};
  SteadyTime last_told_{};
  SteadyTime last_good_{};
  SteadyTime read_since_{};
};

}  // namespace sigil::proxy
