#include "builder/detect/smithery_runtime.h"

#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr std::string_view kHost =
    R"js(// Starts a server whose sources export a function that makes it. Written by Sigil.
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

// What servers print by console.log would mix with the protocol.
console.log = console.info = console.debug = console.error;

const module = await import('./server.mjs');
const create = module.default?.default ?? module.default;
if (typeof create === 'function') {
  const given = JSON.parse(process.env.MCP_SERVER_CONFIG || '{}');
  const schema = module.configSchema ?? module.default?.configSchema;
  const config = typeof schema?.parse === 'function' ? schema.parse(given) : given;
  const made = await create({ config, sessionId: 'stdio', env: process.env, logger: console });
  const server = typeof made?.connect === 'function' ? made : made?.server;
  if (typeof server?.connect !== 'function') {
    console.error('sigil: the default export returned no MCP server');
    process.exit(1);
  }
  await server.connect(new StdioServerTransport());
}
)js";

bool is_dotted_name(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") ==
             std::string_view::npos;
}

}  // namespace

std::string_view typescript_host() { return kHost; }

bool has_default_export(std::string_view text) {
  return contains(text, "export default") || contains(text, " as default") ||
         contains(text, "{default}") || contains(text, "{ default }");
}

std::string typescript_host_steps(const std::string& entry) {
  return "RUN npm install --prefix /opt/build --ignore-scripts --no-audit --no-fund esbuild@0.25\n"
         "RUN /opt/build/node_modules/.bin/esbuild " +
         shell_quoted(entry) +
         " --bundle --platform=node --format=esm --packages=external"
         " --outfile=.sigil/server.mjs\n";
}

void start_typescript_host(Plan& plan) {
  plan.transport = Transport::stdio;
  plan.argv = {"node", std::string("/app/") + kTypescriptHostFile};
  plan.command_function = std::string("(config) => ({ command: 'node', args: ['/app/") +
                          kTypescriptHostFile +
                          "'], env: { MCP_SERVER_CONFIG: JSON.stringify(config) } })";
  plan.why.push_back(
      "runtime typescript: Sigil's host calls the default export, one server a session");
}

std::vector<std::string> python_host_argv(std::string_view server) {
  const std::size_t colon = server.find(':');
  if (colon == std::string_view::npos) return {};
  const auto module = server.substr(0, colon);
  const auto function = server.substr(colon + 1);
  if (!is_dotted_name(module) || !is_dotted_name(function) || contains(function, ".")) return {};
  return {"python", "-c",
          "import sys; sys.path[:0] = ['src', '.']; from " + std::string(module) + " import " +
              std::string(function) + " as create; create().run(transport='stdio')"};
}

}  // namespace sigil::builder
