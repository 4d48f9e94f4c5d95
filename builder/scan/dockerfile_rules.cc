#include "builder/scan/dockerfile_rules.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <optional>

#include "builder/scan/inventory.h"
#include "builder/scan/make_issue.h"
#include "builder/scan/secrets.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

using builder::begins_with;
using builder::contains;

constexpr std::size_t kInstructionsMax = 5000;

bool matches(const RE2& pattern, std::string_view text) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (auto& each : builder::split(builder::replaced(std::string(text), "\t", " "), ' '))
    if (!each.empty()) words.push_back(std::move(each));
  return words;
}

struct Stage {
  int line = 0;
  std::string base;
  std::string user;  // empty: never set
};

class Reader {
 public:
  Reader(const std::string& path, bool npmrc_is_harmless)
      : path_(path), npmrc_is_harmless_(npmrc_is_harmless) {}

  std::vector<Issue> run(std::string_view text) {
    for (const auto& each : docker_instructions(text)) take(each);
    judge_user();
    return std::move(issues_);
  }

 private:
  void add(const char* rule, int line, std::string message, std::string subject) {
    issues_.push_back(make_issue(rule, path_, line, std::move(message), std::move(subject)));
  }

  void take(const DockerInstruction& each) {
    if (each.name == "FROM") take_from(each);
    if (each.name == "USER" && !stages_.empty()) {
      const auto words = words_of(each.text);
      stages_.back().user = words.empty() ? "" : words.front();
    }
    if (each.name == "ADD") take_add(each);
    if (each.name == "COPY" || each.name == "ADD") take_copy(each);
    if (each.name == "RUN") take_run(each);
    if (each.name == "ENV" || each.name == "ARG") take_variables(each);
    if (contains(each.text, "docker.sock"))
      add("SIG-DOCK-005", each.line, "The image works with the engine's socket", "docker.sock");
  }

  void take_from(const DockerInstruction& each) {
    auto words = words_of(each.text);
    std::erase_if(words, [](const std::string& word) { return begins_with(word, "--"); });
    if (words.empty()) return;
    Stage stage{each.line, words[0], {}};
    const auto known = aliases_.find(builder::lowered(words[0]));
    if (known != aliases_.end()) {
      stage.user = stages_[known->second].user;
      stage.base = stages_[known->second].base;
    } else if (words[0] != "scratch" && !contains(words[0], "@sha256:") &&
               !contains(words[0], "$")) {
      add("SIG-DOCK-004", each.line,
          "The base image \"" + builder::excerpt(words[0], 80) + "\" is not pinned by digest",
          words[0]);
    }
    if (words.size() >= 3 && builder::lowered(words[1]) == "as")
      aliases_[builder::lowered(words[2])] = stages_.size();
    stages_.push_back(std::move(stage));
  }

  void take_add(const DockerInstruction& each) {
    static const RE2 kRemote(R"((?:^|\s)https?://\S+)");
    if (matches(kRemote, each.text) && !contains(each.text, "--checksum="))
      add("SIG-DOCK-002", each.line, "A file from the network goes into the image unchecked",
          "ADD");
  }

  void take_copy(const DockerInstruction& each) {
    auto words = words_of(each.text);
    std::erase_if(words, [](const std::string& word) { return begins_with(word, "--"); });
    if (words.size() < 2 || contains(each.text, "--from=")) return;
    words.pop_back();
    for (const auto& word : words) {
      const auto name = std::string(base_name(builder::replaced(word, "\"", "")));
      const bool is_secret = is_environment_file(name) || name == "id_rsa" ||
                             name == "id_ed25519" || name == ".netrc" ||
                             (name == ".npmrc" && !npmrc_is_harmless_);
      if (is_secret)
        add("SIG-DOCK-003", each.line, "\"" + builder::excerpt(name, 60) + "\" goes into the image",
            name);
    }
  }

  void take_run(const DockerInstruction& each) {
    static const RE2 kVerified(
        R"(sha256sum|sha512sum|shasum|gpg\s+--(?:batch\s+)?verify|cosign verify|openssl dgst)");
    static const RE2 kUnchecked(
        R"(pip3?\s+install\s+[^&|;]*\bhttps?://|--trusted-host|--unsafe-perm)");
    static const RE2 kNoTls(
        R"(\bcurl\s[^|;&]*(?:\s-[a-zA-Z]*k[a-zA-Z]*\b|--insecure)|wget\s[^|;&]*--no-check-certificate|strict-ssl\s+false|sslVerify\s+false)");
    if (matches(kNoTls, each.text))
      add("SIG-NET-002", each.line,
          "A download in the build does not check the other side's certificate", "RUN");
    const bool is_unchecked = is_download_and_run(each.text) || matches(kUnchecked, each.text);
    if (is_unchecked && !matches(kVerified, each.text))
      add("SIG-DOCK-002", each.line,
          "The build runs something from the network that nobody checked", "RUN");
  }

