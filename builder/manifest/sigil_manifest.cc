#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "builder/detect/loose_json.h"
#include "builder/manifest/manifest.h"
#include "builder/manifest/reader.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

const std::set<std::string> kTopKeys = {
    "apiVersion", "name",    "version",      "description", "categories", "runtime", "transport",
    "build",      "env",     "startCommand", "tools",       "resources",  "health",  "permissions",
    "title",      "license", "homepage",     "repository",  "browser"};
const std::set<std::string> kStartKeys = {
    "type",          "command",         "args", "path", "port", "configSchema",
    "exampleConfig", "commandFunction", "env"};
const std::set<std::string> kRuntimes = {"typescript", "container", "python", "node", "go", "rust"};

class SigilManifest {
 public:
  SigilManifest(const YamlDocument& document, Plan& plan, ManifestHints& hints)
      : document_(document), read_(document), plan_(plan), hints_(hints) {}

  Result<void> run() {
    if (!document_.root().is_object()) return read_.wrong("", "a mapping");
    warn_unknown("", kTopKeys);
    warn_unknown("/startCommand", kStartKeys);
    SIGIL_CHECK(metadata());
    SIGIL_CHECK(runtime());
    SIGIL_CHECK(build());
    const auto& browser = read_.value("/browser");
    if (!browser.is_null() && !browser.is_boolean())
      return read_.wrong("/browser", "true or false");
    plan_.needs_browser = browser.is_boolean() && browser.get<bool>();
    SIGIL_CHECK(transport());
    SIGIL_CHECK(start());
    SIGIL_CHECK(dialects());
    return limits();
  }

 private:
  void warn(std::string_view pointer, const std::string& text) {
    plan_.warnings.push_back(document_.at(pointer) + ": " + text);
  }

  void warn_unknown(const std::string& pointer, const std::set<std::string>& known) {
    const auto& object = read_.value(pointer);
    if (!object.is_object()) return;
    for (const auto& [name, value] : object.items())
      if (known.count(name) == 0 && !is_dialect_key(name))
        warn(pointer + "/" + pointer_token(name),
             "\"" + excerpt(name, 60) + "\" is not known and has no effect");
  }

  static bool is_dialect_key(const std::string& name) {
    return name == "server" || name == "command" || name == "args" || name == "entrypoint" ||
           name == "entry_point" || name == "main" || name == "framework" || name == "spec";
  }

  Result<void> metadata() {
    SIGIL_TRY(plan_.name, read_.text("/name"));
    SIGIL_TRY(plan_.title, read_.text("/title"));
    SIGIL_TRY(plan_.version, read_.text("/version"));
    SIGIL_TRY(plan_.description, read_.text("/description"));
    SIGIL_TRY(plan_.license, read_.text("/license"));
    SIGIL_TRY(plan_.homepage, read_.text("/homepage"));
    SIGIL_TRY(plan_.repository, read_.text("/repository"));
    SIGIL_TRY(plan_.environment, read_.text_map("/env"));
    SIGIL_TRY(plan_.expected_tools, read_.texts("/tools"));
    const bool is_plain_name =
        !plan_.name.empty() && plan_.name.size() <= 63 && plan_.name.front() != '-' &&
        plan_.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
    if (!plan_.name.empty() && !is_plain_name)
      return read_.refuse("/name", "E_MANIFEST_SCHEMA",
                          "name is \"" + excerpt(plan_.name, 70) +
                              "\", expected lower-case letters, digits and - (at most 63)",
                          "write name: my-server");
    return {};
  }

  Result<void> runtime() {
    SIGIL_TRY(hints_.runtime, read_.text("/runtime"));
    if (!hints_.runtime.empty() && kRuntimes.count(hints_.runtime) == 0)
      return read_.refuse("/runtime", "E_MANIFEST_SCHEMA",
                          "runtime is \"" + excerpt(hints_.runtime, 40) +
                              "\", expected typescript, node, python, go, rust or container",
                          "leave runtime out, and it is detected");
    // In mcp.yaml "typescript" says which language, not which vendor's host file.
    if (hints_.runtime == "typescript") hints_.runtime = "node";
    return {};
  }

