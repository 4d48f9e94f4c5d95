// The order of versions: SemVer 2.0 with Go's and crates' habits, PEP 440 for PyPI.
#include <algorithm>
#include <array>
#include <tuple>

#include "builder/scan/advisories.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

bool is_digit(char each) { return each >= '0' && each <= '9'; }

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

// Numbers of any length, without reading them: shorter is smaller once zeros are gone.
int compare_numbers(std::string_view a, std::string_view b) {
  while (a.size() > 1 && a.front() == '0') a.remove_prefix(1);
  while (b.size() > 1 && b.front() == '0') b.remove_prefix(1);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

int compare_identifiers(std::string_view a, std::string_view b) {
  if (is_number(a) && is_number(b)) return compare_numbers(a, b);
  if (is_number(a) != is_number(b)) return is_number(a) ? -1 : 1;
  return a.compare(b);
}

int compare_lists(const std::vector<std::string>& a, const std::vector<std::string>& b,
                  bool pads_with_zero) {
  static const std::string kZero = "0";
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (!pads_with_zero && (i >= a.size() || i >= b.size())) return i >= a.size() ? -1 : 1;
    const auto order =
        compare_identifiers(i < a.size() ? a[i] : kZero, i < b.size() ? b[i] : kZero);
    if (order != 0) return order;
  }
  return 0;
}

int compare_semver(std::string_view a, std::string_view b) {
  const auto strip = [](std::string_view text) {
    if (!text.empty() && (text.front() == 'v' || text.front() == '=')) text.remove_prefix(1);
    return text.substr(0, text.find('+'));
  };
  a = strip(a);
  b = strip(b);
  const auto dash_a = a.find('-');
  const auto dash_b = b.find('-');
  const auto order = compare_lists(builder::split(a.substr(0, dash_a), '.'),
                                   builder::split(b.substr(0, dash_b), '.'), true);
  if (order != 0) return order;
  const bool is_pre_a = dash_a != std::string_view::npos;
  const bool is_pre_b = dash_b != std::string_view::npos;
  if (!is_pre_a || !is_pre_b) return is_pre_a == is_pre_b ? 0 : is_pre_a ? -1 : 1;
  return compare_lists(builder::split(a.substr(dash_a + 1), '.'),
                       builder::split(b.substr(dash_b + 1), '.'), false);
}

struct PythonVersion {
  std::string epoch = "0";
  std::vector<std::string> release;
  // dev before pre-releases, those before the release, that before post-releases
  int stage = 4;  // 0: dev of a release, 1: a, 2: b, 3: rc, 4: release
  std::string stage_number = "0";
  std::string post = "";  // empty: none
  std::string dev = "";
};

std::string take_number(std::string_view& rest) {
  while (!rest.empty() && (rest.front() == '.' || rest.front() == '-' || rest.front() == '_'))
    rest.remove_prefix(1);
  std::string number;
  while (!rest.empty() && is_digit(rest.front())) {
    number += rest.front();
    rest.remove_prefix(1);
  }
  return number.empty() ? "0" : number;
}

bool take_word(std::string_view& rest, std::string_view word) {
  auto at = rest;
  while (!at.empty() && (at.front() == '.' || at.front() == '-' || at.front() == '_'))
    at.remove_prefix(1);
  if (!builder::begins_with(at, word)) return false;
  rest = at.substr(word.size());
  return true;
}

PythonVersion read_python(std::string_view text) {
  PythonVersion version;
  const auto low = builder::lowered(builder::trimmed(text));
  std::string_view rest = low;
  if (builder::begins_with(rest, "v")) rest.remove_prefix(1);
  rest = rest.substr(0, rest.find('+'));
  if (const auto mark = rest.find('!'); mark != std::string_view::npos) {
    version.epoch = rest.substr(0, mark);
    rest.remove_prefix(mark + 1);
  }
  while (!rest.empty() && is_digit(rest.front())) {
    version.release.push_back(take_number(rest));
    if (rest.size() < 2 || rest.front() != '.' || !is_digit(rest[1])) break;
    rest.remove_prefix(1);
  }
  while (version.release.size() > 1 && version.release.back() == "0") version.release.pop_back();
  static constexpr std::array<std::pair<const char*, int>, 8> kStages = {{{"alpha", 1},
                                                                          {"beta", 2},
                                                                          {"preview", 3},
                                                                          {"pre", 3},
                                                                          {"rc", 3},
                                                                          {"a", 1},
                                                                          {"b", 2},
                                                                          {"c", 3}}};
  for (const auto& [word, stage] : kStages) {
    if (!take_word(rest, word)) continue;
    version.stage = stage;
    version.stage_number = take_number(rest);
    break;
  }
  if (take_word(rest, "post") || take_word(rest, "rev")) version.post = take_number(rest);
  if (take_word(rest, "dev")) version.dev = take_number(rest);
  if (!version.dev.empty() && version.stage == 4 && version.post.empty()) version.stage = 0;
  return version;
}

int compare_python(std::string_view a, std::string_view b) {
  const auto left = read_python(a);
  const auto right = read_python(b);
  int order = compare_numbers(left.epoch, right.epoch);
  if (order == 0) order = compare_lists(left.release, right.release, true);
  if (order == 0) order = left.stage - right.stage;
  if (order == 0) order = compare_numbers(left.stage_number, right.stage_number);
  if (order == 0 && left.post.empty() != right.post.empty()) order = left.post.empty() ? -1 : 1;
  if (order == 0 && !left.post.empty()) order = compare_numbers(left.post, right.post);
  if (order == 0 && left.dev.empty() != right.dev.empty()) order = left.dev.empty() ? 1 : -1;
  if (order == 0 && !left.dev.empty()) order = compare_numbers(left.dev, right.dev);
  return order;
}

}  // namespace

int compare_versions(Ecosystem ecosystem, std::string_view a, std::string_view b) {
  return ecosystem == Ecosystem::pypi ? compare_python(a, b) : compare_semver(a, b);
}

// OSV's own evaluation: the last event at or below the version decides; "0" is before everything.
Affected is_affected(const Advisory& advisory, Ecosystem ecosystem, std::string_view version) {
  Affected result;
  for (const auto& each : advisory.versions)
    result.is_affected = result.is_affected || each == version;
  const auto at_or_below = [&](const std::string& event) {
    return event == "0" || compare_versions(ecosystem, event, version) <= 0;
  };
  for (const auto& range : advisory.ranges) {
    bool is_inside = false;
    std::string fixed;
    auto events = range.events;
    std::ranges::stable_sort(events, [&](const auto& a, const auto& b) {
      if (a.second == "0" || b.second == "0") return a.second == "0" && b.second != "0";
      return compare_versions(ecosystem, a.second, b.second) < 0;
    });
    for (const auto& [kind, event] : events) {
      if (kind == 'i' && at_or_below(event)) is_inside = true;
      if (kind == 'f' && at_or_below(event)) is_inside = false;
      if (kind == 'f' && !at_or_below(event) && fixed.empty()) fixed = event;
      if (kind == 'l' && event != version && at_or_below(event)) is_inside = false;
    }
    if (!is_inside) continue;
    result.is_affected = true;
    if (result.first_fixed.empty()) result.first_fixed = fixed;
  }
  return result;
}

}  // namespace sigil::scan
