// A real PostgreSQL for tests: one private cluster in a temporary directory for the whole test
// program, started on first use, gone with the program however it ends. Each test takes a database
// of its own, with Sigil's schema, in some 50 ms. Files lie in memory where /dev/shm has room:
// making and removing databases is thousands of files, and a disk that discards blocks takes longer
// for that than for all tests.
//
// Test programs that use it are one ctest test each (not one per case), or every case would make a
// cluster.
#pragma once

#include <memory>
#include <string>

#include "base/secret.h"
#include "registry-db/cluster.h"
#include "registry-db/database.h"

namespace sigil::testing {

// A folder that the server's user can pass, in memory where there is room; removed with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class PostgresFixture {
 public:
  // Stops the program when there is no PostgreSQL to be had: such tests are not skipped.
  static PostgresFixture& shared();

  Secret make_empty_database();
  Secret make_database();  // with Sigil's schema
  void drop_database(const Secret& url);
  std::unique_ptr<db::Database> open_database(int connections_max = 8);
  // Runs SQL as superuser, for what no store offers. Returns the first field of the first row.
  std::string query(const Secret& url, const std::string& sql);

 private:
  PostgresFixture();
  ~PostgresFixture();
  void watch_over();
  Secret url_of(const std::string& database) const;

  TemporaryDirectory directory_;
  std::unique_ptr<db::Cluster> cluster_;
  int lifeline_ = -1;  // its end tells the watcher that this program is gone
  int databases_made_ = 0;
  bool is_template_made_ = false;
};

}  // namespace sigil::testing
