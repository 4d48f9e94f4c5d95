#include "registry-db/upload_store.h"

#include "registry-db/sql.h"

namespace sigil::db {
namespace {

#define SIGIL_UPLOAD_COLUMNS                                                     \
  "u.id, u.team_id, u.user_id, u.size, u.sha256, u.\"offset\", " SIGIL_SQL_TIME( \
      "u.completed_at") ", " SIGIL_SQL_TIME("u.created_at") ", " SIGIL_SQL_TIME("u.expires_at")

constexpr std::string_view kCreate =
    "insert into uploads as u (id, team_id, user_id, size, sha256, expires_at)"
    " values ($1, $2, $3, $4, $5, $6) returning " SIGIL_UPLOAD_COLUMNS;
constexpr std::string_view kFind = "select " SIGIL_UPLOAD_COLUMNS " from uploads u where u.id = $1";
constexpr std::string_view kFindAndLock =
    "select " SIGIL_UPLOAD_COLUMNS " from uploads u where u.id = $1 for update";
constexpr std::string_view kAdvance =
    "update uploads u set \"offset\" = u.\"offset\" + $3"
    " where u.id = $1 and u.\"offset\" = $2 and u.completed_at is null"
    " returning " SIGIL_UPLOAD_COLUMNS;
constexpr std::string_view kRewind =
    "update uploads u set \"offset\" = 0 where u.id = $1 and u.completed_at is null"
    " returning " SIGIL_UPLOAD_COLUMNS;
constexpr std::string_view kComplete =
    "update uploads u set completed_at = coalesce(u.completed_at, now())"
    " where u.id = $1 and u.\"offset\" = u.size returning " SIGIL_UPLOAD_COLUMNS;
constexpr std::string_view kRemove = "delete from uploads where id = $1";
constexpr std::string_view kExpired =
    "select " SIGIL_UPLOAD_COLUMNS
    " from uploads u where u.expires_at < now()"
    " and not exists (select from operations o join mcp_deployments d on d.id = o.deployment_id"
    "   where d.source_upload_id = u.id and o.ended_at is null) order by u.expires_at limit 1000";

Upload read_upload(const pqxx::row& row) {
  Reader reader(row);
  Upload upload;
  upload.id = reader.id<UploadId>();
  upload.team = reader.id<TeamId>();
  upload.user = reader.id<UserId>();
  upload.size = reader.integer();
  upload.sha256 = reader.text();
  upload.offset = reader.integer();
  upload.completed_at = reader.optional_time();
  upload.created_at = reader.time();
  upload.expires_at = reader.time();
  return upload;
}

Result<Upload> find_upload(Transaction& tx, std::string_view sql, const UploadId& id) {
  const auto rows = tx.exec(sql, {id});
  if (rows.empty())
    return fail(ErrorCode::not_found, "upload_not_found", "there is no upload " + id.text());
  return read_upload(rows[0]);
}

tl::unexpected<Error> wrong_offset(const Upload& upload) {
  return fail(Error{ErrorCode::conflict,
                    "wrong_offset",
                    upload.completed_at ? "the upload is complete"
                                        : "the upload goes on at " + std::to_string(upload.offset),
                    "continue at the offset in errors",
                    {{"/offset", std::to_string(upload.offset)}}});
}

}  // namespace

Result<Upload> UploadStore::create(const Upload& upload) {
  return run(access_, [&](Transaction& tx) -> Result<Upload> {
    const auto id = upload.id.is_empty() ? make_id<UploadId>() : upload.id;
    const auto rows = tx.exec(kCreate, {id, upload.team, id_or_null(upload.user), upload.size,
                                        upload.sha256, upload.expires_at});
    return read_upload(rows[0]);
  });
}

Result<Upload> UploadStore::find(const UploadId& id) {
  return run(access_, [&](Transaction& tx) { return find_upload(tx, kFind, id); });
}

Result<Upload> UploadStore::find_and_lock(const UploadId& id) {
  return run(access_, [&](Transaction& tx) { return find_upload(tx, kFindAndLock, id); });
}

Result<Upload> UploadStore::advance(const UploadId& id, std::int64_t from, std::int64_t by) {
  return run(access_, [&](Transaction& tx) -> Result<Upload> {
    const auto rows = tx.exec(kAdvance, {id, from, by});
    if (!rows.empty()) return read_upload(rows[0]);
    SIGIL_TRY(const auto upload, find_upload(tx, kFind, id));
    return wrong_offset(upload);
  });
}

Result<Upload> UploadStore::rewind(const UploadId& id) {
  return run(access_, [&](Transaction& tx) -> Result<Upload> {
    const auto rows = tx.exec(kRewind, {id});
    if (!rows.empty()) return read_upload(rows[0]);
    SIGIL_TRY(const auto upload, find_upload(tx, kFind, id));
    return wrong_offset(upload);
  });
}

Result<Upload> UploadStore::complete(const UploadId& id) {
  return run(access_, [&](Transaction& tx) -> Result<Upload> {
    const auto rows = tx.exec(kComplete, {id});
    if (!rows.empty()) return read_upload(rows[0]);
    SIGIL_TRY(const auto upload, find_upload(tx, kFind, id));
    return wrong_offset(upload);
  });
}

Result<void> UploadStore::remove(const UploadId& id) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    tx.exec(kRemove, {id});
    return {};
  });
}

Result<std::vector<Upload>> UploadStore::list_expired() {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<Upload>> {
    std::vector<Upload> uploads;
    for (const auto& row : tx.exec(kExpired)) uploads.push_back(read_upload(row));
    return uploads;
  });
}

}  // namespace sigil::db
