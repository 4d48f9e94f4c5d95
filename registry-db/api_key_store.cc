#include "registry-db/api_key_store.h"

#include "base/encoding.h"
#include "registry-db/list_query.h"
#include "registry-db/sql.h"

namespace sigil::db {
namespace {

#define SIGIL_KEY_COLUMNS \
  "k.id, k.team_id, k.user_id, k.name, k.owner, k.shown, k.scopes, " \
  "k.allowed_networks, "                 \
  SIGIL_SQL_TIME("k.expires_at") ", " SIGIL_SQL_TIME("k.last_used_at") ", "                     \
  SIGIL_SQL_TIME("k.revoked_at") ", k.created_by, " SIGIL_SQL_TIME("k.created_at")

constexpr std::string_view kCreate =
    "insert into api_keys as k (id, team_id, user_id, name, owner, shown, hash, scopes,"
    "  allowed_networks, expires_at, created_by)"
    " values ($1, $2, $3, $4, $5, $6, decode($7, 'hex'), $8, $9, $10, $11)"
    " returning " SIGIL_KEY_COLUMNS;

constexpr std::string_view kAuthenticate =
    "select " SIGIL_KEY_COLUMNS
    ", coalesce(k.last_used_at < now() - interval '1 minute', true)"
    " from api_keys k join users u on u.id = k.user_id"
    " where k.hash = decode($1, 'hex') and k.revoked_at is null and u.disabled_at is null"
    "  and coalesce(k.expires_at > now(), true)";

// Asked again inside, because many requests may have seen the same old time.
constexpr std::string_view kNoteUse =
    "update api_keys set last_used_at = now()"
    " where id = $1 and coalesce(last_used_at < now() - interval '1 minute', true)";

constexpr std::string_view kFind = "select " SIGIL_KEY_COLUMNS " from api_keys k where k.id = $1";

// Locked, so that of two that revoke each other's key one comes second.
constexpr std::string_view kLockAdmins =
    "select k.id from api_keys k"
    " where 'admin' = any (k.scopes) and k.revoked_at is null and coalesce(k.expires_at > now(), "
    "true)"
    " order by k.id for update";
constexpr std::string_view kCountAdmins =
    "select count(*) from api_keys k"
    " where 'admin' = any (k.scopes) and k.revoked_at is null and "
    "coalesce(k.expires_at > now(), true)";
constexpr std::string_view kRevoke =
    "update api_keys k set revoked_at = coalesce(k.revoked_at, now()) where k.id = $1"
    " returning " SIGIL_KEY_COLUMNS;
constexpr std::string_view kRevokeByHash =
    "update api_keys k set revoked_at = now()"
    " where k.hash = decode($1, 'hex') and k.revoked_at is null"
    "  and coalesce(k.expires_at > now(), true)"
    " returning " SIGIL_KEY_COLUMNS;

constexpr std::array<SortKey, 3> kSorts{{
    {"created_at", "k.created_at", "timestamptz"},
    {"name", "k.name", "text"},
    {"owner", "k.owner", "text"},
}};

ApiKey read_key(Reader& reader) {
  ApiKey key;
  key.id = reader.id<ApiKeyId>();
  key.team = reader.id<TeamId>();
  key.user = reader.id<UserId>();
  key.name = reader.text();
  key.owner = reader.text();
  key.shown = reader.text();
  key.scopes = reader.texts();
  key.allowed_networks = reader.texts();
  key.expires_at = reader.optional_time();
  key.last_used_at = reader.optional_time();
  key.revoked_at = reader.optional_time();
  key.created_by = reader.id<UserId>();
  key.created_at = reader.time();
  return key;
}

tl::unexpected<Error> no_key(const ApiKeyId& id) {
  return fail(ErrorCode::not_found, "key_not_found", "there is no key " + id.text());
}

}  // namespace

Result<ApiKey> ApiKeyStore::create(const NewApiKey& key) {
  return run(access_, [&](Transaction& tx) -> Result<ApiKey> {
    const auto id = key.id.is_empty() ? make_id<ApiKeyId>() : key.id;
    const auto rows = tx.exec(
        kCreate, {id, key.team, key.user, key.name, key.owner, key.shown, to_hex(key.hash),
                  key.scopes, key.allowed_networks, key.expires_at, id_or_null(key.created_by)});
    Reader reader(rows[0]);
    return read_key(reader);
  });
}

Result<ApiKey> ApiKeyStore::authenticate(const std::string& hash) {
  return run(access_, [&](Transaction& tx) -> Result<ApiKey> {
    const auto rows = tx.exec(kAuthenticate, {to_hex(hash)});
    if (rows.empty())
      return fail(ErrorCode::unauthenticated, "key_unknown",
                  "the key is unknown, revoked or expired");
    Reader reader(rows[0]);
    auto key = read_key(reader);
    if (reader.boolean()) tx.exec(kNoteUse, {key.id});
    return key;
  });
}

Result<ApiKey> ApiKeyStore::find(const ApiKeyId& id) {
  return run(access_, [&](Transaction& tx) -> Result<ApiKey> {
    const auto rows = tx.exec(kFind, {id});
    if (rows.empty()) return no_key(id);
    Reader reader(rows[0]);
    return read_key(reader);
  });
}

Result<Page<ApiKey>> ApiKeyStore::list(const PageRequest& page) {
  return run(access_, [&](Transaction& tx) -> Result<Page<ApiKey>> {
    ListQuery query(SIGIL_KEY_COLUMNS, "api_keys k", "k.id");
    SIGIL_CHECK(query.arrange(page, kSorts, "-created_at"));
    return fetch_page<ApiKey>(tx, query, [](const pqxx::row& row) {
      Reader reader(row);
      return read_key(reader);
    });
  });
}

Result<std::int64_t> ApiKeyStore::count_admins() {
  return run(access_, [&](Transaction& tx) -> Result<std::int64_t> {
    return Reader(tx.exec(kCountAdmins)[0]).integer();
  });
}

Result<ApiKey> ApiKeyStore::revoke(const ApiKeyId& id) {
  return run(access_, [&](Transaction& tx) -> Result<ApiKey> {
    const auto admins = tx.exec(kLockAdmins);
    if (admins.size() == 1 && Reader(admins[0]).id<ApiKeyId>() == id)
      return fail(ErrorCode::conflict, "last_admin_key",
                  "this is the last key with the scope admin: without it nobody could make another",
                  "make another one first: sigil key create --scope admin");
    const auto rows = tx.exec(kRevoke, {id});
    if (rows.empty()) return no_key(id);
    Reader reader(rows[0]);
    return read_key(reader);
  });
}

Result<std::optional<ApiKey>> ApiKeyStore::revoke_by_hash(const std::string& hash) {
  return run(access_, [&](Transaction& tx) -> Result<std::optional<ApiKey>> {
    const auto rows = tx.exec(kRevokeByHash, {to_hex(hash)});
    if (rows.empty()) return std::optional<ApiKey>();
    Reader reader(rows[0]);
    return std::optional<ApiKey>(read_key(reader));
  });
}

}  // namespace sigil::db
