#include "controlplane/operations/made_up.h"

#include <re2/re2.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "controlplane/config/config_schema.h"

namespace sigil::controlplane {

namespace {

constexpr std::size_t kNamesMax = 60;
constexpr std::size_t kArgumentsMax = 8;

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool ends(std::string_view text, std::string_view part) {
  return text.size() >= part.size() && text.substr(text.size() - part.size()) == part;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// Names that programs stop without; what tunes (…_TIMEOUT, LOG_LEVEL) has a default.
bool is_likely_required(const std::string& name) {
  const auto text = lower(name);
  if (is_secret_name(text)) return true;
  for (const auto* part :
       {"url",    "uri",      "endpoint", "_host",     "domain",    "account", "email",
        "user",   "org",      "project",  "tenant",    "client_id", "app_id",  "api_id",
        "region", "database", "instance", "workspace", "site",      "_dsn",    "connection"})
    if (holds(text, part)) return true;
  return false;
}

// Upper-case names in what the server said.
void add_said(std::string_view words, MadeUp& made_up) {
  static const RE2 name(
      "\\b([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]|[A-Z]{3,}(?:KEY|TOKEN|URL))\\b(\\s*=\\s*['\"]?[\\[{])"
      "?");
  re2::StringPiece rest(words.data(), words.size());
  std::string found;
  std::string structure;
  while (made_up.environment.size() < kNamesMax &&
         RE2::FindAndConsume(&rest, name, &found, &structure)) {
    // Error codes are no variables, and a structure cannot be guessed.
    const bool is_code = found.rfind("ERR_", 0) == 0 || found.rfind("MODULE_", 0) == 0 ||
                         found.rfind("ECONN", 0) == 0;
    if (!is_code && structure.empty()) made_up.environment.emplace(found, made_up_value(found));
  }
}

// An option or a positional argument, as argument parsers name what is missing.
void add_argument(std::string text, MadeUp& made_up) {
  if (made_up.arguments.size() >= kArgumentsMax) return;
  text = text.substr(0, text.find_first_of(" =<,/"));
  if (text.empty()) return;
  auto& arguments = made_up.arguments;
  if (std::find(arguments.begin(), arguments.end(), text) != arguments.end()) return;
  const bool is_option = text[0] == '-';
  if (is_option) arguments.push_back(text);
  arguments.push_back(made_up_value(text));
}

void add_list(std::string list, MadeUp& made_up) {
  for (std::size_t from = 0; from < list.size();) {
    auto to = std::min(list.find(", ", from), list.size());
    auto item = list.substr(from, to - from);
    // "-k/--key": the long form.
    if (const auto slash = item.find("/--"); slash != std::string::npos) item.erase(0, slash + 1);
    add_argument(item, made_up);
    from = to + 2;
  }
}

// argparse, commander, click, yargs, clap; and a usage line with <places>.
void add_arguments(std::string_view words, MadeUp& made_up) {
  static const RE2 argparse("the following arguments are required: ([^\\n]+)");
  static const RE2 commander_option("required option '(?:-\\w, )?(--[\\w-]+)[^']*' not specified");
  static const RE2 commander_argument("missing required argument '([\\w-]+)'");
  static const RE2 click_option("Missing option '(--[\\w-]+)'");
  static const RE2 click_argument("Missing argument '([\\w.\\[\\]]+)'");
  static const RE2 yargs("Missing required arguments?: ([^\\n]+)");
  static const RE2 clap("(?m)^\\s+(--[\\w-]+) <[^>]+>$");
  static const RE2 usage("(?im)^\\s*usage:? [^\\n<\\[]*\\s<([\\w-]+)>");
  const re2::StringPiece text(words.data(), words.size());
  std::string found;
  if (RE2::PartialMatch(text, argparse, &found)) {
    add_list(found, made_up);
  } else if (RE2::PartialMatch(text, yargs, &found)) {
    for (std::size_t from = 0; from < found.size();) {
      const auto to = std::min(found.find(", ", from), found.size());
      add_argument("--" + found.substr(from, to - from), made_up);
      from = to + 2;
    }
  } else if (RE2::PartialMatch(text, commander_option, &found) ||
             RE2::PartialMatch(text, click_option, &found) ||
             RE2::PartialMatch(text, commander_argument, &found) ||
             RE2::PartialMatch(text, click_argument, &found)) {
    add_argument(found, made_up);
  } else if (words.find("required arguments were not provided") != std::string_view::npos) {
    re2::StringPiece rest = text;
    while (RE2::FindAndConsume(&rest, clap, &found)) add_argument(found, made_up);
  } else if (made_up.arguments.empty() && RE2::PartialMatch(text, usage, &found)) {
    add_argument(found, made_up);
  }
}

}  // namespace

std::string made_up_value(std::string_view name) {
  const auto text = lower(name);
  if (holds(text, "url") || holds(text, "uri") || holds(text, "dsn") ||
      holds(text, "connection_string") || holds(text, "connection-string")) {
    if (holds(text, "postgres") || holds(text, "pg_") || holds(text, "database"))
      return "postgresql://dummy:dummy@127.0.0.1:9/dummy";
    if (holds(text, "mongo")) return "mongodb://127.0.0.1:9/dummy";
    if (holds(text, "redis")) return "redis://127.0.0.1:9";
    if (holds(text, "mysql")) return "mysql://dummy:dummy@127.0.0.1:9/dummy";
    return "http://127.0.0.1:9";
  }
  if (holds(text, "endpoint")) return "http://127.0.0.1:9";
  if (holds(text, "email")) return "dummy@example.org";
  if (ends(text, "host") || holds(text, "hostname")) return "127.0.0.1";
  if (ends(text, "port")) return "9";
  if (holds(text, "domain") || holds(text, "site")) return "dummy.example.org";
  if (holds(text, "region")) return "us-east-1";
  if (holds(text, "dir") || holds(text, "path") || holds(text, "folder") || holds(text, "vault") ||
      holds(text, "root") || holds(text, "workspace"))
    return "/tmp";
  if (holds(text, "timeout") || holds(text, "limit") || holds(text, "count")) return "1";
  return "dummy";
}

MadeUp made_up_values(std::string_view last_words, const std::vector<std::string>& known,
                      const MadeUp& before) {
  MadeUp made_up = before;
  add_said(last_words, made_up);
  add_arguments(last_words, made_up);
  for (const auto& name : known)
    if (is_likely_required(name) && made_up.environment.size() < kNamesMax)
      made_up.environment.emplace(name, made_up_value(name));
  return made_up;
}

std::string schema_of_environment(const std::map<std::string, std::string>& environment) {
  Json properties = Json::object();
  for (const auto& [name, value] : environment) {
    Json rule = {{"type", "string"}};
    if (is_secret_name(name)) rule["secret"] = true;
    properties[name] = std::move(rule);
  }
  return to_text(Json{{"type", "object"}, {"properties", std::move(properties)}});
}

}  // namespace sigil::controlplane
