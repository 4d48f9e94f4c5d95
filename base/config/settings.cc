#include "base/config/settings.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/config/parse_value.h"
#include "base/config/yaml_file.h"

extern char** environ;

namespace sigil::config {
namespace {

std::string_view name_of(Origin origin) {
  switch (origin) {
    case Origin::fallback:
      return "the default";
    case Origin::file:
      return "the file";
    case Origin::environment:
      return "the environment";
    case Origin::flag:
      return "a flag";
  }
  return "somewhere";
}

// How many single letters have to change: close names are offered instead of unknown ones.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string suggestion(const Table& table, std::string_view key) {
  std::string nearest;
  std::size_t least = std::max<std::size_t>(2, key.size() / 3) + 1;
  for (const Entry& entry : table) {
    const std::size_t changes = distance(key.substr(0, 128), entry.key);
    if (changes < least) {
      least = changes;
      nearest = entry.key;
    }
  }
  return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200))
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text.size() > 200 ? out + "…" : out;
}

}  // namespace

// Gathers complaints; a Settings comes out only when there are none.
class Loader {
 public:
  explicit Loader(const Table& table) : table_(table) {}

  void take_file(const std::string& path) {
    if (path.empty()) return;
    auto entries = read_yaml_file(path);
    if (!entries) {
      complain(path, entries.error().message);
      return;
    }
    for (const FileEntry& given : *entries) take_file_entry(given);
  }

  void take_flags(const std::map<std::string, std::string>& flags) {
    for (const auto& flag : flags) {
      if (find(flag.first) == nullptr)
        complain(flag.first, "there is no such setting" + suggestion(table_, flag.first));
      else
        given_[flag.first] = {Origin::flag, flag.second, {}, {}};
    }
  }

  void take_environment(const std::map<std::string, std::string>& environment) {
    for (const Entry& entry : table_) {
      const auto found = environment.find(entry.environment);
      if (!entry.environment.empty() && found != environment.end())
        given_[entry.key] = {Origin::environment, found->second, {}, {}};
    }
  }

  Result<Settings> finish() {
    Settings settings;
    for (const Entry& entry : table_) {
      const auto found = given_.find(entry.key);
      Given given{Origin::fallback, entry.fallback, {}, {}};
      if (found != given_.end()) given = found->second;
      if (auto value = make_value(entry, given)) settings.values_[entry.key] = *std::move(value);
    }
    if (complaints_.empty()) return settings;
    std::string message = std::to_string(complaints_.size()) +
                          (complaints_.size() == 1 ? " setting is" : " settings are") + " wrong:";
    for (const auto& complaint : complaints_)
      message += "\n  " + complaint.first + ": " + complaint.second;
    return fail(Error{ErrorCode::invalid_argument, "E_CONFIG", std::move(message),
                      "correct all of them and start again", std::move(complaints_)});
  }

 private:
  struct Given {
    Origin origin = Origin::fallback;
    std::string text;
    std::optional<std::vector<std::string>> list;
    std::optional<std::map<std::string, std::string>> map;
  };

  const Entry* find(std::string_view key) const {
    for (const Entry& entry : table_)
      if (entry.key == key) return &entry;
    return nullptr;
  }

  void complain(const std::string& key, const std::string& sentence) {
    std::string& text = complaints_[key];
    text += (text.empty() ? "" : "; and ") + sentence;
  }

  // "server.listen" itself, or "images.node" below the map "images".
  void take_file_entry(const FileEntry& given) {
    if (const Entry* entry = find(given.key); entry != nullptr) {
      Given& place = given_[given.key];
      place.origin = Origin::file;
      place.text = given.text;
      if (given.is_list) place.list = given.items;
      if (given.is_list && entry->type != Type::list)
        complain(given.key, "holds a list; allowed: " + what_is_allowed(*entry));
      return;
    }
    for (const Entry& entry : table_) {
      if (entry.type != Type::map || !given.key.starts_with(entry.key + ".")) continue;
      Given& place = given_[entry.key];
      place.origin = Origin::file;
      if (!place.map) place.map.emplace();
      (*place.map)[given.key.substr(entry.key.size() + 1)] = given.text;
      return;
    }
    complain(given.key, "there is no such setting" + suggestion(table_, given.key));
  }

  std::optional<Settings::Value> make_value(const Entry& entry, const Given& given) {
    Settings::Value value;
    value.type = entry.type;
    value.origin = given.origin;
    value.is_secret = entry.is_secret;
    value.text = given.text;
    bool is_good = false;
    if (given.list && entry.type == Type::list) {
      value.list = *given.list;
      is_good = true;
    } else if (given.map && entry.type == Type::map) {
      value.map = *given.map;
      is_good = true;
    } else {
      is_good = parse_text(entry, given.text, value.number, value.list, value.map);
    }
    if (is_good) return value;
    const std::string shown = entry.is_secret ? "[redacted]" : printable(given.text);
    complain(entry.key, "\"" + shown + "\" from " + std::string(name_of(given.origin)) +
                            (given.origin == Origin::environment ? " " + entry.environment : "") +
                            " is not allowed; allowed: " + what_is_allowed(entry));
    return std::nullopt;
  }

  const Table& table_;
  std::map<std::string, Given> given_;
  std::map<std::string, std::string> complaints_;
};

Result<Settings> load(const Table& table, const Sources& sources) {
  Loader loader(table);
  loader.take_file(sources.file);
  loader.take_environment(sources.environment);
  loader.take_flags(sources.flags);
  return loader.finish();
}

const Settings::Value& Settings::at(std::string_view key, Type type) const {
  const auto found = values_.find(key);
  SIGIL_ASSERT(found != values_.end() && "a setting that is in the table");
  const bool is_path_as_text = type == Type::text && found->second.type == Type::path;
  SIGIL_ASSERT((found->second.type == type || is_path_as_text) && "a setting read as its own type");
  return found->second;
}

const std::string& Settings::text(std::string_view key) const {
  const Value& value = at(key, Type::text);
  SIGIL_ASSERT(!value.is_secret && "a secret read as a secret");
  return value.text;
}

Secret Settings::secret(std::string_view key) const { return Secret(at(key, Type::text).text); }
std::int64_t Settings::integer(std::string_view key) const { return at(key, Type::integer).number; }
bool Settings::boolean(std::string_view key) const { return at(key, Type::boolean).number != 0; }
std::chrono::milliseconds Settings::duration(std::string_view key) const {
  return std::chrono::milliseconds(at(key, Type::duration).number);
}
std::int64_t Settings::bytes(std::string_view key) const { return at(key, Type::bytes).number; }
Address Settings::address(std::string_view key) const {
  return parse_address(at(key, Type::address).text).value_or(Address{});
}
const std::vector<std::string>& Settings::list(std::string_view key) const {
  return at(key, Type::list).list;
}
const std::map<std::string, std::string>& Settings::map(std::string_view key) const {
  return at(key, Type::map).map;
}

Origin Settings::origin(std::string_view key) const {
  const auto found = values_.find(key);
  SIGIL_ASSERT(found != values_.end() && "a setting that is in the table");
  return found->second.origin;
}

std::string Address::text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Address::is_loopback() const {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::map<std::string, std::string> environment_of_process(std::string_view prefix) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (text.starts_with(prefix) && equals != std::string_view::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

}  // namespace sigil::config
