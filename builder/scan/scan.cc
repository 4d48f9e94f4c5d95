#include "builder/scan/scan.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/clock.h"
#include "base/crypto/crypto.h"
#include "base/encoding.h"
#include "builder/scan/code/code_scan.h"
#include "builder/scan/config_rules.h"
#include "builder/scan/dependency_rules.h"
#include "builder/scan/dockerfile_rules.h"
#include "builder/scan/entry_files.h"
#include "builder/scan/make_issue.h"
#include "builder/scan/manifest_facts.h"
#include "builder/scan/metadata_rules.h"
#include "builder/scan/secrets.h"
#include "builder/source_tree.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

using builder::ends_with;

constexpr std::size_t kGapIssuesMax = 20;

bool is_prose(std::string_view name) {
  static constexpr std::array kEndings = {".md", ".mdx", ".rst", ".txt", ".adoc", ".html"};
  return std::ranges::any_of(kEndings, [&](const char* each) { return ends_with(name, each); });
}

bool is_settings_file(std::string_view name) {
  static constexpr std::array kEndings = {".yaml", ".yml", ".toml",       ".ini",  ".cfg",
                                          ".conf", ".sh",  ".properties", ".envrc"};
  return std::ranges::any_of(kEndings, [&](const char* each) { return ends_with(name, each); });
}

// Files that hold data of others, or what a tool wrote: a long random text there is no secret.
bool is_free_of_secrets(std::string_view path) {
  static constexpr std::array kEndings = {".map", ".svg", ".csv", ".ipynb", ".snap", ".lock",
                                          ".sum", ".png", ".jpg", ".woff2", ".wasm", ".gz"};
  const auto name = base_name(path);
  return is_lock_file(name) ||
         std::ranges::any_of(kEndings, [&](const char* each) { return ends_with(name, each); });
}

class Scan {
 public:
  Scan(const ScanRequest& request, ScanTree tree) : request_(request), tree_(std::move(tree)) {}

  ScanOutcome run() {
    const auto begin = std::chrono::steady_clock::now();
    facts_ = read_manifest_facts(request_.root, request_.base);
    const auto reader = [this](const std::string& path) {
      return tree_.read(path, request_.limits.file_bytes_max);
    };
    entries_ = entry_files(facts_, request_.base, reader);
    inventory_ = tree_.take_inventory(request_.limits, entries_);
    take(std::move(facts_.issues));
    take(start_issues(facts_));
    take(launched_issues(facts_.path, facts_.start_line, facts_.plan.launched_packages));
    look_at_files();
    look_at_code();
    look_at_locks();
    look_at_gaps();
    lower_ignored();
    return finish(begin);
  }

 private:
  void take(std::vector<Issue> issues) {
    for (auto& issue : issues) issues_.push_back(std::move(issue));
  }

  bool is_entry(const std::string& path) const {
    return std::ranges::binary_search(entries_, path);
  }

  bool is_left_out(const InventoryFile& file) const {
    if (is_entry(file.path)) return false;
    return std::ranges::any_of(request_.policy.skip_paths, [&](const std::string& glob) {
      return is_glob_match(glob, file.path);
    });
  }

  bool has_lock_above(const std::string& path, const std::vector<std::string_view>& names) const {
    std::string folder(folder_of(path));
    while (true) {
      for (const auto name : names)
        if (inventory_.find(folder.empty() ? std::string(name) : folder + "/" + std::string(name)))
          return true;
      if (folder.empty()) return false;
      folder = std::string(folder_of(folder));
    }
  }

  void look_at_files() {
    for (const auto& file : inventory_.files) {
      if (file.is_skipped || file.sha256.empty() || is_left_out(file)) continue;
      const auto text = tree_.read(file.path, request_.limits.file_bytes_max);
      if (text.substr(0, 8000).find('\0') != std::string::npos) continue;
      look_at_secrets(file, text);
      look_at_configuration(file, text);
      look_at_dependencies(file, text);
      expects_tools_ = expects_tools_ || names_mcp_sdk(file.path, text);
    }
  }

