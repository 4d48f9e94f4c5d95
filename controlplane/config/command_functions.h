// Evaluates commandFunction (JavaScript of a manifest) for a configuration: in a one-shot container
// of the Node base image, once per distinct (function, configuration), the answer kept in memory.
// Any thread; two callers with the same question may both evaluate it.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/json.h"
#include "base/result.h"
#include "builder/builder.h"
#include "runtime/driver.h"

namespace sigil::controlplane {

using StartCommand = builder::CommandResult;  // argv, environment

// The one line a commandFunction's sandbox prints: {"command", "args", "env"}. Numbers and booleans
// become text, null and absent entries are dropped. E_COMMAND_FUNCTION.
Result<StartCommand> read_command(std::string_view output);

class CommandFunctions {
 public:
  CommandFunctions(const builder::Builder& builder, runtime::Driver& driver)
      : builder_(builder), driver_(driver) {}

  // What an earlier evaluation said; nullopt: none is remembered.
  std::optional<StartCommand> recall(const std::string& function_text, const Json& config);
  // E_COMMAND_FUNCTION with JavaScript's own words; E_ENGINE.
  Result<StartCommand> evaluate(const std::string& function_text, const Json& config,
                                std::stop_token stop);

 private:
  struct Cache {
    std::list<std::pair<std::string, StartCommand>> newest_first;
    std::unordered_map<std::string, std::list<std::pair<std::string, StartCommand>>::iterator>
        by_key;
  };
  std::optional<StartCommand> recall_key(const std::string& key);

  const builder::Builder& builder_;
  runtime::Driver& driver_;
  Guarded<Cache> cache_;
};

}  // namespace sigil::controlplane
