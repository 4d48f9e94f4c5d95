#include "registry-db/connection_pool.h"

#include <poll.h>

#include "registry-db/sql_error.h"

namespace sigil::db {

bool Connection::is_usable() const {
  if (!session_.is_open()) return false;
  // Between statements the server has nothing to say; bytes or an end mean that it said goodbye.
  pollfd watched{session_.sock(), POLLIN, 0};
  return ::poll(&watched, 1, 0) == 0;
}

const std::string& Connection::prepared(std::string_view role, std::string_view sql) {
  std::string key(role);
  key += '\n';
  key += sql;
  const auto found = prepared_.find(key);
  if (found != prepared_.end()) return found->second;
  std::string name = "s" + std::to_string(prepared_.size());
  session_.prepare(name, std::string(sql));
  return prepared_.emplace(std::move(key), std::move(name)).first->second;
}

Result<ConnectionPool::Lease> ConnectionPool::lease() {
  {
    std::unique_lock lock(mutex_);
    const auto is_room = [this] { return lent_ < options_.connections_max; };
    if (!is_free_.wait_for(lock, options_.lease_wait_max, is_room))
      return fail(ErrorCode::timed_out, "database_busy",
                  "all connections to the database are in use", "try again in a moment");
    ++lent_;
  }
  try {
    if (auto idle = take_idle()) return Lease(*this, std::move(idle));
    return Lease(*this, std::make_unique<Connection>(options_.conninfo));
  } catch (...) {
    give_back(nullptr);
    return fail(error_in_flight());
  }
}

std::unique_ptr<Connection> ConnectionPool::take_idle() {
  for (;;) {
    std::unique_ptr<Connection> candidate;
    {
      const std::scoped_lock lock(mutex_);
      if (idle_.empty()) return nullptr;
      candidate = std::move(idle_.back());
      idle_.pop_back();
    }
    if (candidate->is_usable()) return candidate;
  }
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection) {
  const bool is_kept = connection && connection->is_usable();
  if (is_kept) connection->mark_used();
  {
    const std::scoped_lock lock(mutex_);
    --lent_;
    if (is_kept) idle_.push_back(std::move(connection));
  }
  is_free_.notify_one();
}

}  // namespace sigil::db
