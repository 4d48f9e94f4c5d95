#include "builder/text.h"

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/json.h"

namespace sigil::builder {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool wants_shell(char c) {
  return std::string_view("|&;<>()$`*?[]#~{}!\n").find(c) != std::string_view::npos;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(by, from), text.size());
    parts.emplace_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string joined(const std::vector<std::string>& parts, std::string_view by) {
  std::string result;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) result += by;
    result += parts[i];
  }
  return result;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
bool begins_with(std::string_view text, std::string_view part) {
  return text.substr(0, part.size()) == part;
}
bool ends_with(std::string_view text, std::string_view part) {
  return text.size() >= part.size() && text.substr(text.size() - part.size()) == part;
}

std::string exec_form(const std::vector<std::string>& argv) { return to_text(Json(argv)); }

std::string shell_quoted(std::string_view word) {
  return "'" + replaced(std::string(word), "'", "'\\''") + "'";
}

std::optional<std::vector<std::string>> shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool is_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      const bool is_escape = quote == '"' && c == '\\' && i + 1 < text.size() &&
                             (text[i + 1] == '"' || text[i + 1] == '\\');
      if (c == quote)
        quote = 0;
      else if (quote == '"' && (c == '$' || c == '`'))
        return std::nullopt;
      else
        word += is_escape ? text[++i] : c;
    } else if (is_space(c) && c != '\n') {
      if (is_word) words.push_back(std::move(word));
      word.clear();
      is_word = false;
    } else if (wants_shell(c)) {
      return std::nullopt;
    } else {
      is_word = true;
      if (c == '"' || c == '\'')
        quote = c;
      else if (c == '\\' && i + 1 < text.size())
        word += text[++i];
      else
        word += c;
    }
  }
  if (quote != 0) return std::nullopt;
  if (is_word) words.push_back(std::move(word));
  return words;
}

std::string excerpt(std::string_view text, std::size_t bytes_max) {
  std::string result = repair_utf8(text.substr(0, bytes_max));
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (text.size() > bytes_max) result += "…";
  return result;
}

}  // namespace sigil::builder
