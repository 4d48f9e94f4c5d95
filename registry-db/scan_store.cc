#include "registry-db/scan_store.h"

#include "registry-db/sql.h"

namespace sigil::db {
namespace {

constexpr std::string_view kCreate =
    "insert into scan_reports (id, team_id, deployment_id, operation_id, commit, verdict, report,"
    "  sbom, cache_key) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
constexpr std::string_view kPrune =
    "delete from scan_reports where deployment_id = $1 and id not in"
    "  (select id from scan_reports where deployment_id = $1"
    "   order by created_at desc, id desc limit 20)";

#define SIGIL_SCAN_COLUMNS                                                                       \
  "r.id, r.team_id, r.deployment_id, coalesce(d.name, ''), r.operation_id, r.commit, r.verdict," \
  " r.cache_key, " SIGIL_SQL_TIME("r.created_at")
#define SIGIL_SCAN_FROM " from scan_reports r left join mcp_deployments d on d.id = r.deployment_id"

constexpr std::string_view kFind =
    "select " SIGIL_SCAN_COLUMNS ", r.report, r.sbom" SIGIL_SCAN_FROM " where r.id = $1";
constexpr std::string_view kFindCached =
    "select " SIGIL_SCAN_COLUMNS ", r.report, r.sbom" SIGIL_SCAN_FROM
    " where r.team_id = $1 and r.cache_key = $2 and r.cache_key <> ''"
    "  and r.created_at > now() - make_interval(secs => $3::int)"
    " order by r.created_at desc limit 1";
constexpr std::string_view kList =
    "select " SIGIL_SCAN_COLUMNS SIGIL_SCAN_FROM
    " where ($1 = '' or r.deployment_id = $1) order by r.created_at desc, r.id desc limit $2";

ScanReport read_head(Reader& reader) {
  ScanReport report;
  report.id = reader.id<ScanId>();
  report.team = reader.id<TeamId>();
  report.deployment = reader.id<DeploymentId>();
  report.deployment_name = reader.text();
  report.operation = reader.id<OperationId>();
  report.commit = reader.text();
  report.verdict = reader.text();
  report.cache_key = reader.text();
  report.created_at = reader.time();
  return report;
}

ScanReport read_whole(const pqxx::row& row) {
  Reader reader(row);
  auto report = read_head(reader);
  report.report = reader.text();
  report.sbom = reader.text();
  return report;
}

}  // namespace

Result<ScanReport> ScanStore::create(ScanReport report) {
  if (report.id.is_empty()) report.id = make_id<ScanId>();
  return run(access_, [&](Transaction& tx) -> Result<ScanReport> {
    tx.exec(kCreate, {report.id, report.team, id_or_null(report.deployment),
                      id_or_null(report.operation), report.commit, report.verdict, report.report,
                      text_or_null(report.sbom), report.cache_key});
    if (!report.deployment.is_empty()) tx.exec(kPrune, {report.deployment});
    return report;
  });
}

Result<ScanReport> ScanStore::find(const ScanId& id) {
  return run(access_, [&](Transaction& tx) -> Result<ScanReport> {
    const auto rows = tx.exec(kFind, {id});
    if (rows.empty()) return fail(ErrorCode::not_found, "no scan " + id.text());
    return read_whole(rows[0]);
  });
}

Result<std::optional<ScanReport>> ScanStore::find_cached(const TeamId& team,
                                                         const std::string& cache_key,
                                                         std::chrono::seconds age_max) {
  return run(access_, [&](Transaction& tx) -> Result<std::optional<ScanReport>> {
    const auto rows = tx.exec(kFindCached, {team, cache_key, age_max.count()});
    if (rows.empty()) return std::optional<ScanReport>();
    return std::optional<ScanReport>(read_whole(rows[0]));
  });
}

Result<std::vector<ScanReport>> ScanStore::list(const DeploymentId& deployment, int limit) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<ScanReport>> {
    std::vector<ScanReport> reports;
    const auto rows = tx.exec(kList, {deployment.text(), limit});
    for (const auto& row : rows) {
      Reader reader(row);
      reports.push_back(read_head(reader));
    }
    return reports;
  });
}

}  // namespace sigil::db
