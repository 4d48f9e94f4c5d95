// Connections, lent one at a time. Internal to registry-db: pqxx must not reach other folders.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <pqxx/connection>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::db {

// A session and what is prepared in it.
class Connection {
 public:
  explicit Connection(const Secret& conninfo) : session_(conninfo.reveal()) {}

  pqxx::connection& session() { return session_; }
  // False when the server has hung up (a restart, an administrator) or a statement broke it: cheap,
  // asks the socket and not the server.
  bool is_usable() const;
  // The name of this statement in this session, prepared on first use. Plans depend on row-level
  // security, so each role has its own.
  const std::string& prepared(std::string_view role, std::string_view sql);
  // Lent before: it may have died since, without our having noticed yet.
  bool is_used() const { return is_used_; }
  void mark_used() { is_used_ = true; }

 private:
  pqxx::connection session_;
  std::map<std::string, std::string, std::less<>> prepared_;  // role and text -> name
  bool is_used_ = false;
};

class ConnectionPool {
 public:
  struct Options {
    Secret conninfo;
    int connections_max = 8;
    std::chrono::milliseconds lease_wait_max{5'000};
  };

  // Gives the connection back when it dies; a broken one is dropped.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    ConnectionPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  explicit ConnectionPool(Options options) : options_(std::move(options)) {}

  // timed_out (reason "database_busy") when none comes free; unavailable when connecting fails.
  Result<Lease> lease();

 private:
  std::unique_ptr<Connection> take_idle();
  void give_back(std::unique_ptr<Connection> connection);

  const Options options_;
  std::mutex mutex_;
  std::condition_variable is_free_;
  std::vector<std::unique_ptr<Connection>> idle_;
  int lent_ = 0;
};

}  // namespace sigil::db
