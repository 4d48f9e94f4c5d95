// From the options of `sigil deploy` to the body of POST /api/v1/deployments. No network.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"
#include "cli/source.h"

namespace sigil::cli {

struct DeployOptions {
  std::string source;
  std::string name;
  std::string ref;
  std::string path;
  std::vector<std::string> config;  // key=value, dots go deeper
  std::string config_file;
  std::vector<std::string> env;      // KEY=VALUE
  std::vector<std::string> secrets;  // see secrets.h
  std::vector<std::string> arguments;
  bool is_server_path = false;
  bool ignores_manifest = false;
  bool replaces = false;
  bool does_not_wait = false;
  std::string timeout;
};

// The source of the options: classified, with --server-path and --ref taken into account.
Result<Source> source_of(const DeployOptions& options, const LookUp& look_up_path);

// {"a":{"b":"1"}} out of "a.b=1", over what the file says. Values stay text: the API coerces them
// by the configuration's schema.
Result<Json> config_of(const std::string& config_file, const std::vector<std::string>& pairs);

Result<std::map<std::string, std::string>> pairs_of(const std::vector<std::string>& texts,
                                                    const std::string& option);

struct DeployInputs {
  Source source;
  std::string upload;  // id; empty where nothing was uploaded
  std::map<std::string, Secret> secrets;
};
Result<Json> deploy_body(const DeployOptions& options, const DeployInputs& inputs);

}  // namespace sigil::cli
