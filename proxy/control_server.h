// The control port (docs/interfaces.md §4): sigild pushes routes, wakes followers, asks how we are.
// A thread of its own, one short request after another.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/descriptor.h"
#include "base/http1/message.h"
#include "base/secret.h"
#include "proxy/answers.h"

namespace sigil::proxy {

struct ControlActions {
  std::function<Result<std::int64_t>(std::string_view snapshot)> take_routes;
  std::function<void(std::vector<std::string> paths)> wake;
  std::function<std::string()> status;  // JSON
  std::function<std::string()> metrics;
};

// Decides one request; pure but for the actions.
Answer control_answer(const http1::RequestHead& head, std::string_view body, const Secret& token,
                      const ControlActions& actions);

class ControlServer {
 public:
  // The listening socket stays the caller's.
  ControlServer(int listener, Secret token, ControlActions actions);
  ~ControlServer();

 private:
  void run(const std::stop_token& stop);
  void serve(int descriptor);

  int listener_;
  Secret token_;
  ControlActions actions_;
  Descriptor wake_;
  std::jthread thread_;
};

}  // namespace sigil::proxy
