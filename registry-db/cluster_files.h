// Files and folders of the private cluster: where its socket lives, what its configuration says,
// who may pass. The texts are pure; the rest touches the file system only.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "registry-db/cluster.h"

namespace sigil::db {

// Whom the server runs as.
struct ServerUser {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
  bool is_ours = true;  // the same as we are: nothing to drop
};
// not_found with the package to install when we are root and the user does not exist.
Result<ServerUser> find_server_user(const ClusterOptions& options);

// Options' folder, or the newest of /usr/lib/postgresql/*/bin, 15 at least. not_found names the
// package.
Result<std::string> find_binaries(const ClusterOptions& options);

// sun_path has 108 bytes, the socket's own name takes 17 ("/.s.PGSQL.5432" and a lock suffix).
inline constexpr std::size_t kSocketDirectoryMax = 90;
// <directory>/run, or a short one below the run directory when that is too long.
std::string socket_directory_for(const ClusterOptions& options);

// invalid_argument naming the folder that `user` cannot pass on the way to `path`.
Result<void> check_passable(const std::string& path, const ServerUser& user);

// Makes the folder (0700, the server user's) if absent.
Result<void> make_folder(const std::string& path, const ServerUser& user);

struct ClusterTexts {
  std::string configuration;  // sigil.conf, included by postgresql.conf
  std::string access;         // pg_hba.conf
  std::string identities;     // pg_ident.conf: we and the server's user are role sigil
};
ClusterTexts cluster_texts(const ClusterOptions& options, const std::string& socket_directory,
                           const std::string& server_user, const std::string& our_user);
Result<void> write_cluster_texts(const std::string& data_directory, const ClusterTexts& texts,
                                 const ServerUser& user);

std::string our_user_name();

// First line of postmaster.pid, if there is one.
std::optional<pid_t> read_postmaster_pid(const std::string& data_directory);
// The last 2 KiB of a file, for an error message.
std::string log_tail(const std::string& path);

}  // namespace sigil::db
