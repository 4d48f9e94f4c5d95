// Followers that have caught up, grouped by what they would ask sigild: one reader for all that
// follow the same resource with the same filter as the same caller. Belongs to one worker; a
// resource's followers are all brought to the same worker.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "proxy/api_client.h"

namespace sigil::proxy {

class Follow;
class Worker;

class FollowHub {
 public:
  explicit FollowHub(Worker& worker);
  ~FollowHub();

  void join(Follow& follower);
  void leave(Follow& follower);
  // These resources have something new.
  void wake(const std::vector<std::string>& paths);
  void tick();

 private:
  struct Group;
  void read(const std::shared_ptr<Group>& group);
  void on_page(const std::shared_ptr<Group>& group, std::int64_t after,
               const Result<ApiResponse>& answer);

  Worker& worker_;
  std::map<std::string, std::shared_ptr<Group>> groups_;
  std::map<Follow*, std::shared_ptr<Group>> group_of_;
  std::map<std::string, SteadyTime> woken_;  // a wake may come just before somebody joins
};

// Same resource, filter and caller: same key.
std::string follow_key(const Follow& follower);

}  // namespace sigil::proxy
