// Asks sigild for newer routes every second: what a push may have missed. A thread of its own.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "base/secret.h"
#include "proxy/route_book.h"

namespace sigil::proxy {

class RoutePoller {
 public:
  // `api_url`: http://127.0.0.1:7451
  RoutePoller(RouteBook& book, std::string api_url, Secret token,
              std::chrono::milliseconds every = std::chrono::milliseconds(1000));

 private:
  void run(const std::stop_token& stop);
  void ask(const std::stop_token& stop);

  RouteBook& book_;
  std::string api_url_;
  Secret token_;
  std::chrono::milliseconds every_;
  int older_answers_ = 0;
  bool is_away_ = false;
  std::jthread thread_;
};

}  // namespace sigil::proxy
