// sigil advisories import: published weaknesses of packages for this machine's scans, from an
// archive that was fetched beforehand. Nothing is looked up in a network.
#include "cli/commands.h"
#include "cli/scanner_program.h"

namespace sigil::cli {
namespace {

struct Options {
  std::string archive, ecosystem, sha256, folder;
};

Result<ExitStatus> import_archive(const Context& context, const Options& options) {
  std::vector<std::string> arguments = {
      "--import-advisories=" + options.archive,
      "--advisories=" +
          (options.folder.empty() ? advisories_folder(context.environment) : options.folder),
      "--output=" + std::string(context.wants_json() ? "json" : "table")};
  if (!options.ecosystem.empty()) arguments.push_back("--ecosystem=" + options.ecosystem);
  if (!options.sha256.empty()) arguments.push_back("--sha256=" + options.sha256);
  SIGIL_TRY(const auto outcome, run_scanner(arguments));
  context.terminal.err(outcome.error_output);
  context.terminal.out(outcome.output);
  return outcome.exit_code == 0 ? ExitStatus::done : ExitStatus::failed;
}

}  // namespace

Command advisories_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "advisories";
  command.summary = "Keep what is known about weaknesses of packages.";
  Command verb;
  verb.name = "import";
  verb.summary = "Import an OSV archive (all.zip of one ecosystem).";
  verb.text =
      "Run it on the machine whose scans are meant, as the user whose sigild runs there. Without\n"
      "--sha256 the archive is taken as it is; its hash goes into every report.";
  verb.arguments = {{"ARCHIVE", "a zip of OSV records, or one record as JSON", &options->archive}};
  verb.options = {
      {"--ecosystem",
       "NAME",
       "default: the archive's name",
       &options->ecosystem,
       {"npm", "PyPI", "Go", "crates.io"}},
      {"--sha256", "HEX", "what the archive must be", &options->sha256},
      {"--into", "DIRECTORY", "default: advisories in the data directory", &options->folder}};
  verb.examples = {{"sigil advisories import npm.zip --sha256 1a2b…", "for npm packages"}};
  verb.run = [options](const Context& context) { return import_archive(context, *options); };
  command.commands = {verb};
  return command;
}

}  // namespace sigil::cli