  void look_at_secrets(const InventoryFile& file, const std::string& text) {
    if (is_free_of_secrets(file.path)) return;
    const auto name = base_name(file.path);
    const bool is_environment = is_environment_file(file.path);
    // Samples are made to hold what looks like a secret.
    if (builder::begins_with(name, ".env") && !is_environment) return;
    const auto form = is_environment           ? SecretFile::environment
                      : is_prose(name)         ? SecretFile::prose
                      : is_settings_file(name) ? SecretFile::configuration
                                               : SecretFile::code;
    std::map<std::string, int> seen;
    for (const auto& hit : find_secrets(text, form)) {
      auto issue = make_issue(
          "SIG-SECRET-001", file.path, hit.line,
          "A " + hit.kind + (hit.name.empty() ? "" : " (" + builder::excerpt(hit.name, 60) + ")") +
              " is written into the file: " + masked(hit),
          hit.kind + std::to_string(seen[hit.kind]++));
      issue.column = hit.column;
      issue.source = "secret";
      issues_.push_back(std::move(issue));
    }
  }

  void look_at_configuration(const InventoryFile& file, const std::string& text) {
    if (is_dockerfile(file.path)) {
      const auto folder = std::string(folder_of(file.path));
      const auto npmrc = tree_.read(builder::joined_path(folder, ".npmrc"), 64 * 1024);
      const bool is_harmless = inventory_.find(builder::joined_path(folder, ".npmrc")) != nullptr &&
                               !builder::contains(npmrc, "_auth") &&
                               !builder::contains(npmrc, "_password");
      take(dockerfile_issues(file.path, text, is_harmless));
    }
    if (is_compose_file(file.path)) take(compose_issues(file.path, text));
    if (is_configuration(file.path)) take(configuration_issues(file.path, text, request_.policy));
  }

