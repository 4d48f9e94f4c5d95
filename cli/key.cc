// sigil key create|list|show|revoke.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/descriptor.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/table.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

struct Options {
  std::string id;
  std::string name, owner, kind, expires, file;
  std::vector<std::string> scopes;
};

std::string path_of(const std::string& id) { return "/api/v1/api-keys/" + segment(id); }

Result<Json> wish_of(const Options& options) {
  Json wish = {{"scopes", options.scopes}};
  if (!options.name.empty()) wish["name"] = options.name;
  if (!options.owner.empty()) wish["owner"] = options.owner;
  if (!options.kind.empty()) wish["kind"] = options.kind;
  if (!options.expires.empty()) {
    SIGIL_TRY(const auto life, parse_duration(options.expires));
    wish["expires_in_ms"] = life.count();
  }
  return wish;
}

// Opened before the key is made, so that a path that cannot be written makes none. Never an
// existing file: somebody may be able to read it.
Result<Descriptor> open_key_file(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open())
    return fail(ErrorCode::invalid_argument, "usage",
                fmt::format("{} cannot be made: {}", path, std::strerror(errno)),
                errno == EEXIST ? "remove it, or name another file" : "");
  return file;
}

Result<void> write_key_file(const Descriptor& file, const std::string& path,
                            const std::string& secret) {
  const auto size = static_cast<ssize_t>(secret.size());
  if (::write(file.get(), secret.data(), secret.size()) == size && ::fsync(file.get()) == 0)
    return {};
  return fail(ErrorCode::internal, "key_file",
              fmt::format("{} could not be written: {}", path, std::strerror(errno)));
}

Result<Json> make_key(const Context& context, const Json& wish) {
  SIGIL_TRY(Json made, context.api.post("/api/v1/api-keys", wish));
  if (!text_at(made, "secret").empty()) return made;
  return fail(ErrorCode::conflict, "key_lost",
              "the key was made, but the connection broke before its text came",
              "sigil key revoke " + text_at(object_at(made, "key"), "id") + ", then make another");
}

Result<ExitStatus> create(const Context& context, const Options& options) {
  SIGIL_TRY(const Json wish, wish_of(options));
  Descriptor file;
  if (!options.file.empty()) {
    SIGIL_TRY(file, open_key_file(options.file));
  }
  auto made = make_key(context, wish);
  if (!made && file.is_open()) ::unlink(options.file.c_str());
  if (!made) return fail(made.error());
  const Json& key = object_at(*made, "key");
  if (file.is_open()) {
    SIGIL_CHECK(write_key_file(file, options.file, text_at(*made, "secret")));
    made->erase("secret");
  }
  if (context.wants_json()) {
    print_json(context, *made);
    return ExitStatus::done;
  }
  context.terminal.out(options.file.empty() ? text_at(*made, "secret") + "\n"
                                            : "written to " + options.file + "\n");
  if (!context.is_quiet)
    context.terminal.err(fmt::format("{} for {}, scopes {}, until {}; it is shown this once\n",
                                     text_at(key, "id"), printable(text_at(key, "owner")),
                                     joined(texts_at(key, "scopes"), ", "),
                                     text_at(key, "expires_at")));
  return ExitStatus::done;
}

Result<ExitStatus> list(const Context& context) {
  SIGIL_TRY(const Json page, context.api.list("/api/v1/api-keys", {}));
  if (context.wants_json()) {
    print_json(context, page);
    return ExitStatus::done;
  }
  const auto now = context.clock.wall_now();
  Table table{{"ID", "KEY", "STATE", "SCOPES", "OWNER", "EXPIRES", "LAST USED", "NAME"}, {}};
  for (const auto& item : array_at(page, "items")) {
    if (context.is_quiet) context.terminal.out(printable(text_at(item, "id")) + "\n");
    table.rows.push_back({text_at(item, "id"), text_at(item, "shown") + "…", text_at(item, "state"),
                          joined(texts_at(item, "scopes"), ","), text_at(item, "owner"),
                          text_at(item, "expires_at").substr(0, 10),
                          age_text(text_at(item, "last_used_at"), now), text_at(item, "name")});
  }
  if (!context.is_quiet) context.terminal.out(table_text(table, context.table_columns()));
  return ExitStatus::done;
}

