#include "proxy/follow_hub.h"

#include <algorithm>

#include "proxy/follow.h"
#include "proxy/worker.h"

namespace sigil::proxy {
namespace {
constexpr auto kWakesRemembered = std::chrono::seconds(5);
}

struct FollowHub::Group {
  std::string key;
  std::string lines;
  FollowRequest request;
  std::vector<Follow*> followers;
  bool is_reading = false;
  bool must_read_again = false;
  SteadyTime next_read{};
};

FollowHub::FollowHub(Worker& worker) : worker_(worker) {}
FollowHub::~FollowHub() = default;

std::string follow_key(const Follow& follower) {
  return follower.request().target(std::nullopt) + "\n" + follower.lines();
}

void FollowHub::join(Follow& follower) {
  const std::string key = follow_key(follower);
  auto& group = groups_[key];
  if (!group) {
    group = std::make_shared<Group>();
    group->key = key;
    group->lines = follower.lines();
    group->request = follower.request();
    group->next_read = worker_.now() + worker_.shared().timing.follow_poll;
  }
  group->followers.push_back(&follower);
  group_of_[&follower] = group;
  const auto woken = woken_.find(follower.request().path);
  if (woken != woken_.end() && woken->second >= follower.read_since()) read(group);
}

void FollowHub::leave(Follow& follower) {
  const auto found = group_of_.find(&follower);
  if (found == group_of_.end()) return;
  const auto group = found->second;
  group_of_.erase(found);
  std::erase(group->followers, &follower);
  if (group->followers.empty()) groups_.erase(group->key);
}

void FollowHub::wake(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) woken_[path] = worker_.now();
  std::vector<std::shared_ptr<Group>> concerned;
  for (const auto& entry : groups_)
    if (std::find(paths.begin(), paths.end(), entry.second->request.path) != paths.end())
      concerned.push_back(entry.second);
  for (const auto& group : concerned) read(group);
}

void FollowHub::tick() {
  const SteadyTime now = worker_.now();
  std::erase_if(woken_, [&](const auto& entry) { return now - entry.second > kWakesRemembered; });
  std::vector<std::shared_ptr<Group>> due;
  for (const auto& entry : groups_)
    if (!entry.second->is_reading && entry.second->next_read <= now) due.push_back(entry.second);
  for (const auto& group : due) read(group);
}

void FollowHub::read(const std::shared_ptr<Group>& group) {
  if (group->is_reading) {
    group->must_read_again = true;
    return;
  }
  group->is_reading = true;
  // From where the last of them stands; each takes what is new to it.
  std::int64_t after = INT64_MAX;
  for (const Follow* follower : group->followers) after = std::min(after, follower->after());
  ApiRequest request;
  request.target = group->request.target(after);
  request.lines = group->lines + "X-Request-Id: " + worker_.next_request_id() + "\r\n";
  worker_.api().send(std::move(request), [this, group, after](const Result<ApiResponse>& answer) {
    on_page(group, after, answer);
  });
}

void FollowHub::on_page(const std::shared_ptr<Group>& group, std::int64_t after,
                        const Result<ApiResponse>& answer) {
  group->is_reading = false;
  group->next_read = worker_.now() + worker_.shared().timing.follow_poll;
  // Who was there when the page came; delivering may end some of them.
  const std::vector<Follow*> followers = group->followers;
  const auto is_there = [&](Follow* follower) {
    return std::find(group->followers.begin(), group->followers.end(), follower) !=
           group->followers.end();
  };
  if (!answer.has_value() || answer->status >= 500) return;  // sigild is away: the next poll
  if (answer->status != 200) {
    for (Follow* follower : followers)
      if (is_there(follower)) follower->deliver_refusal(*answer);
    return;
  }
  const auto page = read_follow_page(answer->body);
  if (!page.has_value()) return;
  for (Follow* follower : followers)
    if (is_there(follower)) follower->deliver(*answer, *page, after);
  const bool must_read =
      std::exchange(group->must_read_again, false) || !page->items.empty() || page->has_ended;
  if (must_read && !group->followers.empty()) read(group);
}

}  // namespace sigil::proxy
