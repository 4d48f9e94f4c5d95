// Calls that start programs, open files, evaluate text, run SQL: which of their arguments count.
#include <re2/re2.h>

#include <algorithm>

#include "builder/scan/code/frame.h"

namespace sigil::scan {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

std::string_view base_name(std::string_view program) {
  const auto slash = program.find_last_of("/\\");
  return slash == std::string_view::npos ? program : program.substr(slash + 1);
}

bool takes_code(std::string_view program) {
  const std::string_view base = base_name(program);
  return is_shell_program(program) || is_one_of(base, {"python", "python3", "node", "deno", "ruby",
                                                       "perl", "php", "bun", "psql", "env"});
}

bool takes_options(std::string_view program) {
  return is_one_of(base_name(program), {"git", "kubectl", "helm", "tar", "curl", "ssh", "find",
                                        "rsync", "ffmpeg", "wget", "scp", "hg"});
}

void capability(Frame& frame, std::string_view kind, std::string_view detail, Reg at) {
  if (!frame.engine().is_final()) return;
  frame.engine().collected().capabilities.push_back({std::string(kind), std::string(detail),
                                                     frame.unit().path,
                                                     static_cast<int>(frame.instr(at).line)});
}

class SinkReader {
 public:
  SinkReader(Frame& frame, const Call& call) : frame_(frame), call_(call), made_(*call.instr) {}

  void read(const SinkSpec& spec) {
    const Reg reg = frame_.argument(made_, spec.argument < 0 ? 0 : spec.argument, spec.keyword);
    const Value& given = frame_.value(reg);
    switch (spec.danger) {
      case Danger::shell:
        capability(frame_, "spawn", "", call_.at);
        return shell(given);
      case Danger::program:
        return program(given, static_cast<int>(spec.argument));
      case Danger::program_list:
        return program_list(reg, given);
      case Danger::transport:
        return transport();
      case Danger::path:
        return path(given);
      case Danger::url:
        return url(given);
      case Danger::code:
        return code(spec);
      case Danger::code_module:
        if (given.is_literal || frame_.is_go()) return;
        return labels(SinkKind::code_module, given, kCode | kPath, true);
      case Danger::code_template:
        if (spec.path == "from_string" &&
            !contains_any(lowered(frame_.variable_of(call_.receiver_reg)),
                          {"env", "jinja", "template"}))
          return;
        return labels(SinkKind::code_template, given, kCode, true);
      case Danger::deserialise:
        return deserialise(given);
      case Danger::sql:
        return sql(given);
      case Danger::redirect:
        for (std::uint32_t i = 0; i < made_.arg_count; ++i) {
          labels(SinkKind::redirect, frame_.value(frame_.arg(made_, i).value), kRedirect, true);
        }
        return;
      case Danger::opener:
        return labels(SinkKind::opener, given, kOpener, true);
      case Danger::log:
        return log();
    }
  }

  // repo.git.checkout(branch): every argument is one of git's.
  void free_arguments() {
    for (std::uint32_t i = 0; i < made_.arg_count; ++i) {
      if (frame_.literal(frame_.arg(made_, i).value) == "--") return;
      labels(SinkKind::option, frame_.value(frame_.arg(made_, i).value), kOption | kCommand, true);
    }
  }

  void path(const Value& given) { labels(SinkKind::path, given, kPath, false); }

 private:
  void labels(SinkKind kind, const Value& given, std::uint32_t kill_kinds, bool host_only) {
    frame_.sink_labels(frame_.sink_at(kind, call_.at, callee_name(), kill_kinds, host_only),
                       given.labels);
  }

  NameId callee_name() const { return call_.path != kNoName ? call_.path : call_.method; }

  void shell(const Value& given) {
    labels(SinkKind::shell, given, kCommand, false);
    if (given.fields == nullptr) return;
    for (const auto& field : *given.fields) labels(SinkKind::shell, field.second, kCommand, false);
  }

  // spawn(program, [arguments], options), exec.Command(program, arguments...)
  void program(const Value& given, int index) {
    capability(frame_, "spawn", frame_.literal(given), call_.at);
    std::vector<Value> rest;
    bool uses_shell = false;
    for (std::uint32_t i = static_cast<std::uint32_t>(index) + 1; i < made_.arg_count; ++i) {
      const Arg& argument = frame_.arg(made_, i);
      const Value& held = frame_.value(argument.value);
      if (argument.key != kNoName) continue;
      if (frame_.is_javascript() && frame_.has_member(held, "shell")) {
        const Value option = frame_.member_of(held, "shell");
        uses_shell =
            uses_shell ||
            (frame_.literal(option) != "false" &&
             !(option.text == kNoName && option.labels.empty() && option.path == kNoName && false));
        continue;
      }
      if (frame_.is_javascript() && held.fields != nullptr) {
        elements(held, rest);
        if (held.fields->empty() || (rest.empty() && !held.labels.empty())) rest.push_back(held);
      } else {
        rest.push_back(held);
      }
    }
    if (uses_shell) {
      labels(SinkKind::shell, given, kCommand, false);
      for (std::uint32_t i = 0; i < made_.arg_count; ++i)
        shell_rest(frame_.value(frame_.arg(made_, i).value));
      return;
    }
    labels(SinkKind::program, given, kCommand, true);
    arguments(frame_.text(given.text), rest);
  }

