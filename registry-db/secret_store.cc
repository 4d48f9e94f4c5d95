#include "registry-db/secret_store.h"

#include "base/encoding.h"
#include "registry-db/deployment_row.h"

namespace sigil::db {
namespace {

// No `on conflict do update`: it would need the right to read what it writes, which the role of
// requests does not have.
constexpr std::string_view kReplace =
    "update secrets set sealed = decode($3, 'hex'), set_by = $4, updated_at = clock_timestamp()"
    " where deployment_id = $1 and name = $2";
constexpr std::string_view kAdd =
    "insert into secrets (id, team_id, deployment_id, name, sealed, set_by)"
    " select $1, d.team_id, d.id, $3, decode($4, 'hex'), $5 from mcp_deployments d"
    " where d.id = $2";

constexpr std::string_view kList =
    "select name, set_by, " SIGIL_SQL_TIME("created_at") ", " SIGIL_SQL_TIME(
        "updated_at") " from secrets where deployment_id = $1 order by name";
constexpr std::string_view kReadSealed =
    "select name, encode(sealed, 'hex') from secrets where deployment_id = $1";
constexpr std::string_view kRemove = "delete from secrets where deployment_id = $1 and name = $2";

SecretInfo read_info(const pqxx::row& row) {
  Reader reader(row);
  SecretInfo info;
  info.name = reader.text();
  info.set_by = reader.id<UserId>();
  info.created_at = reader.time();
  info.updated_at = reader.time();
  return info;
}

Result<void> put_one(Transaction& tx, const DeploymentId& deployment, const std::string& name,
                     const std::string& sealed, const UserId& set_by) {
  const std::string hex = to_hex(sealed);
  if (tx.exec(kReplace, {deployment, name, hex, id_or_null(set_by)}).affected_rows() == 1)
    return {};
  const auto added =
      tx.exec(kAdd, {make_id_text("sec"), deployment, name, hex, id_or_null(set_by)});
  if (added.affected_rows() == 0) return no_deployment(deployment.text());
  return {};
}

}  // namespace

Result<void> SecretStore::put(const DeploymentId& deployment,
                              const std::map<std::string, std::string>& sealed_by_name,
                              const UserId& set_by) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    for (const auto& [name, sealed] : sealed_by_name)
      SIGIL_CHECK(put_one(tx, deployment, name, sealed, set_by));
    if (!sealed_by_name.empty()) touch_deployment(tx, deployment);
    return {};
  });
}

Result<std::vector<SecretInfo>> SecretStore::list(const DeploymentId& deployment) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<SecretInfo>> {
    std::vector<SecretInfo> infos;
    for (const auto& row : tx.exec(kList, {deployment})) infos.push_back(read_info(row));
    return infos;
  });
}

Result<std::map<std::string, std::string>> SecretStore::read_sealed(
    const DeploymentId& deployment) {
  using Sealed = std::map<std::string, std::string>;
  return run(access_, [&](Transaction& tx) -> Result<Sealed> {
    Sealed sealed;
    for (const auto& row : tx.exec(kReadSealed, {deployment})) {
      Reader reader(row);
      auto name = reader.text();
      sealed[std::move(name)] = from_hex(reader.text()).value_or("");
    }
    return sealed;
  });
}

Result<void> SecretStore::remove(const DeploymentId& deployment, const std::string& name) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    if (tx.exec(kRemove, {deployment, name}).affected_rows() > 0) touch_deployment(tx, deployment);
    return {};
  });
}

}  // namespace sigil::db
