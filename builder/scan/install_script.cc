#include "builder/scan/install_script.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "builder/scan/dockerfile_rules.h"
#include "builder/source_tree.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

bool matches(const RE2& pattern, std::string_view text) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool is_harmless(std::string_view command) {
  static const RE2 kHarmless(
      R"(^(?:(?:npx |pnpm |yarn |bunx? |npm |run |exec |run-s |node_modules/\.bin/)*(?:node-gyp-build(?:-optional-packages)?|node-gyp rebuild|husky(?: install)?|tsc\b[^&|;]*|patch-package|prisma generate|build|build:[a-z]+|compile|prebuild-install[^&|;]*|opencollective[^&|;]*|is-ci[^&|;]*|echo [^&|;]*|exit 0|true|lefthook install|simple-git-hooks|electron-builder install-app-deps|only-allow [a-z]+|chmod \+x [^&|;]*)(?:\s*(?:\|\| true|\|\| exit 0|;|&&)\s*|\s*$))+$)");
  return matches(kHarmless, builder::trimmed(command));
}

// "node scripts/postinstall.js" -> the file's text.
std::string named_file(std::string_view command, std::string_view folder,
                       const std::function<std::string(const std::string&)>& read) {
  static const RE2 kFile(R"(\b(?:node|bun|tsx|sh|bash)\s+(?:\./)?([A-Za-z0-9_./-]+))");
  std::string file;
  if (!RE2::PartialMatch(re2::StringPiece(command.data(), command.size()), kFile, &file)) return {};
  const auto path = builder::normal_path(builder::joined_path(folder, file));
  if (!path) return {};
  auto text = read(*path);
  if (text.empty()) text = read(*path + ".js");
  return text;
}

InstallVerdict judge_file(std::string_view text) {
  static const RE2 kFetches(
      R"(\bfetch\(|https?\.(?:get|request)\(|axios|node-fetch|\bgot\(|XMLHttpRequest|curl |wget )");
  static const RE2 kEvaluates(R"(\beval\(|new Function\(|vm\.run|\b_compile\()");
  static const RE2 kDecodes(
      R"re(Buffer\.from\([^)]{0,200},\s*["'](?:base64|hex)["']\)|\batob\(|(?:\\x[0-9a-f]{2}){12,}|String\.fromCharCode\((?:\d+,\s*){8,})re");
  static const RE2 kSecrets(
      R"re(JSON\.stringify\(process\.env\)|\.\.\.process\.env|Object\.(?:entries|keys)\(process\.env\)|\.ssh\b|\.aws\b|\.npmrc|\.git-credentials|id_rsa)re");
  static const RE2 kSpawns(R"(\bexec(?:Sync|File|FileSync)?\(|\bspawn(?:Sync)?\()");
  const bool fetches = matches(kFetches, text);
  if (matches(kSecrets, text) && fetches)
    return {"reads secrets and calls the network", Severity::block, Confidence::medium};
  if (matches(kEvaluates, text) && (fetches || matches(kDecodes, text)))
    return {"evaluates text it downloads or decodes", Severity::block, Confidence::medium};
  // Fetching a binary of one's own and running something is what honest installers do, too.
  if (fetches && matches(kSpawns, text))
    return {"downloads something and starts programs", Severity::block, Confidence::low};
  if (fetches) return {"downloads something", Severity::warning, Confidence::medium};
  return {"runs a program when the package is installed", Severity::warning, Confidence::medium};
}

}  // namespace

InstallVerdict judge_install_script(std::string_view command, std::string_view folder,
                                    const std::function<std::string(const std::string&)>& read) {
  static const RE2 kInline(
      R"re(\b(?:node|bun|python3?)\s+(?:-e|-c|--eval|-p)\b.*(?:https?:|fetch\(|eval\(|base64|require\(["']https?["']\)|child_process|process\.env|os\.environ))re");
  static const RE2 kSecrets(
      R"re(\benv\s*\||printenv|\$HOME/\.|~/\.(?:ssh|aws|npmrc)|\.git-credentials)re");
  static const RE2 kDecodes(R"(base64\s+(?:-d|-D|--decode)|xxd\s+-r|\|\s*(?:ba|z)?sh\b)");
  if (is_download_and_run(command))
    return {"downloads a program and runs it", Severity::block, Confidence::high};
  if (matches(kInline, command) || matches(kDecodes, command))
    return {"runs hidden or downloaded code", Severity::block, Confidence::high};
  if (matches(kSecrets, command))
    return {"reads the environment or the home folder", Severity::block, Confidence::high};
  if (is_harmless(command)) return {};
  const auto text = named_file(command, folder, read);
  if (!text.empty()) return judge_file(text);
  static const RE2 kTransfer(R"(\b(?:curl|wget)\b)");
  if (matches(kTransfer, command))
    return {"downloads something", Severity::error, Confidence::high};
  return {"runs a program when the package is installed", Severity::warning, Confidence::high};
}

bool is_known_install_script(std::string_view package) {
  static constexpr std::array kKnown = {"esbuild",
                                        "fsevents",
                                        "sharp",
                                        "better-sqlite3",
                                        "sqlite3",
                                        "bcrypt",
                                        "core-js",
                                        "core-js-pure",
                                        "puppeteer",
                                        "playwright",
                                        "protobufjs",
                                        "@prisma/client",
                                        "prisma",
                                        "@prisma/engines",
                                        "argon2",
                                        "canvas",
                                        "cpu-features",
                                        "ssh2",
                                        "bufferutil",
                                        "utf-8-validate",
                                        "unrs-resolver",
                                        "@swc/core",
                                        "electron",
                                        "workerd",
                                        "msgpackr-extract",
                                        "@parcel/watcher",
                                        "keytar",
                                        "node-pty",
                                        "tree-sitter",
                                        "re2",
                                        "nodemon",
                                        "es5-ext",
                                        "husky",
                                        "@vscode/ripgrep",
                                        "onnxruntime-node",
                                        "msw",
                                        "@biomejs/biome",
                                        "lmdb",
                                        "dtrace-provider",
                                        "highlight.js",
                                        "@nestjs/core"};
  return std::ranges::any_of(kKnown, [&](const char* each) { return package == each; });
}

}  // namespace sigil::scan
