#include "registry-db/conninfo.h"

#include <libpq-fe.h>

#include <map>
#include <memory>

namespace sigil::db {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

std::string quoted(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

std::string our_options(const ConnectionSettings& settings) {
  return "-c search_path=sigil,pg_temp -c timezone=UTC -c client_min_messages=warning"
         " -c idle_in_transaction_session_timeout=60000 -c statement_timeout=" +
         std::to_string(settings.statement_max.count());
}

}  // namespace

Result<Secret> make_conninfo(const Secret& url, const ConnectionSettings& settings) {
  char* complaint = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> parsed(
      PQconninfoParse(url.reveal().c_str(), &complaint));
  PQfreemem(complaint);
  if (!parsed)
    return fail(ErrorCode::invalid_argument, "database_url",
                "the database URL cannot be understood",
                "write postgresql://user:password@host:5432/database; percent-encode @ : / % in "
                "the password");

  std::map<std::string, std::string> values;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr && *option->val != '\0') values[option->keyword] = option->val;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(settings.connect_max);
  values.try_emplace("connect_timeout", std::to_string(seconds.count()));
  values.try_emplace("application_name", settings.application);
  values.try_emplace("client_encoding", "UTF8");
  // The administrator's options come last and win, but for the search path, which is not theirs.
  auto& options = values["options"];
  options = our_options(settings) + (options.empty() ? "" : " " + options);

  std::string text;
  for (const auto& [keyword, value] : values) text += keyword + "=" + quoted(value) + " ";
  text.pop_back();
  return Secret(std::move(text));
}

}  // namespace sigil::db
