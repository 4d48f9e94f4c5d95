#include "builder/scan/manifest_facts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "builder/manifest/manifest.h"
#include "builder/manifest/yaml_guard.h"
#include "builder/scan/make_issue.h"
#include "builder/source_tree.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

using builder::ManifestForm;

int line_of(const std::string& place) {
  // "smithery.yaml:12:5"
  const auto parts = builder::split(place, ':');
  if (parts.size() < 2 || parts[1].empty() || parts[1].size() > 7 ||
      parts[1].find_first_not_of("0123456789") != std::string::npos)
    return 1;
  return std::stoi(parts[1]);
}

Issue invalid(const std::string& path, const Error& error) {
  const auto line = error.details.find("line");
  auto issue = make_issue(
      "SIG-CONF-001", path,
      line_of(line != error.details.end() ? path + ":" + line->second : error.message),
      "The manifest cannot be used: " + builder::excerpt(error.message, 300), error.reason);
  if (!error.hint.empty()) issue.fixes = {{error.hint, {}}};
  return issue;
}

void take_text(ManifestFacts& facts, const char* kind, const std::string& name,
               const std::string& text, int line) {
  if (!text.empty() && facts.texts.texts.size() < 500)
    facts.texts.texts.push_back({kind, name, text, facts.path, line});
}

// configSchema properties are what a client's form, and often a model, shows.
void take_schema(ManifestFacts& facts) {
  const auto schema = parse_json(facts.plan.config_schema);
  if (!schema || !schema->is_object()) return;
  const auto properties = schema->find("properties");
  if (properties == schema->end() || !properties->is_object()) return;
  for (const auto& [name, property] : properties->items()) {
    facts.environment.insert(name);
    std::string upper;
    for (const char each : name) {
      const bool is_upper = each >= 'A' && each <= 'Z';
      if (is_upper && !upper.empty() && upper.back() != '_') upper += '_';
      upper += static_cast<char>(std::toupper(static_cast<unsigned char>(each)));
    }
    facts.environment.insert(upper);
    take_text(facts, "parameter", name, string_or(property, "description"), facts.start_line);
  }
}

std::string host_of(std::string entry) {
  const auto scheme = entry.find("://");
  if (scheme != std::string::npos) entry = entry.substr(scheme + 3);
  return entry.substr(0, entry.find_first_of(":/"));
}

void take_permissions(ManifestFacts& facts, const Json& root) {
  const auto permissions = root.find("permissions");
  if (permissions == root.end() || !permissions->is_object()) return;
  facts.declares_permissions = true;
  facts.announced.exec = bool_or(*permissions, "exec", false);
  if (const auto network = permissions->find("network");
      network != permissions->end() && network->is_object()) {
    if (const auto egress = network->find("egress"); egress != network->end() && egress->is_array())
      for (const auto& each : *egress)
        if (each.is_string()) facts.egress.push_back(host_of(each.get<std::string>()));
  }
  facts.announced.any_egress = std::ranges::find(facts.egress, "*") != facts.egress.end();
  if (const auto files = permissions->find("filesystem");
      files != permissions->end() && files->is_object())
    facts.declares_fs_write = files->contains("write") || files->contains("volumes");
  if (const auto secrets = permissions->find("secrets");
      secrets != permissions->end() && secrets->is_array())
    for (const auto& each : *secrets)
      if (each.is_string()) facts.environment.insert(each.get<std::string>());
}

void take_start(ManifestFacts& facts, const builder::YamlDocument& document) {
  const auto& root = document.root();
  if (!root.is_object()) return;
  take_permissions(facts, root);
  for (const auto* pointer : {"/startCommand/commandFunction", "/commandFunction",
                              "/startCommand/command", "/command", "/startCommand"}) {
    const nlohmann::json::json_pointer at{pointer};
    if (!root.contains(at)) continue;
    facts.start_line = line_of(document.at(pointer));
    break;
  }
}

// A commandFunction names the variables it sets; it is not run here, so its words are taken.
void take_words(ManifestFacts& facts, std::string_view function_text) {
  std::string word;
  for (const char each : function_text) {
    const bool is_upper = each >= 'A' && each <= 'Z';
    const bool continues = each == '_' || (each >= '0' && each <= '9');
    if (is_upper || (continues && !word.empty())) {
      word += each;
      continue;
    }
    if (word.size() > 2) facts.environment.insert(word);
    word.clear();
  }
}

void read_form(ManifestFacts& facts, const builder::ManifestFile& file) {
  builder::ManifestHints hints;
  Result<void> read;
  if (file.form == ManifestForm::smithery)
    read = builder::read_smithery(file.text, file.path, facts.plan, hints);
  if (file.form == ManifestForm::sigil)
    read = builder::read_sigil_manifest(file.text, file.path, facts.plan, hints);
  if (file.form == ManifestForm::server_json)
    read = builder::read_server_json(file.text, file.path, facts.plan, hints);
  // What only says that nothing here can be built (a remote server) is no fault of the file.
  if (!read && read.error().reason.rfind("E_MANIFEST", 0) == 0)
    facts.issues.push_back(invalid(file.path, read.error()));
  if (!read && read.error().reason == "E_CONFIG_SCHEMA")
    facts.issues.push_back(invalid(file.path, read.error()));
  facts.start = facts.plan.argv;
  facts.start.insert(facts.start.end(), hints.arguments.begin(), hints.arguments.end());
  for (const auto& [name, value] : facts.plan.environment) facts.environment.insert(name);
  take_words(facts, facts.plan.command_function);
}

}  // namespace

ManifestFacts read_manifest_facts(const std::string& root, const std::string& base) {
  ManifestFacts facts;
  facts.texts.kind = "server";
  const builder::SourceTree tree(root);
  std::vector<std::string> ignored;
  auto found = builder::find_manifest(tree, base, ignored);
  if (found && !*found) {
    const auto folders = builder::folders_with_manifest(tree, base);
    if (folders.size() == 1) found = builder::find_manifest(tree, folders.front(), ignored);
  }
  if (!found) {
    const auto file = found.error().details.find("file");
    facts.path = file != found.error().details.end() ? file->second : "manifest";
    facts.issues.push_back(invalid(facts.path, found.error()));
    return facts;
  }
  if (!*found) return facts;
  const auto& file = **found;
  facts.path = file.path;
  facts.text = file.text;
  facts.texts.file = file.path;
  read_form(facts, file);
  if (const auto document = builder::YamlDocument::parse(file.text, file.path))
    take_start(facts, *document);
  take_text(facts, "title", {}, facts.plan.title, 1);
  take_text(facts, "description", {}, facts.plan.description, 1);
  take_schema(facts);
  return facts;
}

}  // namespace sigil::scan