Result<ExitStatus> print_key(const Context& context, const Json& key) {
  if (context.wants_json()) {
    print_json(context, key);
    return ExitStatus::done;
  }
  if (context.is_quiet) return ExitStatus::done;
  context.terminal.out(facts_text({{"id", text_at(key, "id")},
                                   {"key", text_at(key, "shown") + "…"},
                                   {"name", text_at(key, "name")},
                                   {"owner", text_at(key, "owner")},
                                   {"scopes", joined(texts_at(key, "scopes"), ", ")},
                                   {"state", text_at(key, "state")},
                                   {"created", text_at(key, "created_at")},
                                   {"expires", text_at(key, "expires_at")},
                                   {"last used", text_at(key, "last_used_at")},
                                   {"revoked", text_at(key, "revoked_at")}}));
  return ExitStatus::done;
}

Result<ExitStatus> show(const Context& context, const Options& options) {
  SIGIL_TRY(const Json key, context.api.get(path_of(options.id)));
  return print_key(context, key);
}

Result<ExitStatus> revoke(const Context& context, const Options& options) {
  SIGIL_TRY(const Json key, context.api.remove(path_of(options.id)));
  return print_key(context, key);
}

Command create_verb(const std::shared_ptr<Options>& options) {
  Command command;
  command.name = "create";
  command.summary = "Make a key; it is printed this once.";
  command.text =
      "Scopes: admin (everything), deploy and approve (each with read), read, metrics.\n"
      "A key lives 90 days unless --expires says otherwise, a year at most.";
  command.arguments = {{"NAME", "what it is for", &options->name, false}};
  command.options = {
      {"--scope", "SCOPE", "what it may do; may be repeated", &options->scopes},
      {"--owner", "NAME", "who has it; default: you", &options->owner},
      {"--kind",
       "KIND",
       "personal (sglp_), deploy (sgld_), robot (sglw_) or agent (sgla_)",
       &options->kind,
       {"personal", "deploy", "robot", "agent"}},
      {"--expires", "TIME", "how long it lives, as 90d or 12h", &options->expires},
      {"--file", "FILE", "write it to this new file (0600) instead", &options->file}};
  command.examples = {{"sigil key create ci --scope deploy --kind deploy --owner \"weather team\"",
                       "for a pipeline that deploys"},
                      {"sigil key create prometheus --scope metrics --file metrics.key",
                       "for a Prometheus that scrapes /metrics"}};
  command.run = [options](const Context& context) { return create(context, *options); };
  return command;
}

Command verb(std::string name, std::string summary, const std::shared_ptr<Options>& options,
             Result<ExitStatus> (*run)(const Context&, const Options&)) {
  Command command;
  command.name = std::move(name);
  command.summary = std::move(summary);
  command.arguments = {{"KEY", "its id", &options->id}};
  command.run = [options, run](const Context& context) { return run(context, *options); };
  return command;
}

}  // namespace

Command key_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "key";
  command.summary = "Make, list and revoke API keys.";
  Command list_verb;
  list_verb.name = "list";
  list_verb.summary = "List the keys, the newest first.";
  list_verb.examples = {{"sigil key list", "who has one, what it may do, when it was used last"}};
  list_verb.run = list;
  Command show_verb = verb("show", "Show a key; never its text.", options, show);
  show_verb.examples = {{"sigil key show key_01jd", "its scopes, owner, expiry and last use"}};
  Command revoke_verb = verb("revoke", "End a key at once.", options, revoke);
  revoke_verb.examples = {{"sigil key revoke key_01jd", "every request with it is refused now"}};
  command.commands = {create_verb(options), list_verb, show_verb, revoke_verb};
  return command;
}

}  // namespace sigil::cli