  void look_at_dependencies(const InventoryFile& file, const std::string& text) {
    const auto name = base_name(file.path);
    DependencyInput input{[this](const std::string& path) { return tree_.read(path, 256 * 1024); },
                          request_.policy, false, request_.is_published};
    if (name == "package.json") {
      input.has_lock =
          has_lock_above(file.path, {"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml",
                                     "yarn.lock", "bun.lock", "bun.lockb"});
      take(node_package_issues(file.path, text, input));
    } else if (builder::begins_with(name, "requirements") && ends_with(name, ".txt")) {
      input.has_lock = has_lock_above(file.path, {"uv.lock", "poetry.lock", "Pipfile.lock"});
      take(python_requirement_issues(file.path, text, input));
    } else if (name == "pyproject.toml") {
      input.has_lock =
          has_lock_above(file.path, {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock"});
      take(pyproject_issues(file.path, text, input));
    } else if (name == "setup.py") {
      take(setup_script_issues(file.path, text));
    }
  }

  void look_at_code() {
    std::vector<SourceFile> files;
    for (const auto& file : inventory_.files) {
      if (file.language == Language::none || file.is_skipped || file.sha256.empty() ||
          is_left_out(file))
        continue;
      auto text = tree_.read(file.path, request_.limits.file_bytes_max);
      if (!is_valid_utf8(text)) text = repair_utf8(text);
      coverage_.languages[std::string(name_of(file.language))]++;
      files.push_back({file.path, std::move(text), file.language});
    }
    CodeOptions options;
    options.file_bytes_max = static_cast<std::size_t>(request_.limits.file_bytes_max);
    options.expects_entry_points = expects_tools_;
    options.declared_hosts = facts_.egress;
    options.declared_hosts.insert(options.declared_hosts.end(), request_.policy.allow_hosts.begin(),
                                  request_.policy.allow_hosts.end());
    auto found = scan_code(files, options);
    coverage_.parsed = found.files_parsed;
    coverage_.tools = found.tools;
    coverage_.routes = found.routes;
    for (const auto& gap : found.gaps) gaps_.emplace(gap.file, gap.reason);
    if (!facts_.texts.texts.empty()) found.entries.push_back(facts_.texts);
    take(metadata_issues(found.entries));
    take(agreement_issues(facts_, found));
    take(std::move(found.issues));
  }

  void look_at_locks() {
    for (const auto& file : inventory_.files) {
      const bool is_ours = !file.is_skipped && is_lock_file(base_name(file.path));
      if (!is_ours || file.bytes > kLockBytesMax) continue;
      auto lock = read_lock_file(file.path, tree_.read(file.path, kLockBytesMax));
      take(lock_issues(file.path, lock, request_.policy));
      if (lock.is_cut) gaps_.emplace(file.path, "more packages than are read");
      for (auto& package : lock.packages)
        if (packages_.size() < kPackagesMax) packages_.push_back(std::move(package));
    }
    if (request_.advisories != nullptr) {
      take(advisory_issues(packages_, *request_.advisories, request_.policy, request_.now));
      coverage_.advisories_date = request_.advisories->date();
      coverage_.advisories_hash = request_.advisories->hash();
    } else if (!packages_.empty()) {
      issues_.push_back(make_issue("SIG-DEP-007", Severity::info, packages_.front().file, 1,
                                   "No advisories have been imported, so " +
                                       std::to_string(packages_.size()) +
                                       " packages were not compared with known weaknesses",
                                   "missing"));
    }
  }

  void look_at_gaps() {
    for (const auto& [path, reason] : inventory_.gaps) gaps_.emplace(path, reason);
    std::size_t count = 0;
    for (const auto& [path, reason] : gaps_) {
      coverage_.gaps.push_back(builder::excerpt(path, 300) + ": " + reason);
      if (++count > kGapIssuesMax) continue;
      issues_.push_back(make_issue("SIG-SCAN-001", path, 1, "This was not analysed: " + reason,
                                   reason.substr(0, 40)));
    }
    if (gaps_.size() > kGapIssuesMax)
      issues_.push_back(make_issue(
          "SIG-SCAN-001", gaps_.begin()->first, 1,
          std::to_string(gaps_.size() - kGapIssuesMax) + " more places were not analysed", "more"));
  }

  // A comment in the tree may quiet small things only: its author may be who we look for.
  void lower_ignored() {
    for (auto& issue : issues_) {
      if (issue.severity > Severity::warning || issue.line < 1) continue;
      const auto* file = inventory_.find(issue.file);
      if (file == nullptr || file->language == Language::none) continue;
      if (has_ignore_comment(issue)) {
        issue.severity = Severity::info;
        issue.message += " (the source asks to ignore it)";
      }
    }
  }

  bool has_ignore_comment(const Issue& issue) const {
    const auto text = tree_.read(issue.file, request_.limits.file_bytes_max);
    const auto wanted = "sigil-ignore " + issue.rule + ":";
    if (text.find(wanted) == std::string::npos) return false;
    const auto lines = builder::lines_of(text);
    for (int line = issue.line - 1; line <= issue.line; ++line) {
      if (line < 1 || static_cast<std::size_t>(line) > lines.size()) continue;
      const auto body = lines[static_cast<std::size_t>(line) - 1];
      const auto at = body.find(wanted);
      if (at != std::string_view::npos &&
          !builder::trimmed(body.substr(at + wanted.size())).empty())
        return true;
    }
    return false;
  }

  ScanOutcome finish(std::chrono::steady_clock::time_point begin) {
    for (const auto& file : inventory_.files)
      ++(file.is_skipped ? coverage_.skipped : coverage_.files);
    ReportFacts facts;
    facts.scan_id = "scan_" + to_hex(crypto::random_bytes(12));
    facts.server = request_.server.empty() ? facts_.plan.name : request_.server;
    facts.commit = request_.commit;
    facts.now = request_.now;
    facts.started = rfc3339(request_.now);
    facts.coverage = std::move(coverage_);
    facts.announcements = facts_.announced;
    facts.packages = packages_.size();
    if (inventory_.is_incomplete) facts.incomplete_reason = inventory_.why_incomplete;
    facts.duration_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::steady_clock::now() - begin)
                            .count();
    ScanOutcome outcome;
    outcome.report =
        make_report(std::move(issues_), std::move(facts), request_.policy, request_.waivers);
    outcome.packages = std::move(packages_);
    return outcome;
  }

  static std::string rfc3339(std::int64_t seconds);

  const ScanRequest& request_;
  ScanTree tree_;
  ManifestFacts facts_;
  std::vector<std::string> entries_;
  Inventory inventory_;
  Coverage coverage_;
  std::set<std::pair<std::string, std::string>> gaps_;
  std::vector<Issue> issues_;
  std::vector<Package> packages_;
  bool expects_tools_ = false;
};

std::string Scan::rfc3339(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

}  // namespace

Result<ScanOutcome> scan_tree(const ScanRequest& request) {
  SIGIL_TRY(auto tree, ScanTree::open(request.root));
  return Scan(request, std::move(tree)).run();
}

}  // namespace sigil::scan
