// verify: every new replica answers MCP; what the server offers is listed and kept with the
// revision; tools the manifest promises are there.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/operations/made_up_start.h"
#include "controlplane/operations/operation_run.h"
#include "controlplane/operations/scan_step.h"
#include "controlplane/plan_json.h"
#include "controlplane/replicas/readiness.h"
#include "controlplane/replicas/replica_rows.h"
#include "registry-db/tool_store.h"

namespace sigil::controlplane {

namespace {

bool is_stdio(const OperationRun& run) { return run.revision->transport == db::Transport::stdio; }

ReadinessTarget target_of(const OperationRun& run, const ReplicaId& replica,
                          const std::string& address) {
  return readiness_target(replica, address, run.revision->port, run.revision->endpoint_path,
                          is_stdio(run));
}

// A container of its own with made-up values and no secrets, looked at and thrown away.
Result<Discovery> dry_discovery(const OperationTools& tools, OperationRun& run) {
  run.log.note("required configuration is missing: listing tools from a dry start");
  auto request =
      launch_request(*run.revision, run.deployment.name, make_id<ReplicaId>(), run.operation.id);
  request.is_dry = true;
  request.settings.made_up_env = run.settings.made_up_env;
  request.settings.made_up_args = run.settings.made_up_args;
  SIGIL_TRY(const auto spec, tools.launcher.spec(request, {}, run.stop));
  const auto observed = tools.driver.start(spec, run.stop);
  if (!observed) return fail(observed.error());
  auto found = ReadinessWaiter(tools.driver, tools.discovery)
                   .wait(target_of(run, spec.replica, observed->address),
                         tools.settings.runtime.start_max, run.stop);
  const auto removed = tools.driver.remove(spec.replica, std::chrono::seconds(1));
  if (!removed) run.log.add("sigil", "the dry replica could not be removed yet", "warn");
  return found;
}

Result<void> discover_all(const OperationTools& tools, OperationRun& run) {
  const ReadinessWaiter waiter(tools.driver, tools.discovery);
  const auto time_max = tools.settings.runtime.start_max;
  const bool is_dry = run.settings.is_config_missing;
  if (is_dry) {
    SIGIL_TRY(run.found, dry_discovery(tools, run));
  }
  for (std::size_t i = 0; i < run.replicas.size(); ++i) {
    auto target = target_of(run, run.replicas[i].id, run.replicas[i].address);
    if (is_dry) {
      target.ports = {run.found.port};
      target.paths = {run.found.path};
      SIGIL_CHECK(waiter.wait_listening(target, time_max, run.stop));
      continue;
    }
    target.wants_lists = i == 0;
    SIGIL_TRY(auto found, waiter.wait(target, time_max, run.stop));
    if (i == 0) run.found = std::move(found);
  }
  return {};
}

Result<void> check_contract(const OperationRun& run) {
  std::string missing;
  for (const auto& name : run.plan.expected_tools) {
    const bool is_there = std::any_of(run.found.tools.begin(), run.found.tools.end(),
                                      [&](const auto& tool) { return tool.name == name; });
    if (!is_there) missing += (missing.empty() ? "" : ", ") + name;
  }
  if (missing.empty()) return {};
  return fail(ErrorCode::conflict, "E_CONTRACT",
              "the manifest promises tools that the server does "
              "not list: " +
                  missing,
              "mend `tools` in the manifest, or the server");
}

// Revisions are immutable, and where a server answers is known only now: the one made before the
// start gives way to one that knows, replicas along with it, at once.
Result<void> settle_revision(const OperationTools& tools, OperationRun& run) {
  auto settled = *run.revision;
  settled.id = RevisionId();
  settled.port = run.found.port;
  settled.endpoint_path = run.found.path;
  run.settings.is_modern = run.found.is_modern;
  run.settings.protocol_version = run.found.protocol_version;
  settled.settings = revision_settings_to_json(run.settings);
  settled.plan = plan_to_json(run.plan);
  auto rows = run.replicas;
  SIGIL_TRY(run.revision,
            tools.database.transact(
                db::Caller::worker(), [&](db::Transaction& tx) -> Result<db::Revision> {
                  db::ReplicaStore replicas(tx);
                  for (const auto& row : rows) SIGIL_CHECK(replicas.remove(row.id));
                  SIGIL_CHECK(db::RevisionStore(tx).remove(run.revision->id));
                  SIGIL_TRY(const auto revision, db::RevisionStore(tx).create(settled));
                  for (auto& row : rows) {
                    row.revision_id = revision.id;
                    row.port = revision.port;
                    SIGIL_CHECK(replicas.create(row));
                    SIGIL_CHECK(replicas.update(row));
                  }
                  return revision;
                }));
  run.replicas = std::move(rows);
  return {};
}

void add_items(db::ToolKind kind, const std::vector<DiscoveredItem>& items,
               std::vector<db::Tool>& tools) {
  for (const auto& item : items) {
    db::Tool tool;
    tool.kind = kind;
    tool.name = item.name;
    tool.title = item.title;
    tool.description = item.description;
    tool.definition = item.raw;
    tool.hash = item.hash;
    tools.push_back(std::move(tool));
  }
}

std::vector<db::Tool> tools_of(const Discovery& found) {
  std::vector<db::Tool> tools;
  add_items(db::ToolKind::tool, found.tools, tools);
  add_items(db::ToolKind::prompt, found.prompts, tools);
  add_items(db::ToolKind::resource, found.resources, tools);
  add_items(db::ToolKind::resource_template, found.resource_templates, tools);
  return tools;
}

}  // namespace

Result<std::string> verify_step(const OperationTools& tools, OperationRun& run) {
  SIGIL_CHECK(discover_with_made_up_values(tools, run, discover_all));
  for (const auto& tool : run.found.tools)
    if (!tool.defect.empty())
      run.log.add("sigil", "clients will drop the tool " + tool.name + ": " + tool.defect, "warn");
  SIGIL_CHECK(check_contract(run));
  SIGIL_CHECK(check_listed(tools, run));
  if (run.operation.kind == db::OperationKind::deploy) SIGIL_CHECK(settle_revision(tools, run));
  SIGIL_CHECK(db::ToolStore(tools.worker()).replace(run.revision->id, tools_of(run.found)));
  return std::to_string(run.found.tools.size()) + " tools, protocol " + run.found.protocol_version;
}

}  // namespace sigil::controlplane
