// fetch: the source tree into the operation's scratch directory, pinned to a commit; manifest: what
// it is and how it starts.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "controlplane/config/config_schema.h"
#include "controlplane/operations/operation_run.h"
#include "controlplane/plan_json.h"
#include "controlplane/source_policy.h"

namespace sigil::controlplane {

namespace {

builder::SourceKind kind_of(db::SourceKind kind) {
  switch (kind) {
    case db::SourceKind::git:
      return builder::SourceKind::git;
    case db::SourceKind::npm:
      return builder::SourceKind::npm;
    case db::SourceKind::pypi:
      return builder::SourceKind::pypi;
    case db::SourceKind::upload:
      return builder::SourceKind::upload;
    case db::SourceKind::image:
      return builder::SourceKind::image;
    case db::SourceKind::path:
      return builder::SourceKind::path;
  }
  return builder::SourceKind::git;
}

// What an earlier attempt of this operation fetched is fetched again, not what a branch has become.
std::string pinned_ref(const OperationTools& tools, const OperationRun& run) {
  const auto progress = db::OperationStore(tools.worker()).progress(run.operation.id);
  const auto json = parse_json(progress.value_or("{}"));
  const auto pinned = json && json->is_object() ? string_or(*json, "pinned") : std::string();
  return pinned.empty() ? run.wish.source.ref : pinned;
}

std::string fetched_sentence(const builder::FetchedSource& source) {
  if (!source.image.empty()) return "image " + source.image.substr(0, 19);
  if (source.source.kind == builder::SourceKind::git) return "commit " + source.commit.substr(0, 7);
  if (!source.version.empty()) return "version " + source.version;
  return source.commit.empty() ? "fetched" : "sha256 " + source.commit.substr(0, 12);
}

std::string plan_sentence(const builder::Plan& plan) {
  std::string sentence = plan.manifest_path.empty() ? "detected" : plan.manifest_path;
  sentence += ": " + std::string(name_of(plan.language));
  if (!plan.language_version.empty()) sentence += " " + plan.language_version;
  return sentence + (plan.transport == builder::Transport::stdio
                         ? ", stdio behind the shim"
                         : ", http on " + plan.endpoint_path);
}

// Wrong values end the deploy here, before a build; missing ones may come with each session.
Result<void> check_config(OperationRun& run) {
  SIGIL_TRY(const auto config, parse_json(run.wish.config.empty() ? "{}" : run.wish.config));
  const auto effective = effective_config(run.plan, config, run.secrets);
  run.settings.is_config_missing = !effective && is_only_missing(effective.error(), config);
  if (effective) return {};
  if (!run.settings.is_config_missing) return fail(effective.error());
  std::string names;
  for (const auto& [pointer, sentence] : effective.error().details)
    names += (names.empty() ? "" : ", ") + pointer.substr(1);
  run.log.note("configuration that clients must bring, or --config must give: " + names);
  return {};
}

}  // namespace

Result<std::string> fetch_step(const OperationTools& tools, OperationRun& run) {
  SIGIL_CHECK(check_source(tools.settings.scan.sources, run.wish.source));
  std::error_code ignored;
  std::filesystem::remove_all(run.scratch, ignored);
  std::filesystem::create_directories(run.scratch, ignored);
  builder::Source source;
  source.kind = kind_of(run.wish.source.kind);
  source.location = run.wish.source.kind == db::SourceKind::upload
                        ? tools.settings.data_dir + "/uploads/" + run.wish.source.upload.text()
                        : run.wish.source.location;
  source.ref = pinned_ref(tools, run);
  source.path = run.wish.source.path;
  builder::FetchLimits limits;
  limits.time_max = tools.settings.builder.fetch_time_max;
  limits.bytes_max = tools.settings.builder.fetch_bytes_max;
  const builder::Builder builder(tools.engine, tools.build_settings);
  SIGIL_TRY(run.source, builder.fetch(source, run.scratch, limits, run.log.sink(), run.stop));
  const bool is_git = source.kind == builder::SourceKind::git;
  SIGIL_CHECK(db::OperationStore(tools.worker())
                  .merge_progress(run.claim, to_text(Json{{"pinned", is_git ? run.source.commit
                                                                            : run.source.version},
                                                          {"commit", run.source.commit}})));
  return fetched_sentence(run.source);
}

Result<std::string> manifest_step(const OperationTools& tools, OperationRun& run) {
  const builder::Builder builder(tools.engine, tools.build_settings);
  builder::Builder::PlanOptions options;
  options.ignore_manifest = run.wish.ignore_manifest;
  options.args = run.wish.args;
  SIGIL_TRY(run.plan, builder.read_plan(run.source, options, run.log.sink()));
  for (const auto& reason : run.plan.why) run.log.note(reason);
  for (const auto& warning : run.plan.warnings) run.log.add("sigil", warning, "warn");
  run.settings.config = run.wish.config;
  run.settings.env = run.wish.env;
  run.settings.replicas = run.wish.replicas;
  SIGIL_CHECK(check_config(run));
  return plan_sentence(run.plan);
}

}  // namespace sigil::controlplane
