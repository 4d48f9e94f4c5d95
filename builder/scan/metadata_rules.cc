#include "builder/scan/metadata_rules.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "builder/scan/make_issue.h"
#include "builder/scan/metadata_text.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

constexpr std::size_t kEntriesMax = 2000;
constexpr std::size_t kTextBytesMax = 64 * 1024;
constexpr int kSchemaDepthMax = 12;

std::string place_of(const EntryPoint& entry, const MetadataText& text) {
  std::string place = "the " + (text.kind.empty() ? "text" : text.kind);
  if (!text.name.empty()) place += " of parameter \"" + builder::excerpt(text.name, 40) + "\"";
  return place + " of " + entry.kind +
         (entry.name.empty() ? "" : " \"" + builder::excerpt(entry.name, 60) + "\"");
}

class Judge {
 public:
  explicit Judge(std::vector<Issue>& issues) : issues_(issues) {}

  void look_at(const EntryPoint& entry, const MetadataText& text) {
    const std::string_view words = std::string_view(text.text).substr(0, kTextBytesMax);
    instructions(entry, text, judge_instructions(words), "");
    const auto hidden = find_hidden(words, text.kind == "name");
    if (hidden.kind != HiddenKind::none) {
      auto& issue = add("SIG-POIS-002", entry, text,
                        "There is a " + hidden.what + " in " + place_of(entry, text) +
                            ": people do not see it, a model reads it");
      issue.severity = hidden.kind == HiddenKind::dangerous ? Severity::block : Severity::error;
    }
    for (const auto& payload : decoded_payloads(words)) {
      add("SIG-POIS-003", entry, text,
          "Encoded text in " + place_of(entry, text) + " decodes to words (" +
              std::to_string(payload.size()) + " characters)");
      instructions(entry, text, judge_instructions(payload), " (decoded)");
    }
  }

 private:
  Issue& add(const char* rule, const EntryPoint& entry, const MetadataText& text,
             std::string message) {
    auto issue = make_issue(rule, text.file.empty() ? entry.file : text.file,
                            text.line > 0 ? text.line : entry.line, std::move(message),
                            entry.name + "/" + text.kind + "/" + text.name);
    issue.source = "metadata";
    issue.tool = entry.name;
    issues_.push_back(std::move(issue));
    return issues_.back();
  }

  void instructions(const EntryPoint& entry, const MetadataText& text, const PoisonVerdict& verdict,
                    const std::string& how) {
    if (verdict.score == 0) return;
    auto& issue = add("SIG-POIS-001", entry, text,
                      "The text in " + place_of(entry, text) + how + " " +
                          builder::joined(verdict.signals, ", ") + " (score " +
                          std::to_string(verdict.score) + ")");
    issue.severity = verdict.score >= 3   ? Severity::block
                     : verdict.score == 2 ? Severity::error
                                          : Severity::warning;
  }

  std::vector<Issue>& issues_;
};

// "send-mail" and "Send_Mail" are one name to a hurried reader.
std::string folded(std::string_view name) {
  std::string out;
  for (const char each : builder::lowered(name))
    if (each != '_' && each != '-' && each != '.' && each != '/') out += each;
  return out;
}

bool is_one_edit_apart(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (a.size() < 6 || b.size() - a.size() > 1) return false;
  std::size_t same = 0;
  while (same < a.size() && a[same] == b[same]) ++same;
  const auto rest_a = a.substr(same);
  const auto rest_b = b.substr(same);
  if (a.size() == b.size()) return rest_a.size() <= 1 || rest_a.substr(1) == rest_b.substr(1);
  return rest_a == rest_b.substr(1);
}

void duplicates(const std::vector<EntryPoint>& entries, std::vector<Issue>& issues) {
  // One name in two files is usually two variants of one server (stdio and http); in one file it is
  // registered twice.
  std::map<std::pair<std::string, std::string>, const EntryPoint*> seen;
  for (const auto& entry : entries) {
    if (entry.kind != "tool" || entry.name.empty()) continue;
    const auto [before, is_new] = seen.emplace(std::pair(entry.file, entry.name), &entry);
    if (is_new || before->second->line == entry.line) continue;
    auto issue = make_issue("SIG-SHADOW-001", Severity::info, entry.file, entry.line,
                            "Tool \"" + builder::excerpt(entry.name, 60) +
                                "\" is registered twice, first in line " +
                                std::to_string(before->second->line),
                            entry.name);
    issue.tool = entry.name;
    issues.push_back(std::move(issue));
  }
}

