#include "controlplane/redactor.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/json.h"

namespace sigil::controlplane {

namespace {

// Shorter values ("1", "yes") would take ordinary words out of every line.
constexpr std::size_t kLengthMin = 4;

std::string json_spelling(const std::string& value) {
  const auto quoted = to_text(Json(value));
  return quoted.substr(1, quoted.size() - 2);
}

// What is left of Base64 whatever stands before or after the value in the encoded text.
std::string base64_core(const std::string& value) {
  const auto text = to_base64(value.substr(0, value.size() / 3 * 3));
  return text.size() >= 12 ? text : std::string();
}

}  // namespace

Redactor::Redactor(const Secrets& secrets) {
  std::vector<std::string> spellings;
  for (const auto& [name, secret] : secrets) {
    const auto& value = secret.reveal();
    if (value.size() < kLengthMin) continue;
    spellings.push_back(value);
    spellings.push_back(json_spelling(value));
    spellings.push_back(percent_encode(value));
    spellings.push_back(base64_core(value));
    // Lines are logged one by one: each line of a key file counts on its own.
    for (std::size_t from = 0; value.find('\n') != std::string::npos && from < value.size();) {
      const auto to = std::min(value.find('\n', from), value.size());
      if (to - from >= 8) spellings.push_back(value.substr(from, to - from));
      from = to + 1;
    }
  }
  std::sort(spellings.begin(), spellings.end(), [](const auto& a, const auto& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  spellings.erase(std::unique(spellings.begin(), spellings.end()), spellings.end());
  for (auto& text : spellings)
    if (text.size() >= kLengthMin) needles_.emplace_back(std::move(text));
}

std::string Redactor::clean(std::string_view text) const {
  std::string result(text);
  for (const auto& needle : needles_) {
    const auto& value = needle.reveal();
    for (auto at = result.find(value); at != std::string::npos; at = result.find(value, at)) {
      result.replace(at, value.size(), "[redacted]");
      at += 10;
    }
  }
  return result;
}

}  // namespace sigil::controlplane
