#include "registry-db/api_key_store.h"

#include "base/encoding.h"
#include "registry-db/sql.h"

namespace sigil::db {
namespace {

#define SIGIL_KEY_COLUMNS \
  "k.id, k.team_id, k.user_id, k.name, k.shown, k.scopes, k.allowed_networks, "                 \
  SIGIL_SQL_TIME("k.expires_at") ", " SIGIL_SQL_TIME("k.last_used_at") ", "                     \
  SIGIL_SQL_TIME("k.revoked_at") ", k.created_by, " SIGIL_SQL_TIME("k.created_at")

constexpr std::string_view kCreate =
    "insert into api_keys as k (id, team_id, user_id, name, shown, hash, scopes,"
    "  allowed_networks, expires_at, created_by)"
    " values ($1, $2, $3, $4, $5, decode($6, 'hex'), $7, $8, $9, $10)"
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
constexpr std::string_view kList =
    "select " SIGIL_KEY_COLUMNS " from api_keys k order by k.created_at desc, k.id limit 1000";
constexpr std::string_view kRevoke =
    "update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1";

ApiKey read_key(Reader& reader) {
  ApiKey key;
  key.id = reader.id<ApiKeyId>();
  key.team = reader.id<TeamId>();
  key.user = reader.id<UserId>();
  key.name = reader.text();
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
    const auto rows =
        tx.exec(kCreate, {id, key.team, key.user, key.name, key.shown, to_hex(key.hash), key.scopes,
                          key.allowed_networks, key.expires_at, id_or_null(key.created_by)});
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

Result<std::vector<ApiKey>> ApiKeyStore::list() {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<ApiKey>> {
    std::vector<ApiKey> keys;
    for (const auto& row : tx.exec(kList)) {
      Reader reader(row);
      keys.push_back(read_key(reader));
    }
    return keys;
  });
}

Result<void> ApiKeyStore::revoke(const ApiKeyId& id) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    if (tx.exec(kRevoke, {id}).affected_rows() == 0) return no_key(id);
    return {};
  });
}

}  // namespace sigil::db
