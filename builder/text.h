// Small verbs on text that the whole folder shares. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sigil::builder {

std::string_view trimmed(std::string_view text);
std::string lowered(std::string_view text);
std::vector<std::string> split(std::string_view text, char by);
// Lines without their line ends; a last empty line is left out.
std::vector<std::string_view> lines_of(std::string_view text);
std::string joined(const std::vector<std::string>& parts, std::string_view by);
std::string replaced(std::string text, std::string_view from, std::string_view to);
bool contains(std::string_view text, std::string_view part);
bool begins_with(std::string_view text, std::string_view part);
bool ends_with(std::string_view text, std::string_view part);

// ["node","dist/index.js"]: the exec form of Dockerfiles.
std::string exec_form(const std::vector<std::string>& argv);
// 'it'\''s': one word for /bin/sh.
std::string shell_quoted(std::string_view word);
// Splits as a shell would, with quotes and backslashes and nothing else; nullopt when a quote is
// left open or the text wants a real shell (pipes, variables, redirections, substitutions).
std::optional<std::vector<std::string>> shell_words(std::string_view text);

// For messages: one line, at most `bytes_max` bytes, without control characters.
std::string excerpt(std::string_view text, std::size_t bytes_max = 120);

}  // namespace sigil::builder
