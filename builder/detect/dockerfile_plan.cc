#include "builder/detect/dockerfile_plan.h"

#include <algorithm>

#include "builder/detect/source_signs.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

// "A=1 B=\"two\"" and the old "A 1".
void read_environment(const std::string& arguments, std::map<std::string, std::string>& into) {
  const std::size_t space = arguments.find(' ');
  const std::size_t equals = arguments.find('=');
  if (equals == std::string::npos || space < equals) {
    if (space != std::string::npos)
      into[arguments.substr(0, space)] = std::string(trimmed(arguments.substr(space)));
    return;
  }
  // A variable in a value makes shell_words refuse; then each word is taken as it stands.
  for (const auto& word : shell_words(arguments).value_or(split(arguments, ' '))) {
    const std::size_t at = word.find('=');
    if (at != std::string::npos) into[word.substr(0, at)] = word.substr(at + 1);
  }
}

void read_ports(const std::string& arguments, std::vector<int>& into) {
  for (const auto& word : split(arguments, ' ')) {
    const int port = std::atoi(word.c_str());
    if (port > 0 && port < 65'536) into.push_back(port);
  }
}

const std::vector<std::string> kSourceEndings = {
    ".ts",   ".js", ".mjs", ".cjs", ".py",  ".go",    ".rs",     ".json",   ".toml", ".txt",
    ".java", ".kt", ".cs",  ".rb",  ".php", "go.mod", ".csproj", ".gradle", ".xml"};

// Whether there is anything to read beside the Dockerfile.
bool has_sources(const SourceTree& tree) {
  const auto files = tree.files_below(".", 5'000);
  return std::any_of(files.begin(), files.end(), [](const std::string& path) {
    return std::any_of(kSourceEndings.begin(), kSourceEndings.end(),
                       [&](const std::string& ending) { return ends_with(path, ending); });
  });
}

struct Stage {
  std::string name;
  std::vector<std::string> entrypoint, command;
  ImageCommand facts;
};

// A stage that starts FROM an earlier one has what that one said.
Stage start_of(const std::vector<Stage>& stages, const FromParts& parts) {
  Stage stage;
  for (const auto& before : stages)
    if (!before.name.empty() && before.name == lowered(parts.image)) stage = before;
  stage.name = parts.stage;
  if (stage.facts.final_image.empty()) stage.facts.final_image = parts.image;
  return stage;
}

bool says_http(std::string value) {
  value = lowered(value);
  return contains(value, "http") || contains(value, "stream");
}

// -1 when the text is no port.
int port_of(const std::map<std::string, std::string>& environment) {
  for (const auto* name : {"PORT", "MCP_PORT", "MCP_HTTP_PORT", "FASTMCP_PORT", "SERVER_PORT"}) {
    const auto found = environment.find(name);
    if (found == environment.end()) continue;
    const int port = std::atoi(found->second.c_str());
    if (port > 0 && port < 65'536) return port;
  }
  return -1;
}

int port_in(const std::vector<std::string>& argv) {
  for (std::size_t i = 0; i < argv.size(); ++i) {
    const bool is_pair = (argv[i] == "--port" || argv[i] == "-p") && i + 1 < argv.size();
    const auto text =
        is_pair ? argv[i + 1] : (begins_with(argv[i], "--port=") ? argv[i].substr(7) : "");
    const int port = std::atoi(text.c_str());
    if (port > 0 && port < 65'536) return port;
  }
  return -1;
}

}  // namespace

std::string find_dockerfile(const SourceTree& tree, const std::string& folder) {
  for (const auto* name :
       {"Dockerfile", "dockerfile", "Containerfile", "Dockerfile.streamable-http", "Dockerfile.mcp",
        "docker/Dockerfile", "deploy/docker/Dockerfile", ".docker/Dockerfile"})
    if (tree.has_file(joined_path(folder, name))) return joined_path(folder, name);
  return {};
}

ImageCommand image_command(const Dockerfile& file) {
  std::vector<Stage> stages;
  for (const auto& instruction : file.instructions) {
    if (instruction.keyword == "FROM") {
      stages.push_back(start_of(stages, from_parts(instruction)));
      continue;
    }
    if (stages.empty()) continue;
    Stage& stage = stages.back();
    if (instruction.keyword == "ENTRYPOINT") {
      stage.entrypoint = command_words(instruction.arguments);
      stage.command.clear();
    } else if (instruction.keyword == "CMD") {
      stage.command = command_words(instruction.arguments);
    } else if (instruction.keyword == "ENV") {
      read_environment(instruction.arguments, stage.facts.environment);
    } else if (instruction.keyword == "EXPOSE") {
      read_ports(instruction.arguments, stage.facts.exposed);
    }
  }
  if (stages.empty()) return {};
  Stage& last = stages.back();
  last.facts.argv = last.entrypoint;
  last.facts.argv.insert(last.facts.argv.end(), last.command.begin(), last.command.end());
  return std::move(last.facts);
}

void choose_image_transport(const ImageCommand& command, bool sources_have_stdio, Plan& plan) {
  const auto asked = transport_of_command(command.argv);
  bool env_says_http = false;
  for (const auto* name : {"MCP_TRANSPORT", "TRANSPORT", "MCP_TRANSPORT_TYPE", "FASTMCP_TRANSPORT"})
    if (const auto found = command.environment.find(name); found != command.environment.end())
      env_says_http = env_says_http || says_http(found->second);
  const auto by_stdio = stdio_instead_of_sse(command.argv);
  if (asked == Transport::sse && sources_have_stdio && by_stdio && plan.argv.empty()) {
    plan.transport = Transport::stdio;
    plan.argv = *by_stdio;
    plan.uses_image_command = false;
    plan.is_argv_of_image = true;
    plan.why.push_back("transport stdio: the image's command asks for sse, the sources offer both");
  } else if (asked) {
    plan.transport = *asked;
    plan.why.push_back("transport: the image's command asks for it");
  } else if (env_says_http) {
    plan.transport = Transport::streamable_http;
    plan.why.push_back("transport streamable_http: the image sets it in its environment");
  } else if (!command.exposed.empty() && !sources_have_stdio) {
    plan.transport = Transport::streamable_http;
    plan.why.push_back("transport streamable_http: the image exposes port " +
                       std::to_string(command.exposed.front()) + " and nothing offers stdio");
  } else {
    plan.transport = Transport::stdio;
    plan.why.push_back("transport stdio: the image does not ask for HTTP");
  }
  if (plan.transport == Transport::stdio) return;
  int port = port_in(command.argv);
  const int from_environment = port_of(command.environment);
  // $PORT is ours to set; a port that only the command or EXPOSE names is the program's own.
  if (port < 0 && from_environment > 0) return;
  if (port < 0 && !command.exposed.empty()) port = command.exposed.front();
  if (port > 0) {
    plan.port = static_cast<std::uint16_t>(port);
    plan.why.push_back("port " + std::to_string(port) + ": the image says so");
  }
}

Result<void> plan_dockerfile(const SourceTree& tree, const std::string& dockerfile,
                             const std::string& context, bool is_transport_open, Plan& plan) {
  const auto text = tree.read(dockerfile, kDockerfileBytesMax);
  if (!text)
    return fail(ErrorCode::invalid_argument, "E_MANIFEST_PATH",
                "there is no Dockerfile at " + dockerfile,
                "mend build.dockerfile in " +
                    (plan.manifest_path.empty() ? "the manifest" : plan.manifest_path));
  plan.language = Language::container;
  plan.dockerfile_path = dockerfile;
  plan.context_path = context;
  plan.uses_image_command = plan.argv.empty();
  plan.why.push_back("built by the author's " + dockerfile);
  const auto command = image_command(parse_dockerfile(*text));
  const auto signs = read_signs(tree, context, kSourceEndings);
  if (!signs.is_mcp && plan.manifest_path.empty() && !contains(*text, "mcp") && has_sources(tree) &&
      !read_signs(tree, ".", kSourceEndings).is_mcp)
    return fail(ErrorCode::invalid_argument, "E_NOT_MCP",
                "there is a " + dockerfile +
                    ", but neither dependencies nor sources name an MCP SDK, and no tools are "
                    "registered",
                "name the server's folder with --path, or describe it in an mcp.yaml");
  if (is_transport_open) {
    choose_image_transport(command, signs.has_stdio, plan);
  } else if (plan.transport != Transport::stdio && plan.port == 8080 && !command.exposed.empty() &&
             port_of(command.environment) < 0 && port_in(command.argv) > 0) {
    plan.port = static_cast<std::uint16_t>(port_in(command.argv));
    plan.why.push_back("port " + std::to_string(plan.port) + ": the image's command names it");
  }
  return {};
}

}  // namespace sigil::builder
