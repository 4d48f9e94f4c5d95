#include "builder/scan/dependency_rules.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "builder/scan/dockerfile_rules.h"
#include "builder/scan/install_script.h"
#include "builder/scan/inventory.h"
#include "builder/scan/make_issue.h"
#include "builder/scan/popular_packages.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

using builder::begins_with;
using builder::contains;

constexpr std::size_t kNamesShown = 6;

std::string shown(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kNamesShown; ++i)
    text += (i == 0 ? "" : ", ") + builder::excerpt(names[i], 80);
  if (names.size() > kNamesShown)
    text += " and " + std::to_string(names.size() - kNamesShown) + " more";
  return text;
}

int line_of_text(std::string_view text, std::string_view part) {
  const auto at = text.find(part);
  if (at == std::string_view::npos) return 1;
  return 1 + static_cast<int>(std::ranges::count(text.substr(0, at), '\n'));
}

bool is_commit(std::string_view text) {
  return text.size() >= 40 && text.substr(text.size() - 40).find_first_not_of("0123456789abcdef") ==
                                  std::string_view::npos;
}

enum class Pin { exact, range, floating, outside, local };

Pin pin_of(std::string_view specifier) {
  if (begins_with(specifier, "workspace:") || begins_with(specifier, "file:") ||
      begins_with(specifier, "link:") || begins_with(specifier, "portal:") ||
      begins_with(specifier, "catalog:"))
    return Pin::local;
  if (begins_with(specifier, "npm:")) {
    const auto at = specifier.rfind('@');
    return pin_of(at == std::string_view::npos || at < 5 ? "*" : specifier.substr(at + 1));
  }
  if (contains(specifier, "://") || begins_with(specifier, "git") ||
      begins_with(specifier, "git@") || (contains(specifier, "/") && !begins_with(specifier, "@")))
    return Pin::outside;
  if (specifier.empty() || specifier == "*" || specifier == "latest" || specifier == "x" ||
      specifier == "next" || begins_with(specifier, ">"))
    return Pin::floating;
  return specifier.find_first_of("^~<>| x*") == std::string_view::npos ? Pin::exact : Pin::range;
}

class NodePackage {
 public:
  NodePackage(const std::string& path, std::string_view text, const DependencyInput& input)
      : path_(path), text_(text), input_(input) {}

  std::vector<Issue> run() {
    const auto root = parse_json(text_);
    if (!root || !root->is_object()) return {};
    for (const auto* part : {"dependencies", "optionalDependencies"}) take_list(*root, part);
    if (!floating_.empty())
      add("SIG-DEP-003", floating_.front(), "Not pinned to a version: " + shown(floating_),
          "floating");
    if (count_ > 0 && !input_.has_lock)
      issues_.push_back(make_issue(
          "SIG-DEP-003", input_.is_published ? Severity::info : Severity::warning, path_, 1,
          std::to_string(count_) + " dependencies and no lock file: each build may install others",
          "lock"));
    if (const auto scripts = root->find("scripts"); scripts != root->end() && scripts->is_object())
      take_scripts(*scripts);
    return std::move(issues_);
  }

 private:
  void add(const char* rule, const std::string& at, std::string message, std::string subject) {
    issues_.push_back(make_issue(rule, path_, line_of_text(text_, "\"" + at + "\""),
                                 std::move(message), std::move(subject)));
  }

  void take_list(const Json& root, const char* part) {
    const auto list = root.find(part);
    if (list == root.end() || !list->is_object()) return;
    for (const auto& [name, value] : list->items()) {
      if (!value.is_string() || issues_.size() > 200) continue;
      ++count_;
      const auto specifier = value.get<std::string>();
      const auto pin = pin_of(specifier);
      if (pin == Pin::floating) floating_.push_back(name + " (" + specifier + ")");
      if (pin == Pin::floating && floating_.size() == 1) floating_.front() = name;
      if (pin == Pin::outside) take_outside(name, specifier);
      if (is_allowed(name)) continue;
      const auto popular = resembled_package(Ecosystem::npm, name);
      if (!popular.empty())
        add("SIG-DEP-004", name,
            "\"" + builder::excerpt(name, 80) + "\" is called almost like \"" + popular + "\"",
            name);
    }
  }

