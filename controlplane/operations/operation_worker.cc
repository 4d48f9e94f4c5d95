#include "controlplane/operations/operation_worker.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "controlplane/operations/undo.h"
#include "controlplane/replicas/readiness.h"
#include "registry-db/deployment_store.h"
#include "registry-db/operation_event_store.h"
#include "registry-db/secret_store.h"

namespace sigil::controlplane {

namespace {

using std::chrono::milliseconds;

constexpr int kRevisionsKept = 5;
constexpr int kFinishAttempts = 20;

// The word of manifests §11 for what went wrong: errors of our own have it, those of engine, HTTP
// client and files get the one that fits.
std::string operation_code(const Error& error) {
  if (error.reason.rfind("E_", 0) == 0 || error.reason.rfind("git_", 0) == 0) return error.reason;
  switch (error.code) {
    case ErrorCode::cancelled:
      return "E_CANCELLED";
    case ErrorCode::unavailable:
      return "E_ENGINE";
    case ErrorCode::timed_out:
    case ErrorCode::too_large:
      return "E_LIMIT";
    default:
      return "E_INTERNAL";
  }
}

std::string operation_hint(const Error& error, const db::Operation& operation) {
  if (!error.hint.empty()) return error.hint;
  if (operation_code(error) == "E_ENGINE") return "does the engine run? sigil doctor";
  return "read the whole log: sigil operation logs " + operation.id.text();
}

// The database is away, or the operation is somebody else's now: nothing more may be done here.
bool is_out_of_our_hands(const Error& error) {
  return error.reason == "lease_lost" || error.reason == "commit_in_doubt" ||
         error.reason == "database_unavailable";
}

milliseconds since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
}

}  // namespace

std::vector<Step> steps_for(db::OperationKind kind) {
  switch (kind) {
    case db::OperationKind::deploy:
      return {{"fetch", fetch_step},   {"manifest", manifest_step}, {"scan", scan_step},
              {"build", build_step},   {"start", start_step},       {"verify", verify_step},
              {"switch", switch_step}, {"publish", publish_step}};
    case db::OperationKind::restart:
      return {{"start", start_step}, {"verify", verify_step}, {"switch", switch_step}};
    case db::OperationKind::delete_:
      return {{"stop", stop_step}, {"remove", remove_step}};
  }
  return {};
}

Result<OperationRun> OperationWorker::prepare(const db::Operation& operation,
                                              const db::Claim& claim, OperationLog& log,
                                              std::stop_token stop) const {
  auto deployment = db::DeploymentStore(tools_.worker()).find(operation.deployment);
  if (!deployment) {
    // A delete that died after its last step finds nothing to delete.
    if (operation.kind != db::OperationKind::delete_ ||
        deployment.error().code != ErrorCode::not_found)
      return fail(deployment.error());
    deployment = db::Deployment{};
    deployment->id = operation.deployment;
    deployment->name = operation.deployment_name;
  }
  OperationRun run{.operation = operation,
                   .claim = claim,
                   .deployment = *std::move(deployment),
                   .wish = wish_from_json(operation.request),
                   .secrets = {},
                   .log = log,
                   .stop = std::move(stop),
                   .scratch = tools_.settings.data_dir + "/operations/" + operation.id.text(),
                   .source = {},
                   .plan = {},
                   .settings = {},
                   .revision = {},
                   .replicas = {},
                   .found = {}};
  return run;
}