  // Debian's own rule for names, so that none can be read as an option or a second command.
  Result<void> packages() {
    SIGIL_TRY(plan_.system_packages, read_.texts("/build/packages"));
    for (const auto& name : plan_.system_packages) {
      const bool is_name =
          name.size() >= 2 && name.size() <= 100 && name[0] != '-' && name[0] != '+' &&
          name[0] != '.' &&
          name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") == std::string::npos;
      if (!is_name) return read_.wrong("/build/packages", "names of Debian packages");
    }
    if (!plan_.system_packages.empty())
      plan_.why.push_back("installs Debian's " + joined(plan_.system_packages, ", ") +
                          ": build.packages asks for it");
    return {};
  }

  Result<void> build() {
    const auto& build = read_.value("/build");
    if (build.is_null()) return {};
    if (!build.is_object()) return read_.wrong("/build", "a mapping");
    warn_unknown("/build",
                 {"dockerfile", "context", "install", "command", "cache", "egress", "packages"});
    SIGIL_CHECK(packages());
    if (build.size() == 1 && build.contains("packages")) return {};
    hints_.has_build = true;
    SIGIL_TRY(hints_.build_dockerfile, read_.text("/build/dockerfile"));
    SIGIL_TRY(hints_.build_context, read_.text("/build/context"));
    SIGIL_TRY(hints_.install, read_.text("/build/install"));
    SIGIL_TRY(hints_.build, read_.text("/build/command"));
    return {};
  }

  Result<std::string> transport_word(const char* pointer) {
    SIGIL_TRY(const auto word, read_.text(pointer));
    if (word.empty() || word == "http" || word == "stdio") return word;
    if (word == "streamable-http" || word == "streamable_http") return std::string("http");
    if (word == "sse") return word;
    return read_.refuse(pointer, "E_MANIFEST_SCHEMA",
                        std::string(pointer).substr(1) + " is \"" + excerpt(word, 40) +
                            "\", expected http or stdio",
                        "write http or stdio");
  }

  Result<void> transport() {
    SIGIL_TRY(const auto outer, transport_word("/transport"));
    SIGIL_TRY(const auto inner, transport_word("/startCommand/type"));
    if (!outer.empty() && !inner.empty() && outer != inner)
      return read_.refuse("/startCommand/type", "E_MANIFEST_SCHEMA",
                          "startCommand.type is " + inner + " and transport is " + outer,
                          "they say the same thing: keep one of them");
    const auto word = outer.empty() ? inner : outer;
    if (word.empty()) return {};
    hints_.says_start = true;
    plan_.transport = word == "stdio" ? Transport::stdio
                      : word == "sse" ? Transport::sse
                                      : Transport::streamable_http;
    return {};
  }

  Result<void> command_at(const std::string& command, const std::string& args,
                          const std::string& env) {
    const auto& value = read_.value(command);
    if (value.is_null()) return {};
    hints_.says_start = true;
    if (value.is_array()) {
      SIGIL_TRY(plan_.argv, read_.texts(command));
    } else {
      SIGIL_TRY(const auto text, read_.text(command));
      const auto words = shell_words(text);
      plan_.argv = words ? *words : std::vector<std::string>{"sh", "-c", text};
    }
    SIGIL_TRY(const auto more, read_.texts(args));
    plan_.argv.insert(plan_.argv.end(), more.begin(), more.end());
    SIGIL_TRY(const auto variables, read_.text_map(env));
    for (const auto& [name, text] : variables) plan_.environment[name] = text;
    return {};
  }