  bool is_allowed(const std::string& name) const {
    return std::ranges::any_of(input_.policy.allow_packages,
                               [&](const std::string& each) { return is_glob_match(each, name); });
  }

  void take_outside(const std::string& name, const std::string& specifier) {
    if (is_commit(specifier)) return;
    const bool is_clear = begins_with(specifier, "http://");
    add("SIG-DEP-006", name,
        "\"" + builder::excerpt(name, 80) + "\" comes from " + builder::excerpt(specifier, 120) +
            (is_clear ? ", unencrypted" : ", not from the registry"),
        name);
    if (is_clear) issues_.back().severity = Severity::error;
  }

  void take_scripts(const Json& scripts) {
    for (const auto* name : {"preinstall", "install", "postinstall"}) {
      const auto command = string_or(scripts, name);
      if (command.empty()) continue;
      const auto verdict = judge_install_script(command, folder_of(path_), input_.read);
      if (verdict.what.empty()) continue;
      add("SIG-DEP-005", name,
          std::string(name) + " " + verdict.what + ": " + builder::excerpt(command, 120), name);
      issues_.back().severity = verdict.severity;
      issues_.back().confidence = verdict.confidence;
    }
    const auto start = string_or(scripts, "start");
    if (is_download_and_run(start) || begins_with(start, "sudo ") || contains(start, " sudo "))
      add("SIG-CONF-002", "start", "The start script downloads a program or uses sudo", "start");
  }

  const std::string& path_;
  std::string_view text_;
  const DependencyInput& input_;
  std::vector<Issue> issues_;
  std::vector<std::string> floating_;
  std::size_t count_ = 0;
};

std::string requirement_name(std::string_view line) {
  static const RE2 kName(R"(^([A-Za-z0-9][A-Za-z0-9._-]*))");
  std::string name;
  RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), kName, &name);
  return name;
}

// What one requirement says, wherever it stands.
class Requirements {
 public:
  Requirements(const std::string& path, const DependencyInput& input)
      : path_(path), input_(input) {}

  void take(std::string_view requirement, int line) {
    auto body = builder::trimmed(requirement);
    if (body.empty() || issues_.size() > 200) return;
    const auto name = requirement_name(body);
    const bool is_outside = contains(body, "git+") || contains(body, "://");
    if (is_outside) return take_outside(body, line);
    if (name.empty()) return;
    ++count_;
    const auto rest = body.substr(name.size());
    const bool is_bounded = contains(rest, "==") || contains(rest, "~=") || contains(rest, "<");
    if (!is_bounded) floating_.push_back(name);
    if (!is_bounded && first_line_ == 0) first_line_ = line;
    if (std::ranges::any_of(input_.policy.allow_packages,
                            [&](const std::string& each) { return is_glob_match(each, name); }))
      return;
    const auto popular = resembled_package(Ecosystem::pypi, name);
    if (!popular.empty())
      issues_.push_back(make_issue(
          "SIG-DEP-004", path_, line,
          "\"" + builder::excerpt(name, 80) + "\" is called almost like \"" + popular + "\"",
          name));
  }

  void take_outside(std::string_view body, int line) {
    const auto at = body.rfind('@');
    if (at != std::string_view::npos && is_commit(body.substr(at))) return;
    for (const auto& registry : input_.policy.trusted_registries)
      if (contains(body, registry)) return;
    auto issue = make_issue("SIG-DEP-006", path_, line,
                            "Comes from outside the registry: " + builder::excerpt(body, 120),
                            requirement_name(body));
    if (contains(body, "http://")) issue.severity = Severity::error;
    issues_.push_back(std::move(issue));
  }

  std::vector<Issue> finish() {
    if (!floating_.empty() && !input_.has_lock)
      issues_.push_back(make_issue(
          "SIG-DEP-003", input_.is_published ? Severity::info : Severity::warning, path_,
          std::max(first_line_, 1), "Not pinned to a version: " + shown(floating_), "floating"));
    return std::move(issues_);
  }

