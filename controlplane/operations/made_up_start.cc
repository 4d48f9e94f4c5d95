#include "controlplane/operations/made_up_start.h"

#include "controlplane/operations/made_up.h"
#include "controlplane/replicas/replica_rows.h"

namespace sigil::controlplane {

namespace {

constexpr int kTries = 3;

// A deploy that was given values wants those used, and a missing one named.
bool has_own_values(const OperationRun& run) {
  return !run.secrets.empty() || !run.wish.env.empty() || !run.wish.args.empty() ||
         (!run.wish.config.empty() && run.wish.config != "{}");
}

std::string last_words(const Error& error) {
  const auto tail = error.details.find("log_tail");
  return tail == error.details.end() ? std::string() : tail->second;
}

Result<void> start_again(const OperationTools& tools, OperationRun& run) {
  db::ReplicaStore rows(tools.worker());
  for (auto& row : run.replicas) {
    SIGIL_CHECK(tools.driver.remove(row.id, std::chrono::seconds(1)));
    auto request = launch_request(*run.revision, run.deployment.name, row.id, run.operation.id);
    request.settings = run.settings;
    SIGIL_TRY(const auto spec, tools.launcher.spec(request, run.secrets, run.stop));
    SIGIL_TRY(const auto observed, tools.driver.start(spec, run.stop));
    note_running(row, observed);
    SIGIL_CHECK(rows.update(row));
  }
  return {};
}

std::string names_of(const MadeUp& made_up) {
  std::string names;
  for (const auto& [name, value] : made_up.environment) names += (names.empty() ? "" : ", ") + name;
  for (const auto& argument : made_up.arguments) names += (names.empty() ? "" : " ") + argument;
  return names;
}

void keep(OperationRun& run, const MadeUp& made_up) {
  run.log.add("sigil",
              "the server does not start without values that nobody gave; it runs with made-up "
              "ones until --env, --secret or --arg give real ones: " +
                  names_of(made_up),
              "warn");
  run.plan.warnings.push_back("runs with made-up values for " + names_of(made_up));
  if (run.plan.config_schema.empty() && !made_up.environment.empty())
    run.plan.config_schema = schema_of_environment(made_up.environment);
}

}  // namespace

Result<void> discover_with_made_up_values(const OperationTools& tools, OperationRun& run,
                                          Result<void> (*discover)(const OperationTools&,
                                                                   OperationRun&)) {
  auto first = discover(tools, run);
  if (first || first.error().reason != "E_START_EXIT" || has_own_values(run)) return first;
  MadeUp made_up;
  auto words = last_words(first.error());
  for (int attempt = 0; attempt < kTries; ++attempt) {
    auto next = made_up_values(words, run.plan.environment_names, made_up);
    if (next == made_up) break;
    made_up = std::move(next);
    run.settings.made_up_env = made_up.environment;
    run.settings.made_up_args = made_up.arguments;
    run.log.note("the server stopped at start; trying with made-up values for " +
                 names_of(made_up));
    SIGIL_CHECK(start_again(tools, run));
    const auto found = discover(tools, run);
    if (found) {
      keep(run, made_up);
      return {};
    }
    run.log.note("that did not help: " + found.error().message);
    if (found.error().reason != "E_START_EXIT") break;
    words = last_words(found.error());
  }
  run.settings.made_up_env.clear();
  run.settings.made_up_args.clear();
  return first;
}

}  // namespace sigil::controlplane
