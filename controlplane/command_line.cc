#include "controlplane/command_line.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "controlplane/settings_table.h"

namespace sigil::controlplane {

namespace {

constexpr const char* kDefaultFile = "/etc/sigil/sigild.yaml";

std::string flag_of(const std::string& key) {
  std::string flag = "--" + key;
  std::replace_if(
      flag.begin(), flag.end(), [](char c) { return c == '.' || c == '_'; }, '-');
  return flag;
}

const config::Entry* entry_of(const std::string& flag) {
  const auto& table = settings_table();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const auto& entry) { return flag_of(entry.key) == flag; });
  return found == table.end() ? nullptr : &*found;
}

std::optional<Command> command_of(const std::string& argument) {
  if (argument == "--check") return Command::check;
  if (argument == "--print-settings") return Command::print_settings;
  if (argument == "--version") return Command::print_version;
  if (argument == "--help" || argument == "-h") return Command::print_help;
  if (argument == "--stop-database") return Command::stop_database;
  return std::nullopt;
}

}  // namespace

Result<CommandLine> read_command_line(const std::vector<std::string>& arguments,
                                      const std::map<std::string, std::string>& environment) {
  CommandLine line;
  line.sources.environment = environment;
  std::error_code ignored;
  if (const auto file = environment.find("SIGIL_CONFIG"); file != environment.end()) {
    line.sources.file = file->second;
    line.sources.environment.erase("SIGIL_CONFIG");
  } else if (std::filesystem::exists(kDefaultFile, ignored)) {
    line.sources.file = kDefaultFile;
  }
  std::string complaints;
  const auto complain = [&](const std::string& text) {
    complaints += (complaints.empty() ? "" : "\n") + text;
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto equals = arguments[i].find('=');
    const auto flag = arguments[i].substr(0, equals);
    if (const auto command = command_of(arguments[i])) {
      line.command = *command;
      continue;
    }
    const auto* entry = entry_of(flag);
    if (entry == nullptr && flag != "--config") {
      complain("unknown argument " + arguments[i]);
      continue;
    }
    if (equals == std::string::npos && i + 1 == arguments.size()) {
      complain(flag + " needs a value");
      continue;
    }
    const auto value =
        equals == std::string::npos ? arguments[++i] : arguments[i].substr(equals + 1);
    if (entry == nullptr) {
      line.sources.file = value;
    } else {
      line.sources.flags[entry->key] = value;
    }
  }
  if (complaints.empty()) return line;
  return fail(ErrorCode::invalid_argument, "usage", complaints, "sigild --help");
}

std::string help_text() {
  std::string text =
      "sigild: the control plane of Sigil\n\n"
      "usage: sigild [--config FILE] [--SETTING VALUE]...\n\n"
      "  --check            read and check the settings, then exit (2 when something is wrong)\n"
      "  --print-settings   the reference of all settings, as Markdown\n"
      "  --stop-database    stop the private database of the data directory, then exit\n"
      "  --config FILE      YAML file of settings (default " +
      std::string(kDefaultFile) +
      " where it exists, or $SIGIL_CONFIG)\n"
      "  --version, --help\n\n"
      "settings, also as environment variables:\n";
  for (const auto& entry : settings_table())
    text += "  " + flag_of(entry.key) + " (" + entry.environment + ")\n      " + entry.sentence +
            (entry.fallback.empty() ? "" : "; default " + entry.fallback) + "\n";
  return text;
}

}  // namespace sigil::controlplane
