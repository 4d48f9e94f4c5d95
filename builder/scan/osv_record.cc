// One OSV record (https://ossf.github.io/osv-schema/) down to what a look-up needs.
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "builder/scan/advisories.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

constexpr std::size_t kVersionsMax = 5000;
constexpr std::size_t kEventsMax = 500;

double metric(std::string_view vector, std::string_view name,
              std::initializer_list<std::pair<char, double>> values) {
  const auto at = vector.find("/" + std::string(name) + ":");
  if (at == std::string_view::npos || at + name.size() + 2 >= vector.size()) return 0;
  const char value = vector[at + name.size() + 2];
  for (const auto& [letter, weight] : values)
    if (letter == value) return weight;
  return 0;
}

// CVSS 3 base score, as its specification computes it.
double cvss3(std::string_view vector) {
  const bool is_changed = builder::contains(vector, "/S:C");
  const std::initializer_list<std::pair<char, double>> kImpact = {{'H', 0.56}, {'L', 0.22}};
  const double impact_base = 1 - (1 - metric(vector, "C", kImpact)) *
                                     (1 - metric(vector, "I", kImpact)) *
                                     (1 - metric(vector, "A", kImpact));
  const double impact = is_changed
                            ? 7.52 * (impact_base - 0.029) - 3.25 * std::pow(impact_base - 0.02, 15)
                            : 6.42 * impact_base;
  const double privileges = is_changed
                                ? metric(vector, "PR", {{'N', 0.85}, {'L', 0.68}, {'H', 0.5}})
                                : metric(vector, "PR", {{'N', 0.85}, {'L', 0.62}, {'H', 0.27}});
  const double exploitability =
      8.22 * metric(vector, "AV", {{'N', 0.85}, {'A', 0.62}, {'L', 0.55}, {'P', 0.2}}) *
      metric(vector, "AC", {{'L', 0.77}, {'H', 0.44}}) * privileges *
      metric(vector, "UI", {{'N', 0.85}, {'R', 0.62}});
  if (impact <= 0) return 0;
  return std::min(10.0, is_changed ? 1.08 * (impact + exploitability) : impact + exploitability);
}

std::string severity_of(const Json& record) {
  const auto database = record.find("database_specific");
  if (database != record.end() && database->is_object()) {
    const auto word = builder::lowered(string_or(*database, "severity"));
    if (word == "moderate") return "medium";
    if (word == "critical" || word == "high" || word == "medium" || word == "low") return word;
  }
  const auto list = record.find("severity");
  if (list == record.end() || !list->is_array()) return {};
  for (const auto& each : *list) {
    const auto vector = string_or(each, "score");
    if (!builder::begins_with(vector, "CVSS:3")) continue;
    const double score = cvss3(vector);
    return score >= 9 ? "critical" : score >= 7 ? "high" : score >= 4 ? "medium" : "low";
  }
  return {};
}

bool is_malicious(const Json& record) {
  if (builder::begins_with(string_or(record, "id"), "MAL-")) return true;
  const auto database = record.find("database_specific");
  return database != record.end() && database->is_object() &&
         (bool_or(*database, "malicious", false) ||
          database->contains("malicious-packages-origins"));
}

std::vector<std::string> texts_of(const Json& object, const char* key, std::size_t count_max) {
  std::vector<std::string> texts;
  const auto list = object.find(key);
  if (list == object.end() || !list->is_array()) return texts;
  for (const auto& each : *list)
    if (each.is_string() && texts.size() < count_max) texts.push_back(each.get<std::string>());
  return texts;
}

AdvisoryRange range_of(const Json& range) {
  AdvisoryRange out;
  out.is_semver = string_or(range, "type") == "SEMVER";
  const auto events = range.find("events");
  if (events == range.end() || !events->is_array()) return out;
  static constexpr std::array<std::pair<const char*, char>, 3> kKinds = {
      {{"introduced", 'i'}, {"fixed", 'f'}, {"last_affected", 'l'}}};
  for (const auto& event : *events) {
    if (!event.is_object() || out.events.size() >= kEventsMax) continue;
    for (const auto& [key, kind] : kKinds) {
      const auto value = string_or(event, key);
      if (!value.empty()) out.events.emplace_back(kind, value);
    }
  }
  return out;
}

}  // namespace

std::vector<std::pair<std::string, Advisory>> read_osv_record(std::string_view json,
                                                              Ecosystem ecosystem) {
  std::vector<std::pair<std::string, Advisory>> out;
  const auto record = parse_json(json);
  if (!record || !record->is_object() || record->contains("withdrawn")) return out;
  const auto affected = record->find("affected");
  if (affected == record->end() || !affected->is_array()) return out;
  Advisory common;
  common.id = string_or(*record, "id");
  common.aliases = texts_of(*record, "aliases", 20);
  common.summary = string_or(*record, "summary").substr(0, 300);
  common.severity = severity_of(*record);
  common.is_malicious = is_malicious(*record);
  if (common.id.empty()) return out;
  for (const auto& each : *affected) {
    if (!each.is_object() || out.size() >= 200) continue;
    const auto package = each.find("package");
    if (package == each.end() || string_or(*package, "ecosystem") != osv_name(ecosystem)) continue;
    auto advisory = common;
    advisory.versions = texts_of(each, "versions", kVersionsMax);
    const auto ranges = each.find("ranges");
    if (ranges != each.end() && ranges->is_array())
      for (const auto& range : *ranges)
        if (range.is_object() && string_or(range, "type") != "GIT" && advisory.ranges.size() < 50)
          advisory.ranges.push_back(range_of(range));
    // Ranges say the same in less space; the list is kept where there are none.
    if (!advisory.ranges.empty() && ecosystem != Ecosystem::pypi) advisory.versions.clear();
    out.emplace_back(normal_name(ecosystem, string_or(*package, "name")), std::move(advisory));
  }
  return out;
}

}  // namespace sigil::scan