  void shell_rest(const Value& held) {
    if (frame_.has_member(held, "shell") || frame_.has_member(held, "cwd") ||
        frame_.has_member(held, "env"))
      return;
    labels(SinkKind::shell, held, kCommand, false);
  }

  void elements(const Value& list, std::vector<Value>& out) {
    for (int i = 0; i < 48; ++i) {
      const NameId index = frame_.name(std::to_string(i));
      const auto found = list.fields->find(index);
      if (found == list.fields->end()) break;
      out.push_back(found->second);
    }
  }

  // subprocess.run([...]) or, with shell=True, subprocess.run("…")
  void program_list(Reg reg, const Value& given) {
    const Reg shell_reg = frame_.argument(made_, 99, "shell");
    const std::string_view shell_text = frame_.literal(shell_reg);
    const bool uses_shell = shell_reg != kNoReg && shell_text != "False";
    if (uses_shell) {
      capability(frame_, "spawn", "", call_.at);
      return shell(given);
    }
    std::vector<Value> all;
    if (given.fields != nullptr) elements(given, all);
    if (all.empty()) {
      capability(frame_, "spawn", frame_.literal(given), call_.at);
      labels(SinkKind::program, given, kCommand, true);
      return;
    }
    (void)reg;
    capability(frame_, "spawn", frame_.literal(all[0]), call_.at);
    labels(SinkKind::program, all[0], kCommand, true);
    std::vector<Value> rest(all.begin() + 1, all.end());
    // Elements that were pushed later are only known as labels of the whole.
    Value others;
    for (const Label& label : given.labels) {
      const bool is_known = std::any_of(all.begin(), all.end(), [&](const Value& held) {
        return std::any_of(held.labels.begin(), held.labels.end(),
                           [&](const Label& known) { return known.same_origin(label); });
      });
      if (!is_known) others.labels.push_back(label);
    }
    if (!others.labels.empty()) rest.push_back(others);
    arguments(frame_.text(all[0].text), rest);
  }

  void arguments(std::string_view program_text, const std::vector<Value>& rest) {
    bool runs_text = false;
    bool options_end = false;
    bool after_flag = false;
    const bool is_shell = takes_code(program_text);
    for (const Value& held : rest) {
      const std::string_view written = frame_.literal(held);
      if (is_shell && is_one_of(written, {"-c", "/c", "-lc", "-Command", "-command", "-e", "-ic",
                                          "/C", "--eval", "-p", "shell", "-ec", "-lic", "/k", "-xc",
                                          "exec", "/s", "-Exec"})) {
        runs_text = true;
        continue;
      }
      if (runs_text || (is_shell && base_name(program_text) == "ssh")) {
        Sink sink = frame_.sink_at(SinkKind::shell, call_.at, callee_name(), kCommand, false);
        // `sh -c 'text' -- "$1"`: after a literal text the rest are its parameters.
        if (runs_text && held.labels.empty() && is_shell_program(program_text) &&
            base_name(program_text) != "cmd")
          break;
        frame_.sink_labels(sink, held.labels);
        continue;
      }
      if (written == "--") options_end = true;
      if (!options_end && !after_flag && !held.is_literal && takes_options(program_text)) {
        Sink sink =
            frame_.sink_at(SinkKind::option, call_.at, callee_name(), kOption | kCommand, true);
        frame_.sink_labels(sink, held.labels);
      }
      after_flag = held.is_literal && written.starts_with("-") && !contains(written, "=") &&
                   is_one_of(base_name(program_text), {"kubectl", "helm", "curl", "ffmpeg", "ssh",
                                                       "git", "tar", "rsync", "wget"}) &&
                   !is_one_of(written, {"-p", "-r", "-f", "--force", "-v", "-s", "-L", "-a", "-y",
                                        "--all", "--hard", "--oneline", "--stat", "-q", "--quiet",
                                        "--cached", "--staged"});
    }
  }

  void transport() {
    for (std::uint32_t i = 0; i < made_.arg_count; ++i) {
      const Arg& argument = frame_.arg(made_, i);
      if (argument.key != kNoName && frame_.text(argument.key) == "command")
        labels(SinkKind::program, frame_.value(argument.value), kCommand, true);
      if (argument.key == kNoName)
        labels(SinkKind::program, frame_.member_of(frame_.value(argument.value), "command"),
               kCommand, true);
    }
  }

  void url(const Value& given) { labels(SinkKind::url, given, kUrl, true); }

  void code(const SinkSpec& spec) {
    if (spec.argument < 0) {
      for (std::uint32_t i = 0; i < made_.arg_count; ++i)
        labels(SinkKind::code, frame_.value(frame_.arg(made_, i).value), kCode, false);
      return;
    }
    labels(SinkKind::code, frame_.value(frame_.argument(made_, 0)), kCode, false);
  }

