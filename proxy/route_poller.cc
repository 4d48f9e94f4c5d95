#include "proxy/route_poller.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/http/client.h"
#include "base/log.h"

namespace sigil::proxy {
namespace {
// An answer that was under way while a newer snapshot was pushed is older than ours; one that stays
// older is the truth (a database was put back).
constexpr int kOlderAnswersBelieved = 3;
}  // namespace

RoutePoller::RoutePoller(RouteBook& book, std::string api_url, Secret token,
                         std::chrono::milliseconds every)
    : book_(book),
      api_url_(std::move(api_url)),
      token_(std::move(token)),
      every_(every),
      thread_([this](const std::stop_token& stop) { run(stop); }) {
  ::pthread_setname_np(thread_.native_handle(), "routes");
}

void RoutePoller::run(const std::stop_token& stop) {
  do ask(stop);
  while (sleep_for(every_, stop));
}

void RoutePoller::ask(const std::stop_token& stop) {
  const auto version = book_.current()->version;
  http::Request request;
  request.url = api_url_ + "/internal/routes?after=" + std::to_string(version);
  request.headers = {{"X-Sigil-Control", token_.reveal()}, {"Accept", "application/json"}};
  request.connect_max = std::chrono::milliseconds(1000);
  request.time_max = std::chrono::milliseconds(5000);
  request.response_bytes_max = 64 * 1024 * 1024;
  const auto answer = http::Client().send(request, stop);
  const bool is_away = !answer.has_value() || (answer->status != 200 && answer->status != 204);
  if (is_away != is_away_ && !stop.stop_requested()) {
    is_away_ = is_away;
    if (is_away)
      log::warn("sigild does not answer; serving the routes we have", {{"version", version}});
    else
      log::info("sigild answers", {{"version", version}});
  }
  if (is_away || answer->status == 204) {
    older_answers_ = 0;
    return;
  }
  const auto taken = book_.take(answer->body, older_answers_ >= kOlderAnswersBelieved);
  if (!taken.has_value())
    log::error("sigild sent routes that cannot be used", {{"reason", taken.error().message}});
  else
    older_answers_ = *taken == version ? older_answers_ + 1 : 0;
}

}  // namespace sigil::proxy