 private:
  const std::string& path_;
  const DependencyInput& input_;
  std::vector<Issue> issues_;
  std::vector<std::string> floating_;
  std::size_t count_ = 0;
  int first_line_ = 0;
};

bool is_near(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  std::size_t same = 0;
  while (same < a.size() && a[same] == b[same]) ++same;
  if (a.size() != b.size()) return a.substr(same) == b.substr(same + 1);
  if (a.substr(same + 1) == b.substr(same + 1)) return true;
  return same + 1 < a.size() && a[same] == b[same + 1] && a[same + 1] == b[same] &&
         a.substr(same + 2) == b.substr(same + 2);
}

std::string without_separators(std::string_view name) {
  std::string out;
  for (const char each : name)
    if (each != '-' && each != '_' && each != '.') out += each;
  return out;
}

}  // namespace

std::string resembled_package(Ecosystem ecosystem, std::string_view name) {
  const auto own = normal_name(ecosystem, name);
  const auto popular = ecosystem == Ecosystem::npm ? popular_npm() : popular_pypi();
  if ((ecosystem != Ecosystem::npm && ecosystem != Ecosystem::pypi) || begins_with(own, "@"))
    return {};
  if (std::ranges::find(popular, own) != popular.end()) return {};
  for (const auto each : popular) {
    if (own.size() >= 6 && each.size() >= 6 && is_near(own, each)) return std::string(each);
    if (each.size() >= 6 && without_separators(own) == without_separators(each))
      return std::string(each);
  }
  return {};
}

std::vector<Issue> node_package_issues(const std::string& path, std::string_view text,
                                       const DependencyInput& input) {
  return NodePackage(path, text, input).run();
}

std::vector<Issue> python_requirement_issues(const std::string& path, std::string_view text,
                                             const DependencyInput& input) {
  Requirements requirements(path, input);
  int number = 0;
  for (const auto line : builder::lines_of(text)) {
    ++number;
    const auto body = builder::trimmed(line.substr(0, line.find(" #")));
    if (body.empty() || body.front() == '#') continue;
    if (begins_with(body, "--index-url") || begins_with(body, "--extra-index-url") ||
        begins_with(body, "-i ") || begins_with(body, "-e git") ||
        begins_with(body, "--find-links")) {
      requirements.take_outside(body, number);
      continue;
    }
    if (body.front() == '-') continue;
    requirements.take(body, number);
  }
  return requirements.finish();
}

// [project] dependencies = ["a>=1", …]; read line by line, as strings between the brackets.
std::vector<Issue> pyproject_issues(const std::string& path, std::string_view text,
                                    const DependencyInput& input) {
  static const RE2 kQuoted(R"re(["']([^"']{1,300})["'])re");
  Requirements requirements(path, input);
  bool is_inside = false;
  bool is_project = false;
  int number = 0;
  for (const auto line : builder::lines_of(text)) {
    ++number;
    auto body = builder::trimmed(line);
    if (!is_inside && begins_with(body, "[")) is_project = body == "[project]";
    if (is_project && !is_inside && begins_with(body, "dependencies") && contains(body, "["))
      is_inside = true;
    if (!is_inside) continue;
    re2::StringPiece rest(body.data(), body.size());
    std::string each;
    while (RE2::FindAndConsume(&rest, kQuoted, &each)) requirements.take(each, number);
    if (builder::ends_with(body, "]") || body == "],") is_inside = false;
  }
  return requirements.finish();
}

