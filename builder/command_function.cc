#include <algorithm>

#include "builder/builder.h"
#include "builder/dockerfile/common.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

// Runs inside the sandbox of the control plane (no network, read-only, 64 MiB, 1 s of CPU). The
// function's text is an argument, the configuration comes by standard input, the result goes out
// as one JSON line; what is wrong goes to standard error with JavaScript's own line and column.
constexpr const char* kProgram = R"js(
'use strict';
const vm = require('vm');
const fs = require('fs');
const fail = (text) => { process.stderr.write(String(text).slice(0, 2000) + '\n'); process.exit(3); };
const clean = (text) => text.replace(/\u00a0/g, ' ').split('\n')
  .map((line) => (/^\s*(#|\|-\s*$)/.test(line) ? '' : line)).join('\n');
const place = (error) => {
  const at = /commandFunction:(\d+)(?::(\d+))?/.exec((error && error.stack) || '');
  const where = at ? 'line ' + at[1] + (at[2] ? ', column ' + at[2] : '') + ': ' : '';
  return where + (error && error.name ? error.name + ': ' + error.message : String(error));
};
const sandbox = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
vm.runInContext('var process = {env: {}}', sandbox);
const compile = (text) => {
  const trimmed = text.trim().replace(/;+\s*$/, '');
  // The parenthesis stands on the function's first line, so lines stay the author's.
  const options = { filename: 'commandFunction', columnOffset: -1, timeout: 1000 };
  return new vm.Script('(' + trimmed + '\n)', options).runInContext(sandbox, { timeout: 1000 });
};
let config;
try { config = JSON.parse(fs.readFileSync(0, 'utf8') || '{}'); } catch (error) { fail('the configuration is no JSON'); }
const source = process.argv[1];
let fn;
try { fn = compile(source); } catch (first) {
  try { fn = compile(clean(source)); } catch (second) { fail(place(first)); }
}
if (typeof fn !== 'function') fail('this is no function but ' + (fn === null ? 'null' : typeof fn));
// Values are made inside the context, so that its own Object and Array are theirs.
sandbox.__text = JSON.stringify(config);
sandbox.__fn = fn;
const call = (wrap) => vm.runInContext(wrap ? '__fn({config: JSON.parse(__text)})' : '__fn(JSON.parse(__text))',
  sandbox, { timeout: 1000 });
const usable = (value) => value !== null && typeof value === 'object' && typeof value.command === 'string' && value.command !== '';
let result;
let problem;
try { result = call(false); } catch (error) { problem = error; }
const destructures = /^\s*(?:\/\*[\s\S]*?\*\/|\/\/[^\n]*\n|\s)*(?:function\s*\w*\s*)?\(\s*\{[^}]*\bconfig\b/.test(source);
if ((problem || !usable(result)) || destructures) {
  try {
    const again = call(true);
    if (usable(again) && (problem || !usable(result) || destructures)) { result = again; problem = undefined; }
  } catch (error) { problem = problem || error; }
}
if (problem && !usable(result)) fail(place(problem));
if (result && typeof result.then === 'function') fail('the function returns a promise; it must return {command, args, env} at once');
if (!usable(result)) fail('the function must return {command, args, env}, and it returned ' + (JSON.stringify(result) || typeof result).slice(0, 200));
const args = result.args === undefined || result.args === null ? [] : result.args;
if (typeof args !== 'object' || typeof args.length !== 'number') fail('args must be a list');
const text = (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
const out = { command: result.command, args: [], env: {} };
for (let i = 0; i < args.length; ++i) if (args[i] !== undefined && args[i] !== null) out.args.push(text(args[i]));
for (const [name, value] of Object.entries(result.env || {}))
  if (value !== undefined && value !== null) out.env[name] = text(value);
process.stdout.write(JSON.stringify(out) + '\n');
)js";

bool is_launcher(const std::string& word) {
  return word == "npx" || word == "bunx" || word == "pnpx" || word == "uvx" || word == "npm" ||
         word == "pnpm" || word == "uv";
}

struct Launch {
  std::string package;
  std::string program;   // uvx --from PKG PROGRAM
  std::size_t rest = 0;  // index of the first argument behind
};

// npx -y PKG a b, npx --package PKG -- PROGRAM, uvx --from PKG PROGRAM, uv tool run PKG, npm exec
// PKG
Launch launch_of(const std::vector<std::string>& argv) {
  Launch launch;
  std::size_t at = 1;
  if (argv[0] == "npm" || argv[0] == "pnpm") {
    if (at < argv.size() && (argv[at] == "exec" || argv[at] == "dlx" || argv[at] == "x"))
      ++at;
    else
      return launch;
  } else if (argv[0] == "uv") {
    if (at + 1 < argv.size() && argv[at] == "tool" && argv[at + 1] == "run")
      at += 2;
    else
      return launch;
  }
  for (; at < argv.size(); ++at) {
    const auto& word = argv[at];
    const bool takes_package =
        word == "--from" || word == "--package" || word == "-p" || word == "--with";
    const bool takes_value = takes_package || word == "--python" || word == "--index-url";
    if (takes_package && word != "--with" && at + 1 < argv.size()) launch.package = argv[at + 1];
    if (takes_value) ++at;
    if (word.empty() || word[0] == '-') continue;
    (launch.package.empty() ? launch.package : launch.program) = word;
    launch.rest = at + 1;
    return launch;
  }
  return Launch{};
}

// `uv run [options] PROGRAM …` where the environment is on PATH already.
std::vector<std::string> without_uv_run(const std::vector<std::string>& argv) {
  std::size_t at = 1;
  while (at < argv.size() && argv[at] != "run") {
    if (argv[at] == "--directory" || argv[at] == "--project") ++at;
    ++at;
  }
  for (++at; at < argv.size(); ++at) {
    const auto& word = argv[at];
    if (word == "--directory" || word == "--project" || word == "--with" || word == "--python" ||
        word == "--extra" || word == "--group")
      ++at;
    else if (word.empty() || word[0] != '-')
      break;
  }
  if (at >= argv.size()) return argv;
  std::vector<std::string> rest(argv.begin() + static_cast<long>(at), argv.end());
  if (ends_with(rest[0], ".py")) rest.insert(rest.begin(), "python");
  return rest;
}

}  // namespace

std::vector<std::string> Builder::command_function_argv(const std::string& function_text) {
  return {"node", "-e", kProgram, "--", function_text};
}

CommandResult adapt_command(const Plan& plan, const std::vector<std::string>& own_argv,
                            CommandResult result) {
  auto& argv = result.argv;
  if (argv.empty() || !is_launcher(argv[0])) return result;
  if (argv[0] == "uv" && std::find(argv.begin(), argv.end(), "run") != argv.end() &&
      (argv.size() < 2 || argv[1] != "tool")) {
    // An image of the author's may need uv itself: only where we laid out the environment.
    if (!plan.uses_image_command && plan.language == Language::python) argv = without_uv_run(argv);
    return result;
  }
  const auto launch = launch_of(argv);
  if (launch.package.empty()) return result;
  const std::vector<std::string> rest(argv.begin() + static_cast<long>(launch.rest), argv.end());
  std::vector<std::string> start;
  const auto& launched = plan.launched_packages;
  if (std::find(launched.begin(), launched.end(), launch.package) != launched.end() &&
      !plan.uses_image_command) {
    const auto name = launch.program.empty() ? launched_name(launch.package) : launch.program;
    start = {std::string(kLaunchedFolder) + "/bin/" + name};
  } else if (is_own_package(plan, launch.package) && !own_argv.empty() &&
             !is_launcher(own_argv[0])) {
    start = own_argv;
  } else {
    return result;
  }
  start.insert(start.end(), rest.begin(), rest.end());
  argv = std::move(start);
  return result;
}

}  // namespace sigil::builder
