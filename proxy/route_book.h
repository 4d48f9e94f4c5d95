// The routes in use, and the last good snapshot on disk. New snapshots come from the control port
// and from polling; readers keep an immutable table. Any thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "proxy/route_table.h"

namespace sigil::proxy {

class RouteBook {
 public:
  // `path`: <data_dir>/proxy/routes.json. `workers`: how many shards counters have.
  RouteBook(std::string path, std::size_t workers);

  // The last snapshot of an earlier run; not_found when there is none.
  Result<void> load();
  // Parses, swaps, writes to disk. An older version of the same instance is ignored, unless
  // `even_older`. Returns the version in use afterwards; a snapshot that cannot be kept on disk is
  // used all the same.
  Result<std::int64_t> take(std::string_view text, bool even_older = false);

  std::shared_ptr<const RouteTable> current() const;
  // Grows with every swap: readers refresh their table when it moved.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  // Called after each swap, from the thread that brought it. Set before the first take().
  void on_change(std::function<void()> listener) { listener_ = std::move(listener); }

 private:
  void adopt_counters(RouteTable& table, const RouteTable& previous) const;
  Result<void> keep_on_disk(std::string_view text) const;

  std::string path_;
  std::size_t workers_;
  std::mutex taking_;  // one snapshot at a time, disk included
  Guarded<std::shared_ptr<const RouteTable>> current_;
  std::atomic<std::uint64_t> generation_{0};
  std::function<void()> listener_;
};

}  // namespace sigil::proxy