bool speaks_of(const EntryPoint& entry, const std::string& server) {
  const auto low = builder::lowered(server);
  return std::ranges::any_of(entry.texts, [&](const MetadataText& text) {
    return text.kind == "description" && builder::contains(builder::lowered(text.text), low);
  });
}

void shadows(const std::vector<EntryPoint>& entries, const std::vector<NeighbourTool>& neighbours,
             std::vector<Issue>& issues) {
  for (const auto& entry : entries) {
    if (entry.kind != "tool" || entry.name.empty()) continue;
    const auto own = folded(entry.name);
    for (const auto& other : neighbours) {
      const auto theirs = folded(other.name);
      if (own != theirs && !is_one_edit_apart(own, theirs)) continue;
      auto issue = make_issue("SIG-SHADOW-001", entry.file, entry.line,
                              "Tool \"" + builder::excerpt(entry.name, 60) +
                                  "\" is called like \"" + builder::excerpt(other.name, 60) +
                                  "\" of server \"" + builder::excerpt(other.server, 60) + "\"",
                              entry.name + "/" + other.server);
      if (speaks_of(entry, other.server)) issue.severity = Severity::error;
      issue.tool = entry.name;
      issues.push_back(std::move(issue));
      break;
    }
  }
}

void add_text(EntryPoint& entry, std::string kind, std::string name, const Json& value) {
  if (!value.is_string()) return;
  auto text = value.get<std::string>();
  if (text.size() > kTextBytesMax) text.resize(kTextBytesMax);
  entry.texts.push_back({std::move(kind), std::move(name), std::move(text), entry.file, 0});
}

void add_schema(EntryPoint& entry, const Json& schema, int depth) {
  if (!schema.is_object() || depth > kSchemaDepthMax || entry.texts.size() > 500) return;
  const auto properties = schema.find("properties");
  if (properties != schema.end() && properties->is_object()) {
    for (const auto& [name, property] : properties->items()) {
      add_text(entry, "parameter", name, Json(name));
      if (!property.is_object()) continue;
      for (const auto* key : {"title", "description", "default"})
        if (property.contains(key)) add_text(entry, "parameter", name, property[key]);
      if (const auto values = property.find("enum"); values != property.end() && values->is_array())
        for (const auto& each : *values) add_text(entry, "enum", name, each);
      add_schema(entry, property, depth + 1);
      if (property.contains("items")) add_schema(entry, property["items"], depth + 1);
    }
  }
}

void add_listed(const Json& item, const std::string& kind, std::string_view origin,
                std::vector<EntryPoint>& entries) {
  if (!item.is_object() || entries.size() >= kEntriesMax) return;
  EntryPoint entry;
  entry.kind = kind;
  entry.name = string_or(item, "name");
  entry.file = origin;
  add_text(entry, "name", {}, item.value("name", Json()));
  add_text(entry, "title", {}, item.value("title", Json()));
  add_text(entry, "description", {}, item.value("description", Json()));
  for (const auto* key : {"inputSchema", "outputSchema"})
    if (item.contains(key)) add_schema(entry, item[key], 0);
  if (const auto arguments = item.find("arguments");
      arguments != item.end() && arguments->is_array())
    for (const auto& argument : *arguments)
      if (argument.is_object())
        add_text(entry, "parameter", string_or(argument, "name"),
                 argument.value("description", Json()));
  entries.push_back(std::move(entry));
}

}  // namespace

std::vector<Issue> metadata_issues(const std::vector<EntryPoint>& entries,
                                   const std::vector<NeighbourTool>& neighbours) {
  std::vector<Issue> issues;
  Judge judge(issues);
  for (const auto& entry : entries)
    for (const auto& text : entry.texts) judge.look_at(entry, text);
  duplicates(entries, issues);
  shadows(entries, neighbours, issues);
  return issues;
}

std::vector<EntryPoint> listed_entries(const Json& answer, std::string_view origin) {
  std::vector<EntryPoint> entries;
  if (!answer.is_object()) return entries;
  static constexpr std::pair<const char*, const char*> kLists[] = {
      {"tools", "tool"}, {"prompts", "prompt"}, {"resources", "resource"}};
  for (const auto& [key, kind] : kLists) {
    const auto list = answer.find(key);
    if (list == answer.end() || !list->is_array()) continue;
    for (const auto& item : *list) add_listed(item, kind, origin, entries);
  }
  if (answer.contains("instructions")) {
    EntryPoint server{"server", {}, std::string(origin), 0, {}};
    add_text(server, "instructions", {}, answer["instructions"]);
    entries.push_back(std::move(server));
  }
  return entries;
}

}  // namespace sigil::scan
