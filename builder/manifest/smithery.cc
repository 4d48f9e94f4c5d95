#include <nlohmann/json.hpp>

#include "builder/manifest/manifest.h"
#include "builder/manifest/reader.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

// It travels as one argument of a program, which holds at most 128 KiB.
constexpr std::size_t kFunctionBytesMax = 64 * 1024;

class Smithery {
 public:
  Smithery(const YamlDocument& document, Plan& plan, ManifestHints& hints)
      : document_(document), read_(document), plan_(plan), hints_(hints) {}

  Result<void> run() {
    if (document_.root().is_null()) {
      plan_.warnings.push_back(document_.file() + " is empty");
      return {};
    }
    if (!document_.root().is_object()) return read_.wrong("", "a mapping");
    SIGIL_CHECK(metadata());
    SIGIL_CHECK(build());
    SIGIL_CHECK(start_type());
    SIGIL_CHECK(command());
    SIGIL_CHECK(config());
    return runtime();
  }

 private:
  void warn(std::string_view pointer, const std::string& text) {
    plan_.warnings.push_back(document_.at(pointer) + ": " + text);
  }

  // `startCommand.NAME`, else `NAME` at top level with a warning.
  std::string start_member(const std::string& name) {
    auto inside = "/startCommand/" + name;
    if (read_.has(inside)) return inside;
    auto outside = "/" + name;
    if (!read_.has(outside)) return {};
    warn(outside, name + " belongs under startCommand");
    return outside;
  }

  // Metadata is decoration: whatever has another type than text is passed over.
  Result<void> metadata() {
    const auto text = [&](const char* pointer) {
      const auto& value = read_.value(pointer);
      return value.is_string() ? value.get<std::string>() : std::string();
    };
    plan_.name = text("/name");
    plan_.title = text("/displayName");
    if (plan_.title.empty()) plan_.title = text("/display_name");
    plan_.description = text("/description");
    plan_.license = text("/license");
    plan_.homepage = text("/homepage");
    plan_.repository = text("/repository");
    if (const auto version = scalar_text(read_.value("/version"))) plan_.version = *version;
    if (text("/target") == "local")
      warn("/target", "target is local: the author does not mean it to be hosted");
    if (read_.has("/env")) {
      SIGIL_TRY(plan_.environment, read_.text_map("/env"));
    }
    return {};
  }

  Result<void> build() {
    hints_.has_build = read_.value("/build").is_object();
    if (read_.has("/build") && !hints_.has_build) return read_.wrong("/build", "a mapping");
    SIGIL_TRY(hints_.build_dockerfile, read_.text("/build/dockerfile"));
    SIGIL_TRY(hints_.build_context, read_.text("/build/dockerBuildPath"));
    SIGIL_TRY(hints_.install, read_.text("/build/installCommand"));
    SIGIL_TRY(hints_.build, read_.text("/build/buildCommand"));
    return {};
  }

  Result<void> start_type() {
    const auto& start = read_.value("/startCommand");
    std::string type;
    if (start.is_string()) {
      warn("/startCommand", "startCommand should be a mapping with a type");
      type = start.get<std::string>();
      if (type != "stdio" && type != "http") {
        const auto words = shell_words(type);
        plan_.argv = words ? *words : std::vector<std::string>{"sh", "-c", type};
        type = "stdio";
      }
    } else if (start.is_object()) {
      SIGIL_TRY(type, read_.text("/startCommand/type"));
    } else if (!start.is_null()) {
      return read_.wrong("/startCommand", "a mapping with a type");
    }
    SIGIL_TRY(const auto url, read_.text("/startCommand/url"));
    if (!url.empty() && (type == "http" || type == "sse" || type.empty()))
      return read_.refuse("/startCommand/url", "E_REMOTE_ONLY",
                          "this manifest points to a server that runs elsewhere",
                          "deploy the sources with --ignore-manifest, if they are here");
    return set_type(type);
  }

  Result<void> set_type(const std::string& type) {
    hints_.says_start = !type.empty();
    if (type == "http" || type == "streamable-http" || type == "shttp") {
      plan_.transport = Transport::streamable_http;
    } else if (type == "sse") {
      plan_.transport = Transport::sse;
      plan_.endpoint_path = "/sse";
    } else if (type.empty() || type == "stdio" || type == "npm") {
      if (type == "npm") warn("/startCommand/type", "type npm is taken as stdio");
      plan_.transport = Transport::stdio;
    } else {
      return read_.refuse(
          "/startCommand/type", "E_MANIFEST_SCHEMA",
          "startCommand.type is \"" + excerpt(type, 40) + "\", expected stdio or http",
          "write type: stdio or type: http");
    }
    return {};
  }

