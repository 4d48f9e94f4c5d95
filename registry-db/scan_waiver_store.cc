#include "registry-db/scan_store.h"
#include "registry-db/sql.h"

namespace sigil::db {
namespace {

constexpr std::string_view kCreate =
    "insert into scan_waivers (id, team_id, deployment_id, rule, fingerprint, path, commit, reason,"
    "  author_id, approver_id, is_alone, expires_at, approved_at)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::boolean, $12,"
    "  case when $11::boolean then now() end)";

#define SIGIL_WAIVER_SELECT \
  "select w.id, w.team_id, w.deployment_id, w.rule, w.fingerprint, w.path, w.commit, w.reason,"  \
  " w.author_id, w.approver_id, coalesce(a.name, ''), coalesce(b.name, ''), w.is_alone, "        \
  SIGIL_SQL_TIME("w.expires_at") ", " SIGIL_SQL_TIME("w.created_at") ","                          \
  " w.approved_at is not null, w.revoked_at is not null from scan_waivers w"                     \
  " left join users a on a.id = w.author_id left join users b on b.id = w.approver_id"

constexpr std::string_view kFind = SIGIL_WAIVER_SELECT " where w.id = $1";
constexpr std::string_view kList = SIGIL_WAIVER_SELECT
    " where ($1 = '' or w.deployment_id = $1) order by w.created_at desc, w.id desc limit $2";
constexpr std::string_view kActive = SIGIL_WAIVER_SELECT
    " where w.team_id = $1 and (w.deployment_id is null or w.deployment_id = $2)"
    "  and w.approved_at is not null and w.revoked_at is null and w.expires_at > now()"
    " order by w.id limit 1000";
constexpr std::string_view kApprove =
    "update scan_waivers set approver_id = $2, approved_at = now()"
    " where id = $1 and approved_at is null and revoked_at is null and author_id <> $2";
constexpr std::string_view kRevoke =
    "update scan_waivers set revoked_at = now() where id = $1 and revoked_at is null";
constexpr std::string_view kApprovers =
    "select count(*) from team_members where team_id = $1 and role = 'admin'";

ScanWaiver read_waiver(const pqxx::row& row) {
  Reader reader(row);
  ScanWaiver waiver;
  waiver.id = reader.id<WaiverId>();
  waiver.team = reader.id<TeamId>();
  waiver.deployment = reader.id<DeploymentId>();
  waiver.rule = reader.text();
  waiver.fingerprint = reader.text();
  waiver.path = reader.text();
  waiver.commit = reader.text();
  waiver.reason = reader.text();
  waiver.author = reader.id<UserId>();
  waiver.approver = reader.id<UserId>();
  waiver.author_name = reader.text();
  waiver.approver_name = reader.text();
  waiver.is_alone = reader.boolean();
  waiver.expires_at = reader.time();
  waiver.created_at = reader.time();
  waiver.is_approved = reader.boolean();
  waiver.is_revoked = reader.boolean();
  return waiver;
}

Result<ScanWaiver> find_in(Transaction& tx, const WaiverId& id) {
  const auto rows = tx.exec(kFind, {id});
  if (rows.empty()) return fail(ErrorCode::not_found, "no waiver " + id.text());
  return read_waiver(rows[0]);
}

std::vector<ScanWaiver> read_all(const pqxx::result& rows) {
  std::vector<ScanWaiver> waivers;
  for (const auto& row : rows) waivers.push_back(read_waiver(row));
  return waivers;
}

}  // namespace

Result<ScanWaiver> ScanWaiverStore::create(const ScanWaiver& waiver) {
  return run(access_, [&](Transaction& tx) -> Result<ScanWaiver> {
    const auto id = make_id<WaiverId>();
    tx.exec(kCreate, {id, waiver.team, id_or_null(waiver.deployment), waiver.rule,
                      waiver.fingerprint, waiver.path, waiver.commit, waiver.reason, waiver.author,
                      waiver.is_alone ? Param(waiver.author) : Param::null(), waiver.is_alone,
                      waiver.expires_at});
    return find_in(tx, id);
  });
}

Result<ScanWaiver> ScanWaiverStore::find(const WaiverId& id) {
  return run(access_, [&](Transaction& tx) { return find_in(tx, id); });
}

Result<std::vector<ScanWaiver>> ScanWaiverStore::list(const DeploymentId& deployment, int limit) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<ScanWaiver>> {
    return read_all(tx.exec(kList, {deployment.text(), limit}));
  });
}

Result<std::vector<ScanWaiver>> ScanWaiverStore::active(const TeamId& team,
                                                        const DeploymentId& deployment) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<ScanWaiver>> {
    return read_all(tx.exec(kActive, {team, deployment.text()}));
  });
}

Result<ScanWaiver> ScanWaiverStore::approve(const WaiverId& id, const UserId& approver) {
  return run(access_, [&](Transaction& tx) -> Result<ScanWaiver> {
    SIGIL_TRY(const auto before, find_in(tx, id));
    if (before.is_approved || before.is_revoked)
      return fail(ErrorCode::conflict, "waiver_closed",
                  "this waiver is approved or revoked already");
    if (before.author == approver)
      return fail(ErrorCode::forbidden, "waiver_own",
                  "a waiver needs the approval of somebody else",
                  "ask another admin of the team to approve it");
    tx.exec(kApprove, {id, approver});
    return find_in(tx, id);
  });
}

Result<ScanWaiver> ScanWaiverStore::revoke(const WaiverId& id) {
  return run(access_, [&](Transaction& tx) -> Result<ScanWaiver> {
    tx.exec(kRevoke, {id});
    return find_in(tx, id);
  });
}

Result<int> ScanWaiverStore::count_approvers(const TeamId& team) {
  return run(access_, [&](Transaction& tx) -> Result<int> {
    return Reader(tx.exec(kApprovers, {team})[0]).small_integer();
  });
}

}  // namespace sigil::db