void OperationWorker::run(const db::Operation& operation, const db::Claim& claim,
                          std::stop_token stop, const std::atomic<StopReason>& reason) const {
  const auto begin = std::chrono::steady_clock::now();
  const auto sealed = db::SecretStore(tools_.worker()).read_sealed(operation.deployment);
  if (!sealed) {
    log::error("the secrets of an operation could not be read",
               {{"operation", operation.id.text()}, {"error", sealed.error().message}});
    return;  // its lease ends, and it is tried again
  }
  auto secrets = tools_.secret_box.open(operation.deployment, *sealed);
  OperationLog log(tools_.database, tools_.followers, operation.id,
                   Redactor(secrets ? *secrets : Secrets{}));
  auto run = prepare(operation, claim, log, std::move(stop));
  if (!run) {
    log::error("an operation could not be taken up",
               {{"operation", operation.id.text()}, {"error", run.error().message}});
    return;  // its lease ends, and it is tried again
  }
  bool is_abandoned = false;
  std::optional<Failure> failure;
  if (!secrets) {
    failure = Failure{"fetch", secrets.error(), {}};
  } else {
    run->secrets = *std::move(secrets);
    failure = run_steps(*run, is_abandoned);
  }
  if (reason == StopReason::shutdown && failure) {
    log.note("sigild stops; the operation goes on when it is back");
    log.flush();
    static_cast<void>(db::OperationStore(tools_.worker()).release(claim));
    return;
  }
  if (is_abandoned || reason == StopReason::lease_lost) return;
  if (failure) {
    give_up(*run, *failure, reason);
  } else {
    succeed(*run);
  }
  const bool is_cancelled = failure && reason == StopReason::cancelled;
  tools_.metrics.count_operation(db::name_of(operation.kind),
                                 !failure       ? "succeeded"
                                 : is_cancelled ? "cancelled"
                                                : "failed",
                                 since(begin));
}

std::optional<OperationWorker::Failure> OperationWorker::run_steps(OperationRun& run,
                                                                   bool& is_abandoned) const {
  const auto steps = steps_for(run.operation.kind);
  auto first = resume_point(tools_, run);
  if (!first) {
    is_abandoned = is_out_of_our_hands(first.error());
    return Failure{steps.front().name, first.error(), {}};
  }
  if (run.operation.attempt > 1) run.log.note("taken up again at step " + *first);
  bool is_reached = false;
  for (const auto& step : steps) {
    is_reached = is_reached || *first == step.name;
    if (!is_reached) continue;
    if (auto failure = run_step(step, run, is_abandoned)) return failure;
  }
  return std::nullopt;
}

std::optional<OperationWorker::Failure> OperationWorker::run_step(const Step& step,
                                                                  OperationRun& run,
                                                                  bool& is_abandoned) const {
  db::OperationStore operations(tools_.worker());
  const auto begin = std::chrono::steady_clock::now();
  run.log.begin_step(step.name);
  if (const auto started = operations.start_step(run.claim, step.name); !started) {
    is_abandoned = true;
    return Failure{step.name, started.error(), {}};
  }
  tools_.followers.wake({"/api/v1/operations/" + run.operation.id.text() + "/events"});
  auto outcome = run.is_stopping()
                     ? Result<std::string>(fail(ErrorCode::cancelled, "E_CANCELLED", "cancelled"))
                     : step.run(tools_, run);
  tools_.metrics.count_step(step.name, since(begin));
  run.log.flush();
  if (outcome) {
    const auto kept =
        operations.finish_step(run.claim, step.name, db::StepState::succeeded, *outcome);
    if (kept) return std::nullopt;
    is_abandoned = true;
    return Failure{step.name, kept.error(), {}};
  }
  auto error = outcome.error();
  is_abandoned = is_out_of_our_hands(error);
  const auto& redactor = run.log.redactor();
  error.message = redactor.clean(error.message);
  auto tail = split_lines(redactor.clean(error.details["log_tail"]));
  if (tail.empty()) tail = run.log.tail();
  const bool is_stopped = run.is_stopping();
  if (!is_abandoned && !is_stopped) run.log.add("sigil", error.message, "error");
  static_cast<void>(operations.finish_step(
      run.claim, step.name, is_stopped ? db::StepState::cancelled : db::StepState::failed,
      is_stopped ? "cancelled" : error.message.substr(0, 500),
      is_stopped ? ""
                 : to_text(Json{{"code", operation_code(error)}, {"message", error.message}})));
  return Failure{step.name, std::move(error), std::move(tail)};
}

