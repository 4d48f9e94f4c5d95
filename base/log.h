// Structured logging: a constant sentence plus fields. JSON lines for machines, plain text on a
// terminal. error: someone must act; warn: we coped; info: a state changed; debug: the rest. May be
// called from any thread.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sigil::log {

enum class Level { debug, info, warn, error };

struct Field {
  std::string_view key;
  std::string value;
  bool is_number = false;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), is_number(true) {}
  template <std::integral N>
  requires(!std::same_as<N, bool>) Field(std::string_view k, N v)
      : key(k), value(std::to_string(v)), is_number(true) {}
};

struct Options {
  Level level = Level::info;
  bool json = true;     // false: plain text
  std::string program;  // first field of every line
};

// Called once by main, before the first thread starts. Writes to stderr.
void start(const Options& options);

void write(Level level, std::string_view sentence, std::initializer_list<Field> fields);

inline void debug(std::string_view sentence, std::initializer_list<Field> fields = {}) {
  write(Level::debug, sentence, fields);
}
inline void info(std::string_view sentence, std::initializer_list<Field> fields = {}) {
  write(Level::info, sentence, fields);
}
inline void warn(std::string_view sentence, std::initializer_list<Field> fields = {}) {
  write(Level::warn, sentence, fields);
}
inline void error(std::string_view sentence, std::initializer_list<Field> fields = {}) {
  write(Level::error, sentence, fields);
}

}  // namespace sigil::log
