// sigil-scan: the parent reads policy, waivers and advisories, the child gives up its rights and
// scans. Whatever becomes of the child, the parent prints a report: one that never came, or that
// was cut off, blocks.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/descriptor.h"
#include "base/json.h"
#include "builder/scan/lockdown.h"
#include "builder/scan/rule_catalogue.h"
#include "builder/scan/scan.h"
#include "builder/scan/scan_options.h"

namespace {

using sigil::Json;
using sigil::Result;
namespace scan = sigil::scan;

constexpr std::size_t kReportBytesMax = 256UL * 1024 * 1024;
constexpr int kNoScan = 3;

std::string pretty(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string rendered(const scan::ScanOutcome& outcome, const scan::ScanOptions& options) {
  const auto& report = outcome.report;
  if (options.output == "json") return pretty(scan::report_json(report));
  if (options.output == "sarif") return pretty(scan::report_sarif(report, options.public_url));
  if (options.output == "table") return scan::report_text(report);
  const auto sbom = scan::sbom_json(outcome.packages, report.facts.server, report.facts.commit);
  if (options.output == "sbom") return pretty(sbom);
  return sigil::to_text(Json{{"report", scan::report_json(report)},
                             {"text", scan::report_text(report)},
                             {"sbom", sbom}}) +
         "\n";
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return sigil::fail(sigil::ErrorCode::not_found, "no file " + path);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

Result<scan::ScanRequest> request_of(const scan::ScanOptions& options) {
  scan::ScanRequest request;
  request.root = options.tree;
  request.base = options.base;
  request.server = options.server;
  request.commit = options.commit;
  request.is_published = options.is_published;
  request.now = std::time(nullptr);
  if (!options.policy_file.empty()) {
    SIGIL_TRY(const auto text, read_file(options.policy_file));
    SIGIL_TRY(request.policy, scan::parse_policy(text, options.policy_file));
  }
  if (!options.policy_text.empty()) {
    SIGIL_TRY(request.policy, scan::parse_policy(options.policy_text, "the server's policy"));
  }
  if (options.fail_on) request.policy.fail_on = *options.fail_on;
  if (!options.waivers_file.empty()) {
    SIGIL_TRY(const auto text, read_file(options.waivers_file));
    SIGIL_TRY(request.waivers, scan::parse_waivers(text));
  }
  return request;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto done = write(descriptor, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

// The last byte says how it ended; without it the report was cut off.
[[noreturn]] void scan_in_child(const scan::ScanRequest& request, const scan::ScanOptions& options,
                                int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int exit_code = kNoScan;
  std::string text;
  try {
    const auto held = scan::lock_down({.readable = {request.root}});
    const auto outcome =
        held ? scan::scan_tree(request) : Result<scan::ScanOutcome>(sigil::fail(held.error()));
    if (outcome) {
      text = rendered(*outcome, options);
      exit_code = scan::exit_code(outcome->report);
    } else {
      text = outcome.error().message;
    }
  } catch (const std::exception&) {
    _exit(kNoScan);  // no memory left, most likely: the parent reports an incomplete scan
  }
  text += static_cast<char>('0' + exit_code);
  _exit(write_all(out, text) ? exit_code : kNoScan);
}

struct ChildEnd {
  std::string text;
  std::string problem;  // empty: it came to its end
};

ChildEnd collect(pid_t child, int in, std::chrono::seconds time_max) {
  ChildEnd end;
  const auto deadline = std::chrono::steady_clock::now() + time_max;
  std::array<char, 65536> buffer{};
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{in, POLLIN, 0};
    const int ready = left.count() <= 0 ? 0 : poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      end.problem = "it took longer than " + std::to_string(time_max.count()) + " s";
      break;
    }
    const auto got = read(in, buffer.data(), buffer.size());
    if (got <= 0) break;
    end.text.append(buffer.data(), static_cast<std::size_t>(got));
    if (end.text.size() > kReportBytesMax) end.problem = "its report is too large";
    if (!end.problem.empty()) break;
  }
  if (!end.problem.empty()) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (end.problem.empty() && WIFSIGNALED(status))
    end.problem = WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL
                      ? "it used more processor time or memory than it may"
                      : "the scanner was stopped by signal " + std::to_string(WTERMSIG(status));
  const char last = end.text.empty() ? ' ' : end.text.back();
  if (end.problem.empty() && (last < '0' || last > '3'))
    end.problem = "the scanner ran out of memory";
  return end;
}

// Fail closed: the same shape, no issues, BLOCKED.
int report_incomplete(const scan::ScanRequest& request, const scan::ScanOptions& options,
                      const std::string& problem) {
  scan::ReportFacts facts;
  facts.scan_id = "scan_incomplete";
  facts.server = request.server;
  facts.commit = request.commit;
  facts.now = request.now;
  facts.incomplete_reason = "the scan did not finish: " + problem;
  scan::ScanOutcome outcome;
  outcome.report = scan::make_report({}, std::move(facts), request.policy, {});
  write_all(STDOUT_FILENO, rendered(outcome, options));
  return scan::exit_code(outcome.report);
}

int complain(const std::string& message) {
  write_all(STDERR_FILENO, "sigil-scan: " + message + "\n");
  return kNoScan;
}

int run_scan(const scan::ScanOptions& options) {
  auto request = request_of(options);
  if (!request) return complain(request.error().message);
  Result<scan::AdvisoryStore> advisories = scan::AdvisoryStore();
  if (!options.advisories_folder.empty()) {
    advisories = scan::AdvisoryStore::open(options.advisories_folder);
    if (advisories) request->advisories = &*advisories;
  }
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return complain("no pipe");
  sigil::Descriptor in(ends[0]);
  sigil::Descriptor out(ends[1]);
  const auto child = fork();
  if (child < 0) return complain("no process for the scan");
  if (child == 0) {
    in.close();
    scan_in_child(*request, options, out.get());
  }
  out.close();
  auto end = collect(child, in.get(), options.time_max);
  if (!end.problem.empty()) return report_incomplete(*request, options, end.problem);
  const int exit_code = end.text.back() - '0';
  end.text.pop_back();
  if (exit_code == kNoScan) return complain(end.text);
  return write_all(STDOUT_FILENO, end.text) ? exit_code : kNoScan;
}

int run_import(const scan::ScanOptions& options) {
  std::optional<scan::Ecosystem> ecosystem;
  for (const auto each :
       {scan::Ecosystem::npm, scan::Ecosystem::pypi, scan::Ecosystem::go, scan::Ecosystem::cargo}) {
    const std::string name(scan::osv_name(each));
    const bool is_named = options.ecosystem.empty()
                              ? options.import_archive.find(name) != std::string::npos
                              : options.ecosystem == name;
    if (is_named) ecosystem = each;
  }
  if (!ecosystem || options.advisories_folder.empty())
    return complain("--ecosystem npm|PyPI|Go|crates.io and --advisories FOLDER are needed");
  const auto source = scan::import_advisories(options.import_archive, options.sha256, *ecosystem,
                                              options.advisories_folder, std::time(nullptr));
  if (!source)
    return complain(source.error().message +
                    (source.error().hint.empty() ? "" : "; " + source.error().hint));
  const Json facts = {{"ecosystem", scan::osv_name(*ecosystem)},
                      {"records", source->records},
                      {"date", source->date},
                      {"sha256", source->sha256}};
  const auto text = options.output == "json"
                        ? pretty(facts)
                        : std::to_string(source->records) + " records for " +
                              std::string(scan::osv_name(*ecosystem)) + ", the newest of " +
                              source->date + ", sha256 " + source->sha256 + "\n";
  return write_all(STDOUT_FILENO, text) ? 0 : kNoScan;
}

std::string rules_text() {
  auto rules = Json::array();
  for (const auto& rule : scan::all_rules())
    rules.push_back({{"id", rule.id},
                     {"title", rule.title},
                     {"type", rule.type},
                     {"severity", scan::to_text(rule.severity)},
                     {"languages", rule.languages},
                     {"why", rule.why},
                     {"fix", rule.fix},
                     {"references", scan::references_of(rule)}});
  return pretty(Json{{"ruleset", scan::kRuleset}, {"rules", rules}});
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options = scan::parse_scan_options({argv + 1, argv + argc});
    if (!options) return complain(options.error().message + "; see sigil-scan --help");
    if (options->wants_help || options->wants_rules)
      return write_all(STDOUT_FILENO, options->wants_help ? scan::scan_help() : rules_text())
                 ? 0
                 : kNoScan;
    signal(SIGPIPE, SIG_IGN);
    if (!options->import_archive.empty()) return run_import(*options);
    return run_scan(*options);
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}