void OperationWorker::succeed(OperationRun& run) const {
  std::error_code ignored;
  std::filesystem::remove_all(run.scratch, ignored);
  Json result = {{"deployment", {{"id", run.deployment.id.text()}, {"name", run.deployment.name}}}};
  if (run.revision)
    result["revision"] = {{"number", run.revision->number},
                          {"image", run.revision->image},
                          {"commit", run.revision->commit}};
  if (run.operation.kind == db::OperationKind::deploy) clean_up_old(run);
  run.log.flush();
  finish(run, {db::OperationState::succeeded, to_text(result), ""});
  log::info("operation succeeded", {{"operation", run.operation.id.text()},
                                    {"kind", db::name_of(run.operation.kind)},
                                    {"deployment", run.deployment.name}});
}

void OperationWorker::clean_up_old(const OperationRun& run) const {
  const auto images = db::RevisionStore(tools_.worker()).prune(run.deployment.id, kRevisionsKept);
  if (!images) return;  // the next deploy prunes
  for (const auto& image : *images) remove_our_tags(tools_, image, run.deployment.id);
}

void OperationWorker::give_up(OperationRun& run, const Failure& failure, StopReason reason) const {
  const bool is_cancelled = reason == StopReason::cancelled;
  const auto undone = run.operation.kind == db::OperationKind::delete_
                          ? Result<void>{}
                          : undo_operation(tools_, run);
  if (!undone) {
    run.log.add("sigil", "not everything could be removed yet: " + undone.error().message, "warn");
    log::warn("an operation left something behind for the sweep",
              {{"operation", run.operation.id.text()}, {"error", undone.error().message}});
  }
  db::DeploymentStore deployments(tools_.worker());
  if (run.operation.kind == db::OperationKind::delete_)
    static_cast<void>(deployments.mark_deleting(run.deployment.id, false));
  const auto deployment = deployments.find(run.deployment.id);
  if (deployment && !deployment->revision && !deployment->is_deleting)
    static_cast<void>(deployments.set_state(
        run.deployment.id, db::DeploymentState::failed,
        is_cancelled ? "the first deploy was cancelled"
                     : operation_code(failure.error) + " in step " + failure.step));
  static_cast<void>(tools_.routes.publish());
  tools_.reconcile_soon();
  run.log.note(is_cancelled ? "cancelled; everything it made is removed"
                            : "failed; everything it made is removed");
  run.log.flush();
  Json error;
  if (is_cancelled) {
    error = {{"code", "E_CANCELLED"},
             {"step", failure.step},
             {"message", "cancelled on request"},
             {"hint", "start again with: sigil deploy"},
             {"log_tail", Json::array()}};
  } else {
    error = {{"code", operation_code(failure.error)},
             {"step", failure.step},
             {"message", failure.error.message},
             {"hint", operation_hint(failure.error, run.operation)},
             {"log_tail", failure.log_tail}};
    auto fields = Json::object();
    for (const auto& [pointer, sentence] : failure.error.details)
      if (pointer.rfind('/', 0) == 0) fields[pointer] = sentence;
    if (!fields.empty()) error["fields"] = std::move(fields);
  }
  finish(run, {is_cancelled ? db::OperationState::cancelled : db::OperationState::failed, "",
               to_text(error)});
  log::info(is_cancelled ? "operation cancelled" : "operation failed",
            {{"operation", run.operation.id.text()},
             {"deployment", run.deployment.name},
             {"step", failure.step},
             {"code", operation_code(failure.error)}});
}

// The last word about an operation: worth waiting for a database that is away for a moment.
void OperationWorker::finish(const OperationRun& run, const db::OperationOutcome& outcome) const {
  for (int attempt = 0; attempt < kFinishAttempts; ++attempt) {
    const auto finished = db::OperationStore(tools_.worker()).finish(run.claim, outcome);
    if (finished || finished.error().code != ErrorCode::unavailable) break;
    sleep_for(milliseconds(500), run.stop);
  }
  tools_.followers.wake({"/api/v1/operations/" + run.operation.id.text() + "/events"});
}

}  // namespace sigil::controlplane
