#include "registry-db/cluster_files.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/crypto/crypto.h"
#include "base/descriptor.h"

namespace sigil::db {
namespace {

namespace fs = std::filesystem;

constexpr std::streamoff kTailBytes = 2048;

tl::unexpected<Error> failed(const std::string& what, const std::string& path) {
  return fail(ErrorCode::unavailable, "database_files",
              "cannot " + what + " " + path + ": " + std::strerror(errno));
}

bool may_pass(const struct stat& about, const ServerUser& user) {
  if (about.st_uid == user.user) return (about.st_mode & S_IXUSR) != 0;
  if (about.st_gid == user.group) return (about.st_mode & S_IXGRP) != 0;
  return (about.st_mode & S_IXOTH) != 0;
}

// Beside, then renamed: a crash leaves the old text or the new one.
Result<void> write_text(const std::string& path, const std::string& text, const ServerUser& user) {
  const std::string beside = path + ".new";
  const Descriptor file(
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return failed("write", beside);
  if (!user.is_ours && ::fchown(file.get(), user.user, user.group) != 0)
    return failed("hand over", beside);
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fsync(file.get()) != 0)
    return failed("write", beside);
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed("write", path);
  return {};
}

std::string run_directory_root_of(const ClusterOptions& options) {
  if (!options.run_directory_root.empty()) return options.run_directory_root;
  if (::geteuid() == 0) return "/run";
  const char* own = std::getenv("XDG_RUNTIME_DIR");
  return own != nullptr && *own == '/' ? own : "/tmp";
}

Result<passwd> entry_of(const std::string& name, std::vector<char>& buffer) {
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr)
    return fail(ErrorCode::not_found, "database_user", "there is no user " + name,
                "apt-get install postgresql-15");
  return entry;
}

}  // namespace

Result<ServerUser> find_server_user(const ClusterOptions& options) {
  if (::geteuid() != 0) return ServerUser{our_user_name(), ::geteuid(), ::getegid(), true};
  std::vector<char> buffer(16 * 1024);
  SIGIL_TRY(const auto entry, entry_of(options.user, buffer));
  if (entry.pw_uid == 0)
    return fail(ErrorCode::invalid_argument, "database_user", "PostgreSQL does not run as root");
  return ServerUser{options.user, entry.pw_uid, entry.pw_gid, false};
}

Result<std::string> find_binaries(const ClusterOptions& options) {
  if (!options.binaries.empty()) return options.binaries;
  std::error_code ignored;
  // Data of one major version is read by that version only.
  int newest = 0;
  std::ifstream(options.directory + "/data/PG_VERSION") >> newest;
  if (newest >= 15) {
    const std::string same = "/usr/lib/postgresql/" + std::to_string(newest) + "/bin";
    if (fs::exists(same + "/postgres", ignored)) return same;
    return fail(ErrorCode::not_found, "database_missing",
                "the data is of PostgreSQL " + std::to_string(newest) + ", which is not installed",
                "apt-get install postgresql-" + std::to_string(newest));
  }
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > newest && fs::exists(entry.path() / "bin/postgres", ignored)) newest = version;
  }
  if (newest < 15)
    return fail(ErrorCode::not_found, "database_missing",
                "there is no PostgreSQL 15 or newer on this machine",
                "apt-get install postgresql-15, or set SIGIL_DATABASE_URL");
  return "/usr/lib/postgresql/" + std::to_string(newest) + "/bin";
}

std::string socket_directory_for(const ClusterOptions& options) {
  std::string near = options.directory + "/run";
  if (near.size() <= kSocketDirectoryMax) return near;
  return run_directory_root_of(options) + "/sigil-" +
         crypto::sha256_hex(options.directory).substr(0, 12);
}

Result<void> check_passable(const std::string& path, const ServerUser& user) {
  fs::path folder = "/";
  for (const auto& part : fs::path(path).parent_path().relative_path()) {
    folder /= part;
    struct stat about {};
    if (::stat(folder.c_str(), &about) != 0) return failed("look at", folder.string());
    if (!may_pass(about, user))
      return fail(ErrorCode::invalid_argument, "database_folder",
                  "user " + user.name + " cannot pass the folder " + folder.string(),
                  "chmod o+x " + folder.string() + ", or choose another data directory");
  }
  return {};
}

Result<void> make_folder(const std::string& path, const ServerUser& user) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed("make the folder", path);
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return failed("look at", path);
  if (!S_ISDIR(about.st_mode))
    return fail(ErrorCode::unavailable, "database_files", path + " is not a folder");
  if (about.st_uid != user.user && ::lchown(path.c_str(), user.user, user.group) != 0)
    return failed("hand over", path);
  if (::chmod(path.c_str(), 0700) != 0) return failed("close", path);
  return {};
}

ClusterTexts cluster_texts(const ClusterOptions& options, const std::string& socket_directory,
                           const std::string& server_user, const std::string& our_user) {
  ClusterTexts texts;
  std::ostringstream conf;
  // The collector keeps the log when whoever started the server is gone.
  conf << "# Written by sigild at each start.\n"
       << "listen_addresses = ''\n"
       << "unix_socket_directories = '" << socket_directory << "'\n"
       << "unix_socket_permissions = 0700\n"
       << "max_connections = " << options.connections_max << "\n"
       << "shared_buffers = " << options.shared_buffers_mb << "MB\n"
       << "fsync = on\nsynchronous_commit = on\nfull_page_writes = on\n"
       << "password_encryption = scram-sha-256\n"
       << "timezone = 'UTC'\nlog_timezone = 'UTC'\nlc_messages = 'C.UTF-8'\n"
       << "logging_collector = on\nlog_directory = 'log'\n"
       << "log_filename = 'postgresql-%a.log'\nlog_truncate_on_rotation = on\n"
       << "log_rotation_age = 1d\nlog_rotation_size = 0\nlog_min_messages = warning\n"
       << "log_parameter_max_length_on_error = 0\nlog_parameter_max_length = 0\n"
       << "jit = off\nmax_wal_size = 512MB\ncluster_name = 'sigil'\n";
  texts.configuration = conf.str();
  texts.access = "local all sigil peer map=sigil\n";
  texts.identities = "sigil " + server_user + " sigil\n";
  if (our_user != server_user) texts.identities += "sigil " + our_user + " sigil\n";
  return texts;
}

Result<void> write_cluster_texts(const std::string& data_directory, const ClusterTexts& texts,
                                 const ServerUser& user) {
  SIGIL_CHECK(write_text(data_directory + "/sigil.conf", texts.configuration, user));
  SIGIL_CHECK(write_text(data_directory + "/pg_hba.conf", texts.access, user));
  SIGIL_CHECK(write_text(data_directory + "/pg_ident.conf", texts.identities, user));
  return write_text(data_directory + "/postgresql.conf", "include 'sigil.conf'\n", user);
}

std::string our_user_name() {
  std::vector<char> buffer(16 * 1024);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr)
    return std::to_string(::geteuid());
  return entry.pw_name;
}

std::optional<pid_t> read_postmaster_pid(const std::string& data_directory) {
  std::ifstream file(data_directory + "/postmaster.pid");
  pid_t pid = 0;
  if (!(file >> pid) || pid <= 0) return std::nullopt;
  return pid;
}

std::string log_tail(const std::string& path) {
  std::ifstream file(path, std::ios::ate);
  if (!file) return {};
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTailBytes));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace sigil::db