  void take_variables(const DockerInstruction& each) {
    static const RE2 kPair(R"re(([A-Za-z_][A-Za-z0-9_]*)(?:=|\s+)("[^"]*"|'[^']*'|\S*))re");
    static const RE2 kSecretName(R"((?i)(?:TOKEN|KEY|SECRET|PASSWORD|PASSWD|_PAT|CREDENTIALS?)$)");
    re2::StringPiece rest(each.text);
    std::string name, value;
    while (RE2::FindAndConsume(&rest, kPair, &name, &value)) {
      if (name == "NODE_TLS_REJECT_UNAUTHORIZED" && contains(value, "0"))
        add("SIG-NET-002", each.line, "TLS verification is switched off in the image", name);
      if (!RE2::PartialMatch(name, kSecretName)) continue;
      value = builder::replaced(builder::replaced(value, "\"", ""), "'", "");
      if (value.size() < 8 || contains(value, "$") || is_placeholder(value) ||
          contains(value, "/") || entropy_of(value) < 2.5)
        continue;
      add("SIG-DOCK-003", each.line,
          "\"" + builder::excerpt(name, 60) + "\" has a value of " + std::to_string(value.size()) +
              " characters in the image",
          name);
    }
  }

  void judge_user() {
    if (stages_.empty()) return;
    const auto& last = stages_.back();
    const auto user = last.user.substr(0, last.user.find(':'));
    const bool is_root = user.empty() || user == "root" || user == "0";
    if (!is_root || (user.empty() && contains(last.base, "nonroot"))) return;
    add("SIG-DOCK-001", last.line,
        user.empty() ? "The last stage names no USER, so the server runs as root"
                     : "The last stage runs as root",
        "USER");
  }

  const std::string& path_;
  bool npmrc_is_harmless_;
  std::vector<Stage> stages_;
  std::map<std::string, std::size_t> aliases_;
  std::vector<Issue> issues_;
};

// The word behind "<<" ("<<EOF", "<<-'EOF'"); empty: no here-document begins.
std::string heredoc_end(std::string_view line) {
  static const RE2 kBegin(R"re(<<-?\s*["']?([A-Za-z_][A-Za-z0-9_]*)["']?)re");
  std::string word;
  RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), kBegin, &word);
  return word;
}

}  // namespace

std::vector<DockerInstruction> docker_instructions(std::string_view text) {
  std::vector<DockerInstruction> out;
  std::optional<DockerInstruction> open;
  std::string heredoc;
  int number = 0;
  for (const auto raw : builder::lines_of(text)) {
    ++number;
    if (!heredoc.empty()) {
      if (builder::trimmed(raw) == heredoc) {
        heredoc.clear();
      } else if (!out.empty()) {
        out.back().text += "\n" + std::string(raw);
      }
      continue;
    }
    auto line = builder::trimmed(raw);
    if (line.empty() || line.front() == '#') continue;
    if (!open) {
      if (out.size() >= kInstructionsMax) break;
      const auto space = line.find_first_of(" \t");
      open = DockerInstruction{number, builder::lowered(line.substr(0, space)), {}};
      std::ranges::transform(open->name, open->name.begin(), [](unsigned char each) {
        return static_cast<char>(std::toupper(each));
      });
      line = space == std::string_view::npos ? std::string_view() : line.substr(space);
    }
    const bool goes_on = builder::ends_with(line, "\\");
    if (goes_on) line.remove_suffix(1);
    open->text += (open->text.empty() ? "" : " ") + std::string(builder::trimmed(line));
    if (goes_on) continue;
    if (open->name == "RUN" || open->name == "COPY") heredoc = heredoc_end(open->text);
    out.push_back(*std::move(open));
    open.reset();
  }
  if (open) out.push_back(*std::move(open));
  return out;
}

bool is_dockerfile(std::string_view path) {
  const auto name = builder::lowered(base_name(path));
  return name == "dockerfile" || name == "containerfile" || begins_with(name, "dockerfile.") ||
         builder::ends_with(name, ".dockerfile");
}

bool is_compose_file(std::string_view path) {
  const auto name = base_name(path);
  return (begins_with(name, "docker-compose") || begins_with(name, "compose")) &&
         (builder::ends_with(name, ".yml") || builder::ends_with(name, ".yaml"));
}

bool is_download_and_run(std::string_view command) {
  static const RE2 kPipe(
      R"((?s)\b(?:curl|wget)\b[^;&]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:/\S*/)?(?:env\s+)?(?:\S+=\S+\s+)*(?:ba|z|da|k)?sh\b|\b(?:curl|wget)\b[^;&]*\|\s*(?:sudo\s+)?(?:python3?|node|perl|ruby)\b|(?:ba|z)?sh\s+(?:-c\s+)?["']?(?:<\(|\$\()\s*(?:curl|wget)\b|\beval\s+["']?\$\(\s*(?:curl|wget)\b)");
  return matches(kPipe, command);
}

std::vector<Issue> dockerfile_issues(const std::string& path, std::string_view text,
                                     bool npmrc_is_harmless) {
  return Reader(path, npmrc_is_harmless).run(text);
}

// Sigil itself never starts a compose file. One that builds this very tree is how its author runs
// the server, so what it takes from the host blocks; others are told of.
std::vector<Issue> compose_issues(const std::string& path, std::string_view text) {
  static const RE2 kBuilds(R"((?m)^\s+build:)");
  static const RE2 kSigns[] = {{R"(docker\.sock)"},
                               {R"(^\s*privileged:\s*true)"},
                               {R"(^\s*(?:network_mode|network):\s*["']?host\b)"},
                               {R"(^\s*(?:pid|ipc):\s*["']?host\b)"},
                               {R"(^\s*-\s*["']?/:/)"}};
  static constexpr const char* kSentences[] = {
      "asks for the engine's socket", "asks for a privileged container",
      "asks for the host's network", "asks for the host's processes",
      "mounts the host's whole file system"};
  std::vector<Issue> issues;
  const bool is_own = matches(kBuilds, text);
  int number = 0;
  for (const auto line : builder::lines_of(text)) {
    ++number;
    if (begins_with(builder::trimmed(line), "#")) continue;
    for (std::size_t i = 0; i < std::size(kSigns); ++i) {
      if (!matches(kSigns[i], line)) continue;
      const std::string what = kSentences[i];
      issues.push_back(make_issue("SIG-DOCK-005", is_own ? Severity::block : Severity::warning,
                                  path, number, "The compose file " + what, what));
    }
  }
  return issues;
}

}  // namespace sigil::scan
