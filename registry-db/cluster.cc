#include "registry-db/cluster.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <pqxx/connection>
#include <pqxx/nontransaction>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/log.h"
#include "base/process/process.h"
#include "registry-db/cluster_files.h"
#include "registry-db/postmaster.h"
#include "registry-db/sql_error.h"

namespace sigil::db {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kProbePause{20};
// After SIGKILL of the server its children notice one by one, and until the last one is gone a new
// server refuses the old one's lock file and shared memory: ask again for a while.
constexpr milliseconds kRestartPause{300};
constexpr milliseconds kRestartsMax{10'000};

std::string data_directory_of(const std::string& directory) { return directory + "/data"; }
std::string start_log_of(const std::string& directory) { return directory + "/start.log"; }

std::string conninfo_for(const std::string& socket_directory, const std::string& database) {
  std::string quoted;
  for (const char c : socket_directory) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return "host='" + quoted + "' user=sigil dbname=" + database + " connect_timeout=5";
}

bool is_answering(const std::string& socket_directory) {
  return PQping(conninfo_for(socket_directory, "postgres").c_str()) == PQPING_OK;
}

// One process at a time prepares a cluster; released when the descriptor closes.
Result<Descriptor> lock_directory(const std::string& directory) {
  Descriptor held(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!held.is_open() || ::flock(held.get(), LOCK_EX) != 0)
    return fail(ErrorCode::unavailable, "database_files",
                "cannot lock " + directory + ": " + std::strerror(errno));
  return held;
}

Result<void> run_initdb(const std::string& binaries, const std::string& target,
                        const ServerUser& user, const std::stop_token& stop) {
  ProcessOptions options;
  options.argv = {binaries + "/initdb",
                  "-D",
                  target,
                  "-U",
                  "sigil",
                  "--auth-local=peer",
                  "--auth-host=reject",
                  "--encoding=UTF8",
                  "--locale=C.UTF-8",
                  "--data-checksums"};
  options.environment = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}};
  options.working_directory = "/";
  options.time_max = std::chrono::minutes(2);
  if (!user.is_ours) options.run_as = user.name;
  SIGIL_TRY(const auto outcome, run_process(options, stop));
  if (outcome.exit_code == 0) return {};
  return fail(ErrorCode::unavailable, "database_init", "initdb failed: " + outcome.error_output);
}

// Made beside and renamed: a folder of the final name is complete, whatever was cut off.
Result<void> initialise(const std::string& binaries, const std::string& data_directory,
                        const ServerUser& user, const std::stop_token& stop) {
  const std::string beside = data_directory + ".new";
  std::error_code problem;
  std::filesystem::remove_all(beside, problem);
  SIGIL_CHECK(make_folder(beside, user));
  SIGIL_CHECK(run_initdb(binaries, beside, user, stop));
  std::filesystem::rename(beside, data_directory, problem);
  if (problem)
    return fail(ErrorCode::unavailable, "database_files",
                "cannot rename " + beside + ": " + problem.message());
  log::info("database cluster made", {{"directory", data_directory}});
  return {};
}

struct Running {
  pid_t pid = -1;
  bool was_adopted = false;
};

// True: it answers. False: it is gone. Otherwise the deadline passed or a stop was asked for.
Result<bool> wait_answering(pid_t pid, const std::string& data_directory,
                            const std::string& socket_directory, SteadyTime deadline,
                            const std::stop_token& stop) {
  const auto& clock = system_clock();
  do {
    reap(pid);
    if (!is_postmaster_of(pid, data_directory)) return false;
    if (is_answering(socket_directory)) return true;
  } while (clock.steady_now() < deadline && sleep_for(kProbePause, stop));
  if (stop.stop_requested())
    return fail(ErrorCode::cancelled, "stopped while PostgreSQL was starting");
  return fail(ErrorCode::timed_out, "database_start", "PostgreSQL runs but does not answer");
}

Result<Running> adopt_or_start(const PostmasterCommand& command,
                               const std::string& socket_directory, milliseconds limit,
                               const std::stop_token& stop) {
  const auto& clock = system_clock();
  const auto begin = clock.steady_now();
  do {
    Running running;
    const auto old = read_postmaster_pid(command.data_directory);
    if (old) reap(*old);
    running.was_adopted = old && is_postmaster_of(*old, command.data_directory);
    if (running.was_adopted) {
      running.pid = *old;
    } else {
      SIGIL_TRY(running.pid, spawn_postmaster(command));
    }
    SIGIL_TRY(const bool is_up, wait_answering(running.pid, command.data_directory,
                                               socket_directory, begin + limit, stop));
    if (is_up) return running;
  } while (clock.steady_now() < begin + kRestartsMax && sleep_for(kRestartPause, stop));
  return fail(ErrorCode::unavailable, "database_start",
              "PostgreSQL ends as soon as it is started: " + log_tail(command.start_log),
              "look into " + command.data_directory + "/log");
}

Result<void> make_database(const std::string& socket_directory) {
  try {
    pqxx::connection connection(conninfo_for(socket_directory, "postgres"));
    pqxx::nontransaction tx(connection);
    if (tx.exec("select from pg_database where datname = 'sigil'").empty())
      tx.exec0("create database sigil");
    return {};
  } catch (...) {
    return fail(error_in_flight());
  }
}

}  // namespace

Result<Cluster> Cluster::start(ClusterOptions options, const std::stop_token& stop) {
  SIGIL_TRY(const auto user, find_server_user(options));
  SIGIL_TRY(const auto binaries, find_binaries(options));
  SIGIL_CHECK(check_passable(options.directory, user));
  SIGIL_CHECK(make_folder(options.directory, user));
  SIGIL_TRY(const auto lock, lock_directory(options.directory));

  Cluster cluster;
  cluster.socket_directory_ = socket_directory_for(options);
  SIGIL_CHECK(make_folder(cluster.socket_directory_, user));
  const PostmasterCommand command{binaries + "/postgres", data_directory_of(options.directory),
                                  start_log_of(options.directory), user};
  struct stat about {};
  if (::stat((command.data_directory + "/PG_VERSION").c_str(), &about) != 0)
    SIGIL_CHECK(initialise(binaries, command.data_directory, user, stop));
  const auto texts = cluster_texts(options, cluster.socket_directory_, user.name, our_user_name());
  SIGIL_CHECK(write_cluster_texts(command.data_directory, texts, user));

  SIGIL_TRY(const auto running,
            adopt_or_start(command, cluster.socket_directory_, options.start_max, stop));
  SIGIL_CHECK(make_database(cluster.socket_directory_));
  cluster.url_ = Secret(conninfo_for(cluster.socket_directory_, "sigil"));
  cluster.pid_ = running.pid;
  cluster.was_adopted_ = running.was_adopted;
  cluster.options_ = std::move(options);
  log::info(running.was_adopted ? "database cluster adopted" : "database cluster started",
            {{"pid", running.pid}});
  return cluster;
}

bool Cluster::is_ready() const { return is_answering(socket_directory_); }

Result<void> Cluster::stop(milliseconds limit) { return stop_at(options_.directory, limit); }

Result<void> Cluster::stop_at(const std::string& directory, milliseconds limit) {
  const std::string data_directory = data_directory_of(directory);
  const auto pid = read_postmaster_pid(data_directory);
  if (!pid) return {};
  return stop_postmaster(*pid, data_directory, limit);
}

}  // namespace sigil::db
