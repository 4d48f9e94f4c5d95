// Settings, read once at start: defaults < YAML file < environment < flags. The table of what
// exists is passed in, so this knows no Sigil noun; from the same table come the checks, the
// complaints and the reference page. A Settings is immutable after load and may be read from any
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::config {

enum class Type { text, integer, boolean, duration, bytes, address, list, map, path };

struct Entry {
  std::string key = {};          // "server.listen"; in the file also nested: server: {listen: …}
  std::string environment = {};  // "SIGIL_LISTEN"; empty: not settable there
  Type type = Type::text;
  std::string fallback = {};              // the default, written as in the environment
  std::string sentence = {};              // for the reference page
  bool is_secret = false;                 // the value is never printed
  std::vector<std::string> choices = {};  // of a text: the closed set; empty: any
  std::int64_t at_least = INT64_MIN;      // of integer, duration (ms), bytes
  std::int64_t at_most = INT64_MAX;
};
using Table = std::vector<Entry>;

struct Address {
  std::string host;  // without brackets
  std::uint16_t port = 0;
  std::string text() const;  // "127.0.0.1:7450", "[::1]:7450"
  bool is_loopback() const;
};

enum class Origin { fallback, file, environment, flag };

class Settings {
 public:
  // Asking for a key that is not in the table, or as another type, is a bug and stops the process.
  const std::string& text(std::string_view key) const;  // also paths
  Secret secret(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::chrono::milliseconds duration(std::string_view key) const;
  std::int64_t bytes(std::string_view key) const;
  Address address(std::string_view key) const;
  const std::vector<std::string>& list(std::string_view key) const;
  const std::map<std::string, std::string>& map(std::string_view key) const;

  Origin origin(std::string_view key) const;
  bool is_set(std::string_view key) const { return origin(key) != Origin::fallback; }

 private:
  friend class Loader;
  struct Value {
    Type type = Type::text;
    Origin origin = Origin::fallback;
    bool is_secret = false;
    std::string text;
    std::int64_t number = 0;
    std::vector<std::string> list;
    std::map<std::string, std::string> map;
  };
  const Value& at(std::string_view key, Type type) const;
  std::map<std::string, Value, std::less<>> values_;
};

struct Sources {
  std::string file = {};  // path; empty: no file. One that is named must exist
  std::map<std::string, std::string> environment = {};  // see environment_of_process()
  std::map<std::string, std::string> flags = {};        // key -> value
};

// Either every value, or invalid_argument with reason E_CONFIG: `details` maps each key at fault to
// what it held, where that came from and what is allowed; the message lists them all.
Result<Settings> load(const Table& table, const Sources& sources);

// The process's variables whose names begin with `prefix`.
std::map<std::string, std::string> environment_of_process(std::string_view prefix);

// A Markdown page: heading and one table row for each entry.
std::string reference_page(const Table& table, std::string_view title);

}  // namespace sigil::config
