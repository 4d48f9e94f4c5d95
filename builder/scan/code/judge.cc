#include "builder/scan/code/judge.h"

#include <algorithm>
#include <optional>

namespace sigil::scan {
namespace {

struct Verdict {
  std::string_view rule;
  Severity severity = Severity::error;
  std::string_view harm;
  std::string_view fix;
};

bool is_input(Source source) {
  return source == Source::argument || source == Source::request || source == Source::credential;
}
bool is_outside(Source source) { return is_input(source) || source == Source::response; }
bool is_whole_headers(std::string_view field) { return field == "headers" || field == "Header"; }
bool is_bearer(const Label& label) {
  return label.source == Source::token && label.field != kNoName;
}

std::optional<Verdict> injection(const Engine& engine, const Sink& sink, const Label& label) {
  switch (sink.kind) {
    case SinkKind::shell:
    case SinkKind::program:
      if (!is_input(label.source)) return std::nullopt;
      if (sink.kind == SinkKind::shell) {
        return Verdict{"SIG-CMD-001", Severity::block,
                       "reaches a shell's command line, so it can run any command",
                       "Run the program directly with a list of arguments (execFile, "
                       "subprocess.run([...])), without a shell"};
      }
      return Verdict{"SIG-CMD-001", Severity::block, "decides which program is started",
                     "Start a fixed program, or choose it from a fixed set"};
    case SinkKind::option:
      if (!is_input(label.source)) return std::nullopt;
      return Verdict{"SIG-CMD-002", Severity::warning,
                     "can be read as an option of the program that is started",
                     "Put `--` before the argument or refuse values that begin with `-`"};
    case SinkKind::path:
      if (!is_input(label.source)) return std::nullopt;
      if ((label.killed & kPathWeak) != 0 || engine.text(sink.detail) == "weak") {
        return Verdict{"SIG-PATH-002", Severity::error,
                       "is used as a path after a check that does not contain it",
                       "Resolve the path first and compare with the folder plus a separator"};
      }
      return Verdict{"SIG-PATH-001", Severity::error,
                     "is used as a path without being kept inside a folder",
                     "Resolve the path, check that it lies below the allowed folder, then open the "
                     "resolved path"};
    case SinkKind::url:
      if (!is_input(label.source)) return std::nullopt;
      return Verdict{"SIG-SSRF-001", Severity::error,
                     "decides to which host the server sends a request",
                     "Allow a list of hosts, or resolve the name and refuse private addresses, "
                     "also after redirects"};
    default:
      return std::nullopt;
  }
}

std::optional<Verdict> evaluation(const Engine& engine, const Sink& sink, const Label& label) {
  switch (sink.kind) {
    case SinkKind::code:
    case SinkKind::code_module:
    case SinkKind::code_template:
      if (sink.kind == SinkKind::code_module ? !is_input(label.source) : !is_outside(label.source))
        return std::nullopt;
      return Verdict{"SIG-CODE-001", Severity::block,
                     sink.kind == SinkKind::code_module ? "decides which module is loaded and run"
                                                        : "is evaluated as code",
                     "Parse the value instead of evaluating it"};
    case SinkKind::deserialise:
      if (!is_outside(label.source)) return std::nullopt;
      return Verdict{"SIG-CODE-002", is_input(label.source) ? Severity::block : Severity::error,
                     "is deserialised by a loader that can run code",
                     "Use JSON or the safe loader"};
    case SinkKind::sql:
      if (!is_input(label.source)) return std::nullopt;
      return Verdict{"SIG-SQL-001", Severity::error, "becomes part of the text of a SQL statement",
                     "Bind the value as a parameter; check identifiers against a known set"};
    case SinkKind::raw_sql:
      if (!is_input(label.source)) return std::nullopt;
      return Verdict{"SIG-SQL-001", Severity::info,
                     "is run as a whole SQL statement (raw_sql_tool)",
                     "Give the tool a database user with the least rights"};
    case SinkKind::redirect:
      if (label.source != Source::request) return std::nullopt;
      if (!contains_any(lowered(engine.text(label.field)),
                        {"redirect", "return", "callback", "next"}))
        return std::nullopt;
      return Verdict{
          "SIG-OAUTH-001", Severity::warning,
          "is redirected to without an exact comparison with the registered addresses",
          "Compare with the registered redirect URIs for equality and refuse everything else"};
    case SinkKind::opener:
      if (label.source != Source::response && label.source != Source::request) return std::nullopt;
      return Verdict{"SIG-CMD-003", Severity::error,
                     "is handed to the operating system's opener without a check of its scheme",
                     "Open only http and https addresses"};
    default:
      return std::nullopt;
  }
}

std::optional<Verdict> disclosure(const Engine& engine, const Sink& sink, const Label& label) {
  const bool is_secret_variable =
      label.source == Source::environment && is_secret_name(engine.text(label.field));
  switch (sink.kind) {
    case SinkKind::log:
      if (!is_secret_variable && !is_bearer(label) && label.source != Source::whole_environment)
        return std::nullopt;
      if (label.source == Source::whole_environment) {
        return Verdict{"SIG-EXFIL-002", Severity::error, "goes into a log as a whole",
                       "Log named, harmless variables only"};
      }
      return Verdict{"SIG-SECRET-002", Severity::warning, "is written to a log",
                     "Leave it out or mask it"};
    case SinkKind::result:
      if (label.source == Source::whole_environment) {
        return Verdict{"SIG-EXFIL-002", Severity::error, "is returned by a tool as a whole",
                       "Return named, harmless variables only"};
      }
      if (!is_secret_variable) return std::nullopt;
      return Verdict{"SIG-SECRET-002", Severity::warning, "is returned by a tool",
                     "Leave it out or mask it"};
    default:
      return std::nullopt;
  }
}

std::optional<Verdict> leak(const Engine& engine, const Sink& sink, const Label& label) {
  const bool is_secret_variable =
      label.source == Source::environment && is_secret_name(engine.text(label.field));
  switch (sink.kind) {
    case SinkKind::relay:
      if (is_bearer(label) && engine.text(label.field) != "authInfo" &&
          engine.text(label.field) != "auth") {
        const bool checked =
            (label.killed & kAudienceChecked) != 0 || engine.has_trait("audience check");
        return Verdict{"SIG-AUTH-001", checked ? Severity::warning : Severity::block,
                       "is relayed to another service as it came",
                       "Exchange the token (RFC 8693) or use the server's own credential; accept "
                       "only tokens issued for this server"};
      }
      if (label.source == Source::request && is_whole_headers(engine.text(label.field))) {
        return Verdict{
            "SIG-AUTH-001", Severity::block,
            "with everything in them, credentials too, are relayed to another service",
            "Send only the headers the other service needs, with the server's own credential"};
      }
      if (label.source == Source::credential) {
        return Verdict{"SIG-AUTH-002", Severity::warning,
                       "is relayed to another service as the caller gave it",
                       "Keep the credential in the server's secrets, per user"};
      }
      return std::nullopt;
    case SinkKind::secret_in_url:
      if (!is_secret_variable && !is_bearer(label)) return std::nullopt;
      return Verdict{"SIG-AUTH-004", Severity::warning,
                     "is put into the query of a URL, where logs and proxies keep it",
                     "Send it as a header"};
    case SinkKind::network_body:
      if (label.source != Source::whole_environment && label.source != Source::secret_file)
        return std::nullopt;
      return Verdict{"SIG-EXFIL-001", Severity::block, "is sent to another host",
                     "Remove this code"};
    case SinkKind::session_id:
      if (label.source != Source::weak) return std::nullopt;
      if (engine.text(sink.detail) == "random only" &&
          !contains_any(engine.text(label.field), {"random", "rand.", "rand/"})) {
        return std::nullopt;
      }
      return Verdict{"SIG-SESS-001", Severity::error, "makes an identifier that can be guessed",
                     "Use crypto.randomUUID() or secrets.token_urlsafe(32)"};
    default:
      return std::nullopt;
  }
}

std::string subject(const Engine& engine, const Label& label) {
  const std::string& field = engine.text(label.field);
  const auto named = [&](std::string_view what) {
    return std::string(what) + (field.empty() ? "" : " '" + field + "'");
  };
  switch (label.source) {
    case Source::argument:
      return named("Tool argument");
    case Source::request:
      return named("HTTP request");
    case Source::credential:
      return named("Caller's credential");
    case Source::token:
      return "The caller's token";
    case Source::environment:
      return named("Environment variable");
    case Source::whole_environment:
      return "The whole environment";
    case Source::secret_file:
      return "A file of credentials";
    case Source::response:
      return "Data from another server";
    case Source::weak:
      return named("Predictable value");
    default:
      return "A value";
  }
}

Confidence confidence_of(const Label& label, bool is_fallback) {
  if (is_fallback) return Confidence::low;
  return label.hops == 0    ? Confidence::high
         : label.hops <= 12 ? Confidence::medium
                            : Confidence::low;
}

}  // namespace

std::string_view source_word(Source source) {
  switch (source) {
    case Source::argument:
      return "tool argument";
    case Source::request:
      return "request";
    case Source::credential:
      return "caller credential";
    case Source::token:
      return "token";
    case Source::context:
      return "context";
    case Source::environment:
      return "environment";
    case Source::whole_environment:
      return "whole environment";
    case Source::secret_file:
      return "secret file";
    case Source::response:
      return "response";
    case Source::weak:
      return "predictable value";
    case Source::strong:
    case Source::parameter:
      break;
  }
  return "value";
}

void judge(Engine& engine, const Sink& sink, const Label& label, const std::vector<Hop>& way) {
  // What middleware put beside the request is not what its sender wrote.
  const std::string& part = engine.text(label.field);
  const bool is_beside = label.source == Source::request &&
                         (part == "state" || part == "locals" || part == "context" ||
                          part == "user" || part == "session" || part == "Context");
  auto verdict = is_beside ? std::nullopt : injection(engine, sink, label);
  if (!verdict.has_value()) verdict = evaluation(engine, sink, label);
  if (!verdict.has_value()) verdict = disclosure(engine, sink, label);
  if (!verdict.has_value()) verdict = leak(engine, sink, label);
  if (!verdict.has_value()) return;
  Finding finding;
  finding.rule = verdict->rule;
  finding.severity = verdict->severity;
  finding.function = sink.function;
  finding.at = sink.at;
  const std::uint32_t entry =
      label.source == Source::argument || label.source == Source::request ? label.owner : 0;
  const bool is_fallback =
      entry != 0 && entry <= engine.entries().size() && engine.entries()[entry - 1].is_fallback;
  finding.confidence = confidence_of(label, is_fallback);
  if (is_fallback) finding.severity = std::min(finding.severity, Severity::warning);
  finding.entry = entry;
  finding.message = subject(engine, label) + " " + std::string(verdict->harm);
  finding.fix = verdict->fix;
  finding.sink = engine.text(sink.callee);
  finding.source = source_word(label.source);
  finding.flow = engine.steps_of(label.step);
  finding.flow.insert(finding.flow.end(), way.begin(), way.end());
  finding.flow.push_back(engine.hop_at(sink.function, sink.at, finding.sink));
  engine.report(std::move(finding));
}

}  // namespace sigil::scan