  void deserialise(const Value& given) {
    if (call_.path_text == "yaml.load" || call_.path_text == "yaml.load_all") {
      const Reg loader = frame_.argument(made_, 1, "Loader");
      const std::string loader_name =
          frame_.variable_of(loader) + frame_.text(frame_.value(loader).path);
      if (contains(loader_name, "Safe") || contains(loader_name, "safe")) return;
      if (!frame_.is_python()) return;
    }
    if (call_.path_text == "torch.load" &&
        frame_.literal(frame_.argument(made_, 99, "weights_only")) != "False" &&
        frame_.argument(made_, 99, "weights_only") != kNoReg) {
      return;
    }
    labels(SinkKind::deserialise, given, kCode, false);
    if (given.is_literal ||
        !is_one_of(call_.path_text,
                   {"pickle.load", "pickle.loads", "dill.load", "joblib.load", "torch.load",
                    "marshal.load", "yaml.unsafe_load", "yaml.load"}))
      return;
    if (!frame_.engine().is_final() || given.has(Source::parameter)) return;
    frame_.report("SIG-CODE-002", Severity::warning, Confidence::medium, call_.at,
                  "Data from a file is deserialised by a loader that can run code",
                  std::string(call_.path_text), "file");
  }

  void sql(const Value& given) {
    static const RE2 begins(
        R"((?i)^[\s(]*(select|insert|update|delete|pragma|with|create|drop|alter|describe|desc|explain|show|use|call|merge|replace|truncate|grant|revoke|attach|copy|set|vacuum|analyze|match|exec|execute|begin)\s)");
    const std::string& prefix = frame_.text(given.text);
    if (given.is_literal) return;
    const bool is_text = RE2::PartialMatch(prefix, begins);
    if (is_text) {
      labels(SinkKind::sql, given, kSql, false);
      return;
    }
    const bool is_database =
        is_one_of(call_.method_text, {"execute", "executescript", "query", "prepare", "Query",
                                      "QueryContext", "$queryRawUnsafe", "read_sql"}) &&
        contains_any(
            lowered(frame_.variable_of(call_.receiver_reg)),
            {"cur", "conn", "db", "pool", "client", "session", "database", "engine", "sql"});
    if (is_database && prefix.empty()) labels(SinkKind::raw_sql, given, kSql, true);
  }

  void log() {
    const bool by_method = frame_.engine().known().sinks_of(call_.path) == nullptr;
    if (by_method && !contains(lowered(frame_.variable_of(call_.receiver_reg)), "log")) return;
    for (std::uint32_t i = 0; i < made_.arg_count; ++i) {
      labels(SinkKind::log, frame_.value(frame_.arg(made_, i).value), kSecret, false);
    }
  }

  Frame& frame_;
  const Call& call_;
  const Instr& made_;
};

bool is_for_language(const Frame& frame, const SinkSpec& spec) {
  if (spec.path == "open" || spec.path == "exec" || spec.path == "compile") {
    return (spec.danger == Danger::opener) != frame.is_python();
  }
  if (is_one_of(spec.path, {"print", "__import__"})) return frame.is_python();
  if (is_one_of(spec.path, {"import", "require", "Function", "opener"}))
    return frame.is_javascript();
  return true;
}

}  // namespace

void check_sinks(Frame& frame, const Call& call) {
  SinkReader reader(frame, call);
  NameId path = call.path;
  if (call.path_text.starts_with("fs.promises."))
    path = frame.name("fs." + std::string(call.path_text.substr(12)));
  const auto* specs = call.targets.empty() ? frame.engine().known().sinks_of(path) : nullptr;
  if (specs != nullptr) {
    for (const SinkSpec* spec : *specs) {
      if (is_for_language(frame, *spec)) reader.read(*spec);
    }
    if (call.path_text.starts_with("fs.write") || call.path_text.starts_with("fs.append") ||
        call.path_text == "os.WriteFile") {
      capability(frame, "fs_write", "", call.at);
    }
    return;
  }
  if (call.receiver != nullptr && call.targets.empty()) {
    const std::string& base = frame.text(call.receiver->path);
    const bool is_path = contains(base, "pathlib.Path()") || contains(base, "anyio.Path()") ||
                         contains(base, "aiopath");
    if (is_path &&
        is_one_of(call.method_text, {"read_text", "write_text", "read_bytes", "write_bytes", "open",
                                     "unlink", "mkdir", "iterdir", "rglob", "glob", "touch",
                                     "rename", "rmdir", "replace", "symlink_to"})) {
      reader.path(*call.receiver);
      return;
    }
  }
  if (call.receiver == nullptr) return;
  if (contains(call.path_text, "git.Repo()") && contains(call.path_text, ".git."))
    return reader.free_arguments();
  const auto* by_method = frame.engine().known().method_sinks(call.method);
  if (by_method == nullptr || (!call.targets.empty() && !call.is_guess)) return;
  for (const SinkSpec* spec : *by_method) reader.read(*spec);
}

}  // namespace sigil::scan
