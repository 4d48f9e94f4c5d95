#include "controlplane/scanner.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/crypto/crypto.h"
#include "base/json.h"
#include "base/process/process.h"
#include "builder/scan/rule_catalogue.h"
#include "controlplane/proxy_supervisor.h"

namespace sigil::controlplane {

namespace {

constexpr std::size_t kReportBytesMax = 64UL * 1024 * 1024;
constexpr auto kGrace =
    std::chrono::seconds(15);  // for the scanner's own time limit to speak first

// Size and time of a file stand for its content.
std::string mark_of(const std::string& path) {
  struct stat facts {};
  if (path.empty() || ::stat(path.c_str(), &facts) != 0) return "-";
  return std::to_string(facts.st_size) + "." + std::to_string(facts.st_mtim.tv_sec) + "." +
         std::to_string(facts.st_mtim.tv_nsec);
}

ScanAnswer answer_of(const Json& bundle) {
  ScanAnswer answer;
  const auto& report = bundle.at("report");
  answer.score = string_or(report, "score");
  answer.reason = string_or(report, "reason");
  answer.detail = string_or(report, "detail");
  answer.report = to_text(report);
  answer.sbom = to_text(bundle.at("sbom"));
  answer.text = string_or(bundle, "text");
  return answer;
}

}  // namespace

Result<ScanAnswer> Scanner::scan(const ScanJob& job, std::stop_token stop) const {
  const auto time_max = std::chrono::duration_cast<std::chrono::seconds>(settings_.scan.time_max);
  ProcessOptions options;
  options.argv = {binary_beside(settings_.scan.binary, "sigil-scan"),
                  job.tree,
                  "--output=bundle",
                  "--fail-on=" + settings_.scan.fail_on,
                  "--server=" + job.server,
                  "--commit=" + job.commit,
                  "--base=" + job.base,
                  "--advisories=" + advisories_folder(),
                  "--time-max=" + std::to_string(time_max.count())};
  if (!settings_.scan.policy_file.empty())
    options.argv.push_back("--policy=" + settings_.scan.policy_file);
  if (job.is_published) options.argv.emplace_back("--published");
  if (!job.waivers.empty()) {
    const auto file = job.scratch + "/waivers.json";
    std::ofstream(file) << job.waivers;
    options.argv.push_back("--waivers=" + file);
  }
  options.time_max = time_max + kGrace;
  options.output_bytes_max = kReportBytesMax;
  const auto run = run_process(options, std::move(stop));
  // A scanner that cannot be started is a scan that was not made: the deploy must not go on.
  if (!run && run.error().code != ErrorCode::cancelled)
    return fail(ErrorCode::internal, "E_SCAN_INCOMPLETE", run.error().message,
                "does sigil-scan lie beside sigild? sigil doctor");
  if (!run) return fail(run.error());
  const auto& outcome = *run;
  const auto bundle = parse_json(outcome.output, {kReportBytesMax, 64});
  if (outcome.exit_code > 2 || outcome.output_was_cut || !bundle || !bundle->is_object() ||
      !bundle->contains("report") || !bundle->contains("sbom"))
    return fail(ErrorCode::internal, "E_SCAN_INCOMPLETE",
                "the scanner gave no report: " + outcome.error_output.substr(0, 300),
                "does sigil-scan lie beside sigild? sigil doctor");
  return answer_of(*bundle);
}

std::string Scanner::configuration_hash() const {
  std::string all = std::string(scan::kRuleset) + "\n" + settings_.scan.fail_on + "\n" +
                    mark_of(settings_.scan.policy_file) + "\n" +
                    mark_of(binary_beside(settings_.scan.binary, "sigil-scan"));
  for (const auto* ecosystem : {"npm", "PyPI", "Go", "crates.io"})
    all += "\n" + mark_of(advisories_folder() + "/" + ecosystem + ".idx");
  return crypto::sha256_hex(all);
}

std::string verdict_of(const ScanAnswer& answer) {
  if (answer.reason == "scan_incomplete") return "incomplete";
  if (answer.score == "BLOCKED") return "blocked";
  return answer.score == "SAFE" ? "passed" : "warned";
}

}  // namespace sigil::controlplane
