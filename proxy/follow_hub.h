#pragma once
#include <string>
#include <vector>
namespace sigil::proxy {
class Worker;
class FollowHub {
 public:
  explicit FollowHub(Worker&) {}
  void wake(const std::vector<std::string>&) {}
};
}  // namespace sigil::proxy
