#include "tests/support/postgres_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>

#include "registry-db/migrator.h"

namespace sigil::testing {
namespace {

[[noreturn]] void give_up(const std::string& what, const Error& error) {
  std::fprintf(stderr, "%s: %s (%s) %s\n", what.c_str(), error.message.c_str(),
               error.reason.c_str(), error.hint.c_str());
  std::abort();
}

constexpr unsigned long kBytesWanted = 2UL * 1024 * 1024 * 1024;

std::string roomy_parent() {
  struct statvfs room {};
  if (::statvfs("/dev/shm", &room) != 0) return "/tmp";
  return room.f_bavail * room.f_frsize >= kBytesWanted ? "/dev/shm" : "/tmp";
}

template <typename T>
T must(Result<T> result, const std::string& what) {
  if (!result.has_value()) give_up(what, result.error());
  return std::move(*result);
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = roomy_parent() + "/sigil-test-XXXXXX";
  const char* made = ::mkdtemp(pattern.data());
  if (made == nullptr) give_up("mkdtemp", Error{ErrorCode::internal, {}, pattern, {}, {}});
  path_ = made;
  ::chmod(path_.c_str(), 0711);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

PostgresFixture& PostgresFixture::shared() {
  static PostgresFixture fixture;
  return fixture;
}

PostgresFixture::PostgresFixture() {
  db::ClusterOptions options;
  options.directory = directory_.path() + "/postgres";
  options.shared_buffers_mb = 32;
  cluster_ = std::make_unique<db::Cluster>(
      must(db::Cluster::start(std::move(options), {}), "no PostgreSQL for tests"));
  watch_over();
}

// Its files are about to go: no need for it to write anything more.
PostgresFixture::~PostgresFixture() {
  ::kill(cluster_->pid(), SIGQUIT);
  int status = 0;
  ::waitpid(cluster_->pid(), &status, 0);
}

// The cluster outlives us by design. A shell that waits for our end (also by SIGKILL) takes it down
// and removes its folder.
void PostgresFixture::watch_over() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  lifeline_ = ends[1];
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
  // The test runner waits for our output to end, not for the watcher's.
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::string script = "read x; kill -QUIT \"$1\"; rm -rf -- \"$2\"";
  std::string shell = "/bin/sh", flag = "-c", pid = std::to_string(cluster_->pid());
  std::string directory = directory_.path();
  const std::array<char*, 7> argv{shell.data(), flag.data(),      script.data(), shell.data(),
                                  pid.data(),   directory.data(), nullptr};
  pid_t watcher = -1;
  if (::posix_spawn(&watcher, shell.c_str(), &actions, &attributes, argv.data(), environ) != 0)
    std::abort();
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[0]);
}

Secret PostgresFixture::url_of(const std::string& database) const {
  return Secret("host='" + cluster_->socket_directory() + "' user=sigil dbname=" + database);
}

Secret PostgresFixture::make_empty_database() {
  const std::string name = "test_" + std::to_string(++databases_made_);
  query(cluster_->url(), "create database " + name);
  return url_of(name);
}

Secret PostgresFixture::make_database() {
  if (!is_template_made_) {
    query(cluster_->url(), "create database sigil_template");
    must(db::migrate(url_of("sigil_template"), db::migrations()), "migrations failed");
    is_template_made_ = true;
  }
  const std::string name = "test_" + std::to_string(++databases_made_);
  query(cluster_->url(), "create database " + name + " template sigil_template");
  return url_of(name);
}

void PostgresFixture::drop_database(const Secret& url) {
  const std::string& text = url.reveal();
  const std::string name = text.substr(text.rfind("dbname=") + 7);
  query(cluster_->url(), "drop database if exists " + name + " with (force)");
}

std::unique_ptr<db::Database> PostgresFixture::open_database(int connections_max) {
  return must(db::Database::open({.url = make_database(), .connections_max = connections_max}),
              "the database does not open");
}

std::string PostgresFixture::query(const Secret& url, const std::string& sql) {
  pqxx::connection connection(url.reveal());
  pqxx::nontransaction tx(connection);
  const auto rows = tx.exec(sql);
  return rows.empty() || rows.columns() == 0 ? "" : rows[0][0].c_str();
}

}  // namespace sigil::testing
