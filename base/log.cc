#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <memory>

#include "base/clock.h"
#include "base/encoding.h"

namespace sigil::log {
namespace {

struct Sink {
  Options options;
  std::shared_ptr<spdlog::logger> logger;
};

std::shared_ptr<spdlog::logger> make_logger() {
  auto logger =
      std::make_shared<spdlog::logger>("sigil", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

// Replaced by start() before the first thread; afterwards only read.
Sink& sink() {
  static Sink the_sink{Options{}, make_logger()};
  return the_sink;
}

std::string_view name_of(Level level) {
  static constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// One line stays one line, whatever a value holds: no forged entries, no terminal sequences.
void append_escaped(std::string& out, std::string_view text) {
  const bool is_text = is_valid_utf8(text);
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (is_control(c)) {
      out += "\\u00";
      out += to_hex(std::string_view(&c, 1));
    } else if (!is_text && static_cast<unsigned char>(c) >= 0x80) {
      out += '?';
    } else {
      out += c;
    }
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

std::string json_line(const Options& options, Level level, std::string_view sentence,
                      std::initializer_list<Field> fields) {
  std::string line = "{";
  if (!options.program.empty()) {
    line += "\"program\":";
    append_quoted(line, options.program);
    line += ',';
  }
  line += "\"at\":\"" + to_rfc3339(system_clock().wall_now()) + "\",\"level\":\"";
  line += name_of(level);
  line += "\",\"message\":";
  append_quoted(line, sentence);
  for (const Field& field : fields) {
    line += ',';
    append_quoted(line, field.key);
    line += ':';
    if (field.is_number)
      line += field.value;
    else
      append_quoted(line, field.value);
  }
  line += '}';
  return line;
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text)
    if (c == ' ' || c == '"' || c == '=' || c == '\\' || is_control(c)) return true;
  return !is_valid_utf8(text);
}

std::string plain_line(const Options& options, Level level, std::string_view sentence,
                       std::initializer_list<Field> fields) {
  std::string line = to_rfc3339(system_clock().wall_now());
  line += ' ';
  line += name_of(level);
  line.append(6 - name_of(level).size(), ' ');
  if (!options.program.empty()) line += options.program + ": ";
  append_escaped(line, sentence);
  for (const Field& field : fields) {
    line += ' ';
    append_escaped(line, field.key);
    line += '=';
    if (needs_quotes(field.value))
      append_quoted(line, field.value);
    else
      line += field.value;
  }
  return line;
}

}  // namespace

void start(const Options& options) { sink().options = options; }

void write(Level level, std::string_view sentence, std::initializer_list<Field> fields) {
  const Sink& target = sink();
  if (level < target.options.level) return;
  const std::string line = target.options.json
                               ? json_line(target.options, level, sentence, fields)
                               : plain_line(target.options, level, sentence, fields);
  target.logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace sigil::log
