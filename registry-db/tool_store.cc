#include "registry-db/tool_store.h"

#include "registry-db/deployment_row.h"
#include "registry-db/tool_rows.h"

namespace sigil::db {
namespace {

// Exactly one of the two is not null.
#define SIGIL_OWNED " (revision_id = $1 or package_version_id = $2)"

constexpr std::string_view kClear = "delete from mcp_tools where" SIGIL_OWNED;
constexpr std::string_view kAdd =
    "insert into mcp_tools (revision_id, package_version_id, team_id, kind, position, name, title,"
    "  description, definition, hash)"
    " select $1, $2, $3, t.kind, t.place, t.name, t.title, t.description, t.definition, t.hash"
    " from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[])"
    "  with ordinality as t (kind, name, title, description, definition, hash, place)";
constexpr std::string_view kList =
    "select kind, name, title, description, definition, hash from mcp_tools where" SIGIL_OWNED
    " order by position";

constexpr std::string_view kTeam = "select team_id, deployment_id from mcp_revisions where id = $1";

Tool read_tool(const pqxx::row& row) {
  Reader reader(row);
  Tool tool;
  tool.kind = reader.word(kToolKinds);
  tool.name = reader.text();
  tool.title = reader.text();
  tool.description = reader.text();
  tool.definition = reader.text();
  tool.hash = reader.text();
  return tool;
}

}  // namespace

void replace_tools(Transaction& tx, const ToolOwner& owner, const std::string& team,
                   const std::vector<Tool>& tools) {
  const auto revision = id_or_null(owner.revision);
  const auto version = text_or_null(owner.version_id);
  tx.exec(kClear, {revision, version});
  if (tools.empty()) return;
  std::vector<std::string> kinds, names, titles, descriptions, definitions, hashes;
  for (const auto& tool : tools) {
    kinds.emplace_back(name_of(tool.kind));
    names.push_back(tool.name);
    titles.push_back(tool.title);
    descriptions.push_back(tool.description);
    definitions.push_back(tool.definition);
    hashes.push_back(tool.hash);
  }
  tx.exec(kAdd, {revision, version, team, kinds, names, titles, descriptions, definitions, hashes});
}

std::vector<Tool> list_tools(Transaction& tx, const ToolOwner& owner) {
  std::vector<Tool> tools;
  for (const auto& row :
       tx.exec(kList, {id_or_null(owner.revision), text_or_null(owner.version_id)}))
    tools.push_back(read_tool(row));
  return tools;
}

Result<void> ToolStore::replace(const RevisionId& revision, const std::vector<Tool>& tools) {
  return run(access_, [&](Transaction& tx) -> Result<void> {
    const auto rows = tx.exec(kTeam, {revision});
    if (rows.empty())
      return fail(ErrorCode::not_found, "revision_not_found",
                  "there is no revision " + revision.text());
    Reader reader(rows[0]);
    const auto team = reader.text();
    replace_tools(tx, {revision, {}}, team, tools);
    touch_deployment(tx, reader.id<DeploymentId>());
    return {};
  });
}

Result<std::vector<Tool>> ToolStore::list(const RevisionId& revision) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<Tool>> {
    return list_tools(tx, {revision, {}});
  });
}

}  // namespace sigil::db
