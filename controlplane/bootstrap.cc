#include "controlplane/bootstrap.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/json.h"
#include "base/log.h"
#include "controlplane/auth.h"
#include "registry-db/api_key_store.h"
#include "registry-db/team_store.h"

namespace sigil::controlplane {

namespace {

struct Owner {
  std::string home;
  uid_t user = 0;
  gid_t group = 0;
};

Result<Owner> owner_named(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr)
    return fail(ErrorCode::invalid_argument, "E_CONFIG",
                "admin_key_owner: there is no user \"" + name + "\"",
                "set admin_key_owner (SIGIL_ADMIN_KEY_OWNER) to a user of this host");
  return Owner{entry->pw_dir, entry->pw_uid, entry->pw_gid};
}

tl::unexpected<Error> cannot(const std::string& what, const std::string& path) {
  return fail(ErrorCode::unavailable, "admin_key_file",
              "cannot " + what + " " + path + ": " + std::strerror(errno),
              "set admin_key_owner to a user whose home directory can be written");
}

// Made here and given to the owner. What exists stays as it is: it may be a link of the owner's.
Result<void> make_private_directory(const std::string& path, const Owner& owner) {
  if (::mkdir(path.c_str(), 0700) == 0) {
    if (::geteuid() == 0 && ::lchown(path.c_str(), owner.user, owner.group) != 0)
      return cannot("give away", path);
    return {};
  }
  return errno == EEXIST ? Result<void>{} : Result<void>(cannot("make", path));
}

// Credentials of another Sigil are kept beside, not lost.
void keep_other_credentials(const std::string& path, const std::string& url) {
  std::ifstream file(path);
  if (!file) return;
  std::stringstream text;
  text << file.rdbuf();
  const auto json = parse_json(text.str());
  if (json && json->is_object() && string_or(*json, "url") == url) return;
  const auto kept = path + ".before-sigil";
  if (::rename(path.c_str(), kept.c_str()) == 0)
    log::warn("credentials of another Sigil were moved aside", {{"file", kept}});
}

Result<void> write_credentials(const BootstrapOptions& options, const Secret& key) {
  SIGIL_TRY(const auto owner, owner_named(options.key_owner));
  auto path = options.key_file;
  if (path.empty()) {
    SIGIL_CHECK(make_private_directory(owner.home + "/.config", owner));
    SIGIL_CHECK(make_private_directory(owner.home + "/.config/sigil", owner));
    path = owner.home + "/.config/sigil/credentials.json";
  }
  keep_other_credentials(path, options.url);
  const auto beside = path + ".new";
  ::unlink(beside.c_str());
  const int file =
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return cannot("write", beside);
  const Secret text(to_text(Json{{"url", options.url}, {"key", key.reveal()}}) + "\n");
  const auto size = static_cast<ssize_t>(text.reveal().size());
  const bool is_written = ::write(file, text.reveal().data(), text.reveal().size()) == size &&
                          ::fsync(file) == 0 &&
                          (::geteuid() != 0 || ::fchown(file, owner.user, owner.group) == 0);
  ::close(file);
  if (!is_written || ::rename(beside.c_str(), path.c_str()) != 0) return cannot("write", path);
  log::info("first admin key written", {{"file", path}, {"owner", options.key_owner}});
  return {};
}

}  // namespace

Result<void> bootstrap(db::Database& database, const BootstrapOptions& options) {
  auto access = database.as(db::Caller::worker());
  SIGIL_TRY(const auto made, db::TeamStore(access).bootstrap());
  db::ApiKeyStore keys(access);
  SIGIL_TRY(const auto admins, keys.count_admins());
  if (admins > 0) return {};
  const auto minted = mint_key(KeyKind::personal);
  SIGIL_CHECK(write_credentials(options, minted.text));
  db::NewApiKey key;
  key.team = made.team.id;
  key.user = made.admin.id;
  key.name = "first admin key";
  key.owner = options.key_owner;
  key.shown = minted.shown;
  key.hash = minted.hash;
  key.scopes = {"admin"};
  key.created_by = made.admin.id;
  SIGIL_CHECK(keys.create(key));
  return {};
}

}  // namespace sigil::controlplane
