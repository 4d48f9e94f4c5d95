#include "builder/dockerfile/dockerfile.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/json.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

// "# name=value" of the parser directives at the top of the file.
std::optional<std::pair<std::string, std::string>> directive_of(std::string_view line) {
  line = trimmed(line);
  if (line.empty() || line.front() != '#') return std::nullopt;
  line = trimmed(line.substr(1));
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto name = lowered(trimmed(line.substr(0, equals)));
  if (name != "syntax" && name != "escape" && name != "check") return std::nullopt;
  return std::pair(name, std::string(trimmed(line.substr(equals + 1))));
}

bool is_comment(std::string_view line) {
  line = trimmed(line);
  return !line.empty() && line.front() == '#';
}

bool is_continued(std::string_view line, char escape) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return !line.empty() && line.back() == escape;
}

std::string_view without_continuation(std::string_view line, char escape) {
  const std::size_t at = line.rfind(escape);
  return at == std::string_view::npos ? line : line.substr(0, at);
}

struct Heredoc {
  std::string word;
  bool is_tabbed = false;  // <<-
};

bool is_word_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

std::vector<Heredoc> heredocs_in(std::string_view text) {
  std::vector<Heredoc> found;
  for (std::size_t at = text.find("<<"); at != std::string_view::npos; at = text.find("<<", at)) {
    at += 2;
    if (at < text.size() && text[at] == '<') {  // a here-string of the shell
      while (at < text.size() && text[at] == '<') ++at;
      continue;
    }
    Heredoc heredoc;
    if (at < text.size() && text[at] == '-') heredoc.is_tabbed = true, ++at;
    const char quote = at < text.size() && (text[at] == '"' || text[at] == '\'') ? text[at] : '\0';
    if (quote != '\0') ++at;
    while (at < text.size() && is_word_character(text[at])) heredoc.word += text[at++];
    if (!heredoc.word.empty()) found.push_back(std::move(heredoc));
  }
  return found;
}

bool may_hold_heredoc(std::string_view keyword) {
  return keyword == "RUN" || keyword == "COPY" || keyword == "ADD";
}

class Parser {
 public:
  explicit Parser(std::string_view text) : lines_(lines_of(text)) {}

  Dockerfile parse() {
    Dockerfile file;
    read_directives(file);
    while (at_ < lines_.size()) {
      if (trimmed(lines_[at_]).empty() || is_comment(lines_[at_])) {
        ++at_;
        continue;
      }
      file.instructions.push_back(instruction(file.escape));
    }
    return file;
  }

 private:
  void read_directives(Dockerfile& file) {
    for (; at_ < lines_.size(); ++at_) {
      const auto directive = directive_of(lines_[at_]);
      if (!directive) return;
      file.directives.emplace_back(lines_[at_]);
      if (directive->first == "escape" && directive->second == "`") file.escape = '`';
    }
  }

  void take(Instruction& instruction) {
    instruction.text += std::string(lines_[at_]) + '\n';
    instruction.last_line = static_cast<int>(++at_);
  }

  Instruction instruction(char escape) {
    Instruction result;
    result.first_line = static_cast<int>(at_) + 1;
    std::string logical;
    while (at_ < lines_.size()) {
      const auto line = lines_[at_];
      const bool is_first = logical.empty() && result.text.empty();
      // Comments and blank lines inside a continued instruction are not part of it.
      const bool is_gap = !is_first && (is_comment(line) || trimmed(line).empty());
      take(result);
      if (is_gap) continue;
      const bool goes_on = is_continued(line, escape);
      logical += goes_on ? without_continuation(line, escape) : line;
      if (!goes_on) break;
      logical += ' ';
    }
    split_words(result, trimmed(logical));
    if (may_hold_heredoc(result.keyword)) read_heredocs(result);
    return result;
  }

  static void split_words(Instruction& result, std::string_view logical) {
    const std::size_t end = std::min(logical.find_first_of(" \t"), logical.size());
    for (const char c : logical.substr(0, end))
      result.keyword += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    logical = trimmed(logical.substr(end));
    while (begins_with(logical, "--")) {
      const std::size_t flag_end = std::min(logical.find_first_of(" \t"), logical.size());
      result.flags.emplace_back(logical.substr(0, flag_end));
      logical = trimmed(logical.substr(flag_end));
    }
    result.arguments = std::string(logical);
  }

  void read_heredocs(Instruction& result) {
    // In exec form << is plain text.
    if (begins_with(result.arguments, "[")) return;
    for (const auto& heredoc : heredocs_in(result.arguments)) {
      if (!has_end(heredoc)) return;  // then it was no here-document
      result.has_heredoc = true;
      while (at_ < lines_.size()) {
        const bool is_end = is_end_of(heredoc, lines_[at_]);
        take(result);
        if (is_end) break;
      }
    }
  }

  static bool is_end_of(const Heredoc& heredoc, std::string_view line) {
    while (heredoc.is_tabbed && begins_with(line, "\t")) line.remove_prefix(1);
    return line == heredoc.word;
  }

  bool has_end(const Heredoc& heredoc) const {
    for (std::size_t i = at_; i < lines_.size(); ++i)
      if (is_end_of(heredoc, lines_[i])) return true;
    return false;
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
};

}  // namespace

Dockerfile parse_dockerfile(std::string_view text) {
  if (begins_with(text, "\xEF\xBB\xBF")) text.remove_prefix(3);
  return Parser(text.substr(0, kDockerfileBytesMax)).parse();
}

FromParts from_parts(const Instruction& from) {
  std::vector<std::string> words;
  for (auto& word : split(replaced(from.arguments, "\t", " "), ' '))
    if (!word.empty()) words.push_back(std::move(word));
  FromParts parts;
  if (!words.empty()) parts.image = words[0];
  if (words.size() >= 3 && lowered(words[1]) == "as") parts.stage = lowered(words[2]);
  return parts;
}

std::string flag_value(const Instruction& instruction, std::string_view name) {
  const std::string prefix = "--" + std::string(name) + "=";
  for (const auto& flag : instruction.flags)
    if (begins_with(flag, prefix)) return flag.substr(prefix.size());
  return {};
}

std::vector<std::string> command_words(std::string_view arguments) {
  arguments = trimmed(arguments);
  if (begins_with(arguments, "[")) {
    const auto list = parse_json(arguments);
    if (list && list->is_array()) {
      std::vector<std::string> words;
      for (const auto& word : *list)
        if (word.is_string()) words.push_back(word.get<std::string>());
      if (words.size() == list->size()) return words;
    }
  }
  if (arguments.empty()) return {};
  return {"/bin/sh", "-c", std::string(arguments)};
}

}  // namespace sigil::builder
