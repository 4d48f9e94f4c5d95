// build: an image of the fetched source, and the revision that names it.
#include <chrono>

#include "controlplane/operations/operation_run.h"
#include "controlplane/plan_json.h"

namespace sigil::controlplane {

namespace {

db::Transport transport_of(builder::Transport transport) {
  switch (transport) {
    case builder::Transport::stdio:
      return db::Transport::stdio;
    case builder::Transport::streamable_http:
      return db::Transport::streamable_http;
    case builder::Transport::sse:
      return db::Transport::sse;
  }
  return db::Transport::stdio;
}

builder::BuildSettings labelled_settings(const OperationTools& tools, const OperationRun& run) {
  auto settings = tools.build_settings;
  settings.labels["io.sigil.instance"] = tools.instance;
  settings.labels["io.sigil.deployment"] = run.deployment.id.text();
  settings.labels["io.sigil.operation"] = run.operation.id.text();
  settings.labels["io.sigil.commit"] = run.source.commit;
  settings.labels["io.sigil.manifest_hash"] = run.plan.manifest_hash;
  return settings;
}

db::Revision revision_of(const OperationRun& run, const builder::BuiltImage& image) {
  db::Revision revision;
  revision.deployment = run.deployment.id;
  revision.operation = run.operation.id;
  revision.image = image.image;
  revision.commit = run.source.commit;
  revision.source_version = run.source.version;
  revision.manifest_hash = run.plan.manifest_hash;
  revision.manifest_format = run.plan.manifest_format;
  revision.transport = transport_of(run.plan.transport);
  revision.port = run.plan.port;
  revision.endpoint_path = run.plan.endpoint_path.empty() ? "/mcp" : run.plan.endpoint_path;
  revision.settings = revision_settings_to_json(run.settings);
  revision.plan = plan_to_json(run.plan);
  revision.created_by = run.operation.cause.user;
  return revision;
}

// The start command without the shim, which the launcher puts in front itself.
std::vector<std::string> without_shim(const std::vector<std::string>& argv) {
  if (argv.size() > 3 && argv[0] == "/.sigil/shim" && argv[1] == "run" && argv[2] == "--")
    return {argv.begin() + 3, argv.end()};
  return argv;
}

const char* outcome_of(const Result<builder::BuiltImage>& built) {
  if (built) return "succeeded";
  return built.error().code == ErrorCode::cancelled ? "cancelled" : "failed";
}

}  // namespace

std::string image_tag(const db::Operation& operation) {
  return "sigil/" + operation.deployment.text() + ":" + operation.id.text();
}

Result<std::string> build_step(const OperationTools& tools, OperationRun& run) {
  if (tools.build_slots.is_full()) run.log.note("waiting for another build to end");
  const auto slot = tools.build_slots.take(run.stop);
  if (!slot.is_held()) return fail(ErrorCode::cancelled, "E_CANCELLED", "cancelled");
  const auto begin = std::chrono::steady_clock::now();
  const builder::Builder builder(tools.engine, labelled_settings(tools, run));
  const auto built =
      builder.build(run.source, run.plan, image_tag(run.operation), run.log.sink(), run.stop);
  tools.metrics.count_build(outcome_of(built),
                            std::chrono::duration_cast<std::chrono::milliseconds>(
                                std::chrono::steady_clock::now() - begin));
  if (!built) return fail(built.error());
  run.settings.argv = without_shim(built->argv);
  run.settings.user = built->user;
  run.settings.has_shim = true;
  SIGIL_TRY(run.revision, db::RevisionStore(tools.worker()).create(revision_of(run, *built)));
  return "image " + built->image.substr(0, 19);
}

}  // namespace sigil::controlplane