std::vector<Issue> setup_script_issues(const std::string& path, std::string_view text) {
  static const RE2 kFetches(R"(urlopen|urlretrieve|requests\.(?:get|post)|httpx\.|curl |wget )");
  static const RE2 kRuns(R"(\bexec\(|\beval\(|subprocess|os\.system|os\.popen|marshal|compile\()");
  static const RE2 kReads(
      R"(dict\(os\.environ|os\.environ\.copy|expanduser|\.ssh|\.aws|b64decode)");
  const re2::StringPiece piece(text.data(), text.size());
  const bool has_commands = contains(text, "cmdclass");
  const bool fetches = RE2::PartialMatch(piece, kFetches);
  const bool is_evil =
      fetches && (RE2::PartialMatch(piece, kRuns) || RE2::PartialMatch(piece, kReads));
  if (!has_commands && !is_evil) return {};
  auto issue =
      make_issue("SIG-DEP-005", path, line_of_text(text, has_commands ? "cmdclass" : "import"),
                 is_evil ? "setup.py downloads something and runs it, or reads secrets, "
                           "when the package is installed"
                         : "setup.py runs commands of its own when it is installed",
                 "setup.py");
  if (is_evil) issue.severity = Severity::block;
  return {std::move(issue)};
}

namespace {

// scheme and host of a registry's archive, HOST/…/NAME/-/FILE.tgz; empty: another kind of address.
std::string registry_of(const std::string& resolved) {
  static const RE2 kArchive(R"(^(https://[^/]+/)(?:.*/)?-/[^/]+\.tgz(?:[?#].*)?$)");
  std::string host;
  return RE2::PartialMatch(resolved, kArchive, &host) ? host : std::string();
}

// A lock file is written against one registry, which may be the company's own: the one that most of
// its packages come from. A package from another host stands out, whatever the hosts are called.
std::string registry_of_most(const LockFile& lock) {
  std::map<std::string, std::size_t> counts;
  for (const auto& package : lock.packages) ++counts[registry_of(package.resolved)];
  counts.erase("");
  const auto most = std::ranges::max_element(
      counts, [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == counts.end() ? std::string() : most->first;
}

}  // namespace

std::vector<Issue> lock_issues(const std::string& path, const LockFile& lock,
                               const Policy& policy) {
  const std::string registry = registry_of_most(lock);
  std::vector<std::string> outside, unhashed, scripted;
  bool is_clear = false;
  for (const auto& package : lock.packages) {
    const bool is_trusted = std::ranges::any_of(
        policy.trusted_registries,
        [&](const std::string& each) { return contains(package.resolved, each); });
    const bool is_remote = contains(package.resolved, "://") && !is_commit(package.resolved);
    const bool is_registry = !registry.empty() && registry_of(package.resolved) == registry;
    if (is_remote && !is_trusted && !is_registry) {
      outside.push_back(package.name);
      is_clear = is_clear || begins_with(package.resolved, "http://");
    }
    if (package.ecosystem == Ecosystem::npm && !package.has_integrity && is_remote)
      unhashed.push_back(package.name);
    if (package.has_install_script && !is_known_install_script(package.name) && !package.is_dev)
      scripted.push_back(package.name);
  }
  std::vector<Issue> issues;
  if (!outside.empty())
    issues.push_back(make_issue("SIG-DEP-006", is_clear ? Severity::error : Severity::warning, path,
                                1, "Packages from outside the registry: " + shown(outside),
                                "outside"));
  if (!unhashed.empty())
    issues.push_back(make_issue("SIG-DEP-006", path, 1,
                                "Packages without an integrity hash: " + shown(unhashed),
                                "integrity"));
  // Sigil's own builds run no install scripts of dependencies, so these are told of and no more.
  if (!scripted.empty())
    issues.push_back(
        make_issue("SIG-DEP-005", Severity::info, path, 1,
                   "Dependencies that run a script when they are installed: " + shown(scripted),
                   "transitive"));
  return issues;
}

std::vector<Issue> launched_issues(const std::string& path, int line,
                                   const std::vector<std::string>& launched) {
  std::vector<Issue> issues;
  for (const auto& package : launched) {
    const auto at = package.find('@', 1);
    const bool is_pinned =
        (at != std::string::npos && package.substr(at + 1) != "latest") || contains(package, "==");
    if (is_pinned) continue;
    issues.push_back(make_issue("SIG-DEP-003", path, line,
                                "The start command fetches \"" + builder::excerpt(package, 80) +
                                    "\" in whatever version is newest",
                                package));
  }
  return issues;
}

}  // namespace sigil::scan
