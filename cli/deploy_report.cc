#include "cli/deploy_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/text.h"

namespace sigil::cli {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json number_or_null(const std::optional<std::int64_t>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json failure_json(const std::optional<Failure>& failure) {
  if (!failure) return nullptr;
  return {{"code", failure->code},
          {"step", text_or_null(failure->step)},
          {"message", failure->message},
          {"hint", text_or_null(failure->hint)},
          {"log_tail", failure->log_tail}};
}

std::vector<std::string> tail_of(const Json& error) {
  std::vector<std::string> tail;
  const auto lines = error.find("log_tail");
  if (lines != error.end() && lines->is_array())
    for (const auto& line : *lines)
      if (line.is_string()) tail.push_back(line.get<std::string>());
  return tail;
}

std::string step_in_state(const Json& operation, const std::string& state) {
  const auto steps = operation.find("steps");
  if (steps == operation.end() || !steps->is_array()) return {};
  for (const auto& step : *steps)
    if (step.is_object() && string_or(step, "state") == state) return string_or(step, "name");
  return {};
}

}  // namespace

void take_deployment(DeployOutcome& outcome, const Json& deployment) {
  outcome.name = string_or(deployment, "name", outcome.name);
  outcome.deployment_state = string_or(deployment, "state");
  outcome.endpoint = string_or(deployment, "endpoint");
  const auto revision = deployment.find("revision");
  if (revision == deployment.end() || !revision->is_object()) return;
  const std::int64_t number = integer_or(*revision, "number", 0);
  if (number > 0) outcome.revision_number = number;
  outcome.image = string_or(*revision, "image");
  outcome.commit = string_or(*revision, "commit");
}

void take_operation(DeployOutcome& outcome, const Json& operation) {
  outcome.operation = string_or(operation, "id", outcome.operation);
  outcome.operation_state = string_or(operation, "state", outcome.operation_state);
  const auto steps = operation.find("steps");
  if (steps == operation.end() || !steps->is_array()) return;
  outcome.steps.clear();
  for (const auto& step : *steps) {
    if (!step.is_object()) continue;
    StepResult result{string_or(step, "name"), string_or(step, "state"), std::nullopt};
    const std::int64_t took = integer_or(step, "took_ms", -1);
    if (took >= 0) result.took_ms = took;
    outcome.steps.push_back(std::move(result));
  }
}

std::string failing_step(const Json& operation) {
  const std::string failed = step_in_state(operation, "failed");
  return failed.empty() ? step_in_state(operation, "cancelled") : failed;
}

Failure failure_of(const Json& operation, const std::vector<std::string>& seen_tail) {
  const std::string state = string_or(operation, "state");
  Failure failure;
  failure.code = state == "cancelled" ? "E_CANCELLED" : "E_INTERNAL";
  failure.step = failing_step(operation);
  failure.message = "the operation ended as " + state;
  failure.log_tail = seen_tail;
  failure.next = "sigil operation logs " + string_or(operation, "id");
  const auto error = operation.find("error");
  if (error == operation.end() || !error->is_object()) return failure;
  failure.code = string_or(*error, "code", failure.code);
  failure.step = string_or(*error, "step", failure.step);
  failure.message = string_or(*error, "message", failure.message);
  failure.hint = string_or(*error, "hint");
  auto tail = tail_of(*error);
  if (!tail.empty()) failure.log_tail = std::move(tail);
  return failure;
}

Failure failure_of(const Error& error) {
  Failure failure{error.reason, {}, error.message, error.hint, {}, {}};
  for (const auto& [where, what] : error.details) {
    if (where == "next") failure.next = what;
    if (where != "next" && what != error.message) failure.log_tail.push_back(where + ": " + what);
  }
  return failure;
}

Json deploy_json(const DeployOutcome& outcome) {
  Json steps = Json::array();
  for (const auto& step : outcome.steps)
    steps.push_back(
        {{"name", step.name}, {"state", step.state}, {"took_ms", number_or_null(step.took_ms)}});
  return {{"deployment",
           {{"name", text_or_null(outcome.name)},
            {"state", text_or_null(outcome.deployment_state)},
            {"endpoint", text_or_null(outcome.endpoint)}}},
          {"revision",
           {{"number", number_or_null(outcome.revision_number)},
            {"image", text_or_null(outcome.image)},
            {"commit", text_or_null(outcome.commit)}}},
          {"operation",
           {{"id", text_or_null(outcome.operation)},
            {"state", text_or_null(outcome.operation_state)},
            {"steps", std::move(steps)}}},
          {"tools", outcome.tools},
          {"error", failure_json(outcome.failure)}};
}

std::string success_text(const DeployOutcome& outcome) {
  std::string text = printable(outcome.name);
  if (!outcome.deployment_state.empty()) text += " is " + outcome.deployment_state;
  if (!outcome.endpoint.empty()) text += ": " + printable(outcome.endpoint);
  text += "\n";
  if (outcome.revision_number) {
    text += fmt::format("  revision {}", *outcome.revision_number);
    if (!outcome.commit.empty()) text += ", commit " + printable(outcome.commit.substr(0, 12));
    text += "\n";
  }
  if (!outcome.tools.empty())
    text += fmt::format("  tools: {}\n", printable(joined(outcome.tools, ", ")));
  return text;
}

std::string failure_text(const DeployOutcome& outcome) {
  const Failure& failure = *outcome.failure;
  const std::string what = outcome.name.empty() ? "deploy" : "deploy of " + printable(outcome.name);
  std::string text = fmt::format("sigil: {} failed", what);
  if (!failure.step.empty()) text += " in step " + printable(failure.step);
  text += fmt::format(" ({})\n  {}\n", failure.code, printable(failure.message));
  for (const auto& line : failure.log_tail) text += "  | " + printable(line) + "\n";
  if (!failure.hint.empty()) text += "  hint: " + printable(failure.hint) + "\n";
  if (!failure.next.empty()) text += "  next: " + printable(failure.next) + "\n";
  return text;
}

}  // namespace sigil::cli
