// The end of `sigil deploy` in words and as JSON. Pure functions of what the API said.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace sigil::cli {

struct Failure {
  std::string code;  // E_BUILD …
  std::string step;
  std::string message;
  std::string hint;
  std::string next;
  std::vector<std::string> log_tail;
};

struct StepResult {
  std::string name;
  std::string state;
  std::optional<std::int64_t> took_ms;
};

// Empty text: nothing known.
struct DeployOutcome {
  std::string name;
  std::string deployment_state;
  std::string endpoint;
  std::optional<std::int64_t> revision_number;
  std::string image;
  std::string commit;
  std::string operation;
  std::string operation_state;
  std::vector<StepResult> steps;
  std::vector<std::string> tools;
  std::optional<Failure> failure;
};

void take_deployment(DeployOutcome& outcome, const Json& deployment);
void take_operation(DeployOutcome& outcome, const Json& operation);

// What a failed or cancelled operation says; `seen_tail` is the log of its failing step as the CLI
// saw it, used where the API names none.
Failure failure_of(const Json& operation, const std::vector<std::string>& seen_tail);
Failure failure_of(const Error& error);
// The step that failed, else the one that was cancelled; empty when neither did.
std::string failing_step(const Json& operation);

// The one object of `deploy --output json`, stable: every member is always there, null where
// nothing is known.
Json deploy_json(const DeployOutcome& outcome);

std::string success_text(const DeployOutcome& outcome);
std::string failure_text(const DeployOutcome& outcome);

}  // namespace sigil::cli