  Result<void> start() {
    if (read_.has("/startCommand") && !read_.value("/startCommand").is_object())
      return read_.wrong("/startCommand", "a mapping");
    SIGIL_CHECK(command_at("/startCommand/command", "/startCommand/args", "/startCommand/env"));
    SIGIL_TRY(plan_.command_function, read_.text("/startCommand/commandFunction"));
    if (plan_.command_function.size() > 64 * 1024)
      return read_.refuse("/startCommand/commandFunction", "E_MANIFEST_LIMIT",
                          "commandFunction is larger than 64 KiB");
    SIGIL_TRY(const auto path, read_.text("/startCommand/path"));
    if (!path.empty() && path.front() != '/')
      return read_.wrong("/startCommand/path", "a path that begins with /");
    if (!path.empty()) plan_.endpoint_path = path;
    SIGIL_TRY(const auto port, read_.integer("/startCommand/port", plan_.port));
    if (port < 1 || port > 65'535)
      return read_.wrong("/startCommand/port", "a port from 1 to 65535");
    plan_.port = static_cast<std::uint16_t>(port);
    plan_.config_schema =
        normal_config_schema(read_.value("/startCommand/configSchema"),
                             document_.at("/startCommand/configSchema"), plan_.warnings);
    const auto& example = read_.value("/startCommand/exampleConfig");
    if (!example.is_null() && !example.is_object())
      return read_.wrong("/startCommand/exampleConfig", "a mapping");
    if (example.is_object() && !example.empty()) plan_.example_config = to_text(example);
    return {};
  }

  // Layouts that others use under the same file name.
  Result<void> dialects() {
    if (!plan_.argv.empty() || !plan_.command_function.empty()) return {};
    for (const auto* folder : {"/server", "/spec/deployment/local/stdio", ""}) {
      const std::string prefix = folder;
      if (!read_.has(prefix + "/command")) continue;
      warn(prefix + "/command", "read as startCommand.command");
      return command_at(prefix + "/command", prefix + "/args",
                        prefix.empty() ? "/env" : prefix + "/env");
    }
    for (const auto* name : {"/entrypoint", "/entry_point", "/main"}) {
      SIGIL_TRY(const auto file, read_.text(name));
      if (file.empty()) continue;
      warn(name, "read as startCommand.command");
      hints_.says_start = true;
      plan_.argv = {ends_with(file, ".py") ? "python" : "node", file};
      return {};
    }
    return {};
  }

  Result<void> limits() {
    SIGIL_TRY(plan_.memory_bytes, read_.size("/resources/memory"));
    SIGIL_TRY(plan_.cpu_thousandths, read_.cpu("/resources/cpu"));
    SIGIL_TRY(plan_.pids, read_.integer("/resources/pids", 0));
    if (plan_.pids < 0) return read_.wrong("/resources/pids", "a positive number");
    return {};
  }

  const YamlDocument& document_;
  ManifestReader read_;
  Plan& plan_;
  ManifestHints& hints_;
};

}  // namespace

bool is_sigil_manifest(const Json& root, std::string& guess) {
  if (!root.is_object()) {
    guess = "no mapping";
    return false;
  }
  if (string_or(root, "apiVersion") == "sigil/v1" || root.contains("startCommand")) return true;
  const auto runtime = string_or(root, "runtime");
  if (kRuntimes.count(runtime) > 0 && (root.contains("transport") || root.contains("build")))
    return true;
  const auto has = [&](const char* name) { return root.contains(name); };
  const auto& server = member_of(root, "server");
  if ((server.is_object() && server.contains("command")) ||
      (has("command") && (has("transport") || has("args"))) || has("entrypoint") ||
      has("entry_point") || (has("framework") && has("runtimeHint")))
    return true;
  const auto& local =
      member_of(member_of(member_of(member_of(root, "spec"), "deployment"), "local"), "stdio");
  if (local.is_object()) return true;
  if (has("mcpServers") || has("servers") || has("mcp_servers"))
    guess = "a client config";
  else if (has("tools") || has("gateway") || has("catalog"))
    guess = "a tool catalogue";
  else if (has("openapi"))
    guess = "an OpenAPI document";
  else if (has("kind"))
    guess = "a Kubernetes object";
  else
    guess = "something else";
  return false;
}

Result<void> read_sigil_manifest(std::string_view text, const std::string& file, Plan& plan,
                                 ManifestHints& hints) {
  SIGIL_TRY(const auto document, YamlDocument::parse(text, file));
  plan.manifest_format = "mcp.yaml";
  return SigilManifest(document, plan, hints).run();
}

}  // namespace sigil::builder
