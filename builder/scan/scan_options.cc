#include "builder/scan/scan_options.h"

#include <algorithm>
#include <array>
#include <map>

#include "builder/scan/policy.h"

namespace sigil::scan {

namespace {

constexpr std::array kOutputs = {"table", "json", "sarif", "sbom", "bundle"};

tl::unexpected<Error> refuse(const std::string& message) {
  return fail(ErrorCode::invalid_argument, message);
}

Result<void> take_value(ScanOptions& options, const std::string& name, const std::string& value) {
  const std::map<std::string, std::string*> texts = {
      {"--base", &options.base},
      {"--server", &options.server},
      {"--commit", &options.commit},
      {"--policy", &options.policy_file},
      {"--policy-text", &options.policy_text},
      {"--import-advisories", &options.import_archive},
      {"--ecosystem", &options.ecosystem},
      {"--sha256", &options.sha256},
      {"--waivers", &options.waivers_file},
      {"--advisories", &options.advisories_folder},
      {"--public-url", &options.public_url}};
  if (const auto found = texts.find(name); found != texts.end()) {
    *found->second = value;
  } else if (name == "--output") {
    if (std::ranges::none_of(kOutputs, [&](const char* each) { return value == each; }))
      return refuse("--output is table, json, sarif, sbom or bundle");
    options.output = value;
  } else if (name == "--fail-on") {
    options.fail_on = severity_named(value);
    if (!options.fail_on || *options.fail_on == Severity::info)
      return refuse("--fail-on is block, error or warning");
  } else if (name == "--time-max") {
    if (value.empty() || value.size() > 4 ||
        value.find_first_not_of("0123456789") != std::string::npos || value == "0")
      return refuse("--time-max is a number of seconds");
    options.time_max = std::chrono::seconds(std::stoi(value));
  } else {
    return refuse("there is no option " + name);
  }
  return {};
}

}  // namespace

Result<ScanOptions> parse_scan_options(const std::vector<std::string>& arguments) {
  ScanOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& each = arguments[i];
    if (each == "--help" || each == "-h") {
      options.wants_help = true;
    } else if (each == "--rules") {
      options.wants_rules = true;
    } else if (each == "--published") {
      options.is_published = true;
    } else if (each.rfind("--", 0) == 0) {
      const auto equals = each.find('=');
      if (equals == std::string::npos && i + 1 >= arguments.size())
        return refuse(each + " needs a value");
      const auto value = equals == std::string::npos ? arguments[++i] : each.substr(equals + 1);
      SIGIL_CHECK(take_value(options, each.substr(0, equals), value));
    } else if (options.tree.empty()) {
      options.tree = each;
    } else {
      return refuse("one tree at a time");
    }
  }
  if (options.tree.empty() && !options.wants_help && !options.wants_rules &&
      options.import_archive.empty())
    return refuse("no tree is named");
  return options;
}

std::string scan_help() {
  return "sigil-scan TREE [options]: looks at the source of an MCP server without running it.\n"
         "\n"
         "  --output FORMAT      table (default), json, sarif, sbom, bundle\n"
         "  --fail-on SEVERITY   BLOCKED from here on: block (default), error, warning\n"
         "  --policy FILE        JSON or YAML\n"
         "  --waivers FILE       JSON list\n"
         "  --advisories FOLDER  what `sigil advisories import` wrote\n"
         "  --base FOLDER        the server's folder in the tree\n"
         "  --server NAME, --commit ID, --public-url URL   for the report\n"
         "  --published          the tree is an archive of a package registry\n"
         "  --time-max SECONDS   default 60\n"
         "  --import-advisories ARCHIVE --ecosystem npm|PyPI|Go|crates.io [--sha256 HEX]\n"
         "                       into the folder of --advisories, instead of a scan\n"
         "  --rules              every rule as JSON\n"
         "\n"
         "Exit: 0 SAFE, 1 WARNING, 2 BLOCKED, 3 no scan.\n";
}

}  // namespace sigil::scan