  Result<void> command() {
    const auto function = start_member("commandFunction");
    if (!function.empty()) return command_function(function);
    if (read_.value("/config").is_object() && read_.has("/config/command")) {
      warn("/config", "command belongs under startCommand");
      return command_list("/config/command", "/config/args", "/config/env");
    }
    const auto command = start_member("command");
    if (command.empty()) return {};
    const auto args = start_member("args");
    const std::string env = read_.has("/startCommand/env") ? "/startCommand/env" : "";
    return command_list(command, args, env);
  }

  Result<void> command_function(const std::string& pointer) {
    const auto& value = read_.value(pointer);
    hints_.says_start = true;
    if (value.is_string()) {
      plan_.command_function = value.get<std::string>();
      if (plan_.command_function.size() > kFunctionBytesMax)
        return read_.refuse(pointer, "E_MANIFEST_LIMIT", "commandFunction is larger than 64 KiB");
      if (trimmed(plan_.command_function).empty())
        return read_.refuse(pointer, "E_COMMAND_FUNCTION", "commandFunction is empty",
                            "return {command, args, env} from it");
      return {};
    }
    if (value.is_array()) {
      warn(pointer, "commandFunction is a list and is taken as a command");
      SIGIL_TRY(plan_.argv, read_.texts(pointer));
      return {};
    }
    if (value.is_object() && value.contains("command")) {
      warn(pointer, "commandFunction is a mapping and is taken as a command");
      return command_list(pointer + "/command", pointer + "/args", pointer + "/env");
    }
    return read_.wrong(pointer, "the text of a JavaScript function");
  }

  Result<void> command_list(const std::string& command, const std::string& args,
                            const std::string& env) {
    hints_.says_start = true;
    const auto& value = read_.value(command);
    if (value.is_array()) {
      SIGIL_TRY(plan_.argv, read_.texts(command));
    } else {
      SIGIL_TRY(const auto text, read_.text(command));
      const auto words = shell_words(text);
      plan_.argv = words ? *words : std::vector<std::string>{"sh", "-c", text};
    }
    const auto& arguments = read_.value(args);
    if (!args.empty() && arguments.is_string()) {
      if (const auto words = shell_words(arguments.get<std::string>()))
        plan_.argv.insert(plan_.argv.end(), words->begin(), words->end());
    } else if (!args.empty()) {
      SIGIL_TRY(const auto more, read_.texts(args));
      plan_.argv.insert(plan_.argv.end(), more.begin(), more.end());
    }
    if (!env.empty()) {
      SIGIL_TRY(const auto variables, read_.text_map(env));
      for (const auto& [name, text] : variables) plan_.environment[name] = text;
    }
    return {};
  }

  Result<void> config() {
    const auto schema = start_member("configSchema");
    if (!schema.empty())
      plan_.config_schema =
          normal_config_schema(read_.value(schema), document_.at(schema), plan_.warnings);
    const auto example = start_member("exampleConfig");
    if (!example.empty() && read_.value(example).is_object() && !read_.value(example).empty())
      plan_.example_config = to_text(read_.value(example));
    return {};
  }

  Result<void> runtime() {
    const auto& value = read_.value("/runtime");
    if (value.is_object()) warn("/runtime", "runtime should be text; it is passed over");
    if (!value.is_string()) return {};
    const auto runtime = value.get<std::string>();
    if (runtime != "typescript" && runtime != "python" && runtime != "container") {
      warn("/runtime", "runtime \"" + excerpt(runtime, 40) + "\" is unknown and passed over");
      return {};
    }
    hints_.runtime = runtime;
    hints_.says_start = true;
    // A container without a word about the transport serves HTTP (form B).
    if (runtime == "container" && !read_.has("/startCommand/type") &&
        plan_.command_function.empty() && plan_.argv.empty())
      plan_.transport = Transport::streamable_http;
    return {};
  }

  const YamlDocument& document_;
  ManifestReader read_;
  Plan& plan_;
  ManifestHints& hints_;
};

}  // namespace

Result<void> read_smithery(std::string_view text, const std::string& file, Plan& plan,
                           ManifestHints& hints) {
  SIGIL_TRY(const auto document, YamlDocument::parse(text, file));
  plan.manifest_format = "smithery.yaml";
  return Smithery(document, plan, hints).run();
}

}  // namespace sigil::builder
