#include "proxy/route_book.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/descriptor.h"
#include "base/log.h"
#include "proxy/metrics.h"

namespace sigil::proxy {
namespace {

tl::unexpected<Error> disk_error(const std::string& what, const std::string& path) {
  return fail(ErrorCode::internal, "cannot " + what + " " + path + ": " + std::strerror(errno));
}

std::map<std::string, const Replica*> replicas_by_id(const RouteTable& table) {
  std::map<std::string, const Replica*> replicas;
  for (const auto& route : table.routes)
    for (const Replica& replica : route.second->replicas) replicas[replica.id] = &replica;
  return replicas;
}

}  // namespace

RouteBook::RouteBook(std::string path, std::size_t workers)
    : path_(std::move(path)), workers_(workers), current_(std::make_shared<const RouteTable>()) {}

std::shared_ptr<const RouteTable> RouteBook::current() const {
  return current_.with([](const auto& table) { return table; });
}

Result<void> RouteBook::load() {
  std::ifstream file(path_, std::ios::binary);
  if (!file) return fail(ErrorCode::not_found, "no routes kept in " + path_);
  std::ostringstream text;
  text << file.rdbuf();
  SIGIL_TRY(auto table, parse_snapshot(text.str()));
  const auto previous = current();
  adopt_counters(table, *previous);
  auto next = std::make_shared<const RouteTable>(std::move(table));
  current_.with([&](auto& now) { now.swap(next); });
  generation_.fetch_add(1, std::memory_order_release);
  return {};
}

Result<std::int64_t> RouteBook::take(std::string_view text, bool even_older) {
  SIGIL_TRY(auto table, parse_snapshot(text));
  {
    const std::scoped_lock lock(taking_);
    const auto previous = current();
    const bool is_same_instance = table.instance == previous->instance;
    if (is_same_instance && table.version <= previous->version &&
        !(even_older && table.version != previous->version))
      return previous->version;
    const auto version = table.version;
    adopt_counters(table, *previous);
    auto next = std::make_shared<const RouteTable>(std::move(table));
    current_.with([&](auto& now) { now.swap(next); });
    generation_.fetch_add(1, std::memory_order_release);
    if (const auto kept = keep_on_disk(text); !kept.has_value())
      log::error("routes are in use but could not be kept on disk",
                 {{"reason", kept.error().message}});
    log::info("routes changed", {{"version", version}});
  }
  if (listener_) listener_();
  return current()->version;
}

// Counters outlive a snapshot: a route or replica that stays keeps what it counted.
void RouteBook::adopt_counters(RouteTable& table, const RouteTable& previous) const {
  const auto known = replicas_by_id(previous);
  for (auto& entry : table.routes) {
    Route route = *entry.second;
    const auto before = previous.find(route.name);
    route.counters = before && before->deployment == route.deployment && before->counters
                         ? before->counters
                         : std::make_shared<RouteCounters>(workers_);
    for (Replica& replica : route.replicas) {
      const auto found = known.find(replica.id);
      replica.load = found != known.end() && found->second->load ? found->second->load
                                                                 : std::make_shared<ReplicaLoad>();
    }
    entry.second = std::make_shared<const Route>(std::move(route));
  }
}

// Write beside, fsync, rename: a crash leaves the old file or the new one. Session keys are inside.
Result<void> RouteBook::keep_on_disk(std::string_view text) const {
  const std::string beside = path_ + ".new";
  {
    const Descriptor file(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) return disk_error("make", beside);
    while (!text.empty()) {
      const auto written = ::write(file.get(), text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return disk_error("write", beside);
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.get()) != 0) return disk_error("sync", beside);
  }
  if (::rename(beside.c_str(), path_.c_str()) != 0) return disk_error("rename", beside);
  const std::string folder = path_.substr(0, path_.find_last_of('/'));
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.is_open()) ::fsync(directory.get());
  return {};
}

}  // namespace sigil::proxy
