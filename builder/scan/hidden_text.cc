// POIS-002 and POIS-003: what the eye does not see.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/encoding.h"
#include "builder/scan/metadata_text.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

// Valid UTF-8 in; code points out.
std::u32string code_points(std::string_view text) {
  std::u32string out;
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at]));
  };
  for (std::size_t i = 0; i < text.size();) {
    const auto first = byte(i);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    std::uint32_t point = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k)
      point = (point << 6U) | (byte(i + k) & 0x3FU);
    out += static_cast<char32_t>(point);
    i += length;
  }
  return out;
}

bool is_in(char32_t point, char32_t first, char32_t last) {
  return point >= first && point <= last;
}

bool is_emoji(char32_t point) {
  return is_in(point, 0x1F000, 0x1FAFF) || is_in(point, 0x2190, 0x2BFF) || point == 0xFE0F;
}

// Scripts in which joiners are part of writing.
bool is_joining_script(char32_t point) { return is_in(point, 0x0590, 0x109F); }

std::string point_name(char32_t point) {
  static constexpr const char* kDigits = "0123456789ABCDEF";
  std::string hex;
  for (int shift = 20; shift >= 0; shift -= 4) {
    const auto digit = (static_cast<std::uint32_t>(point) >> static_cast<unsigned>(shift)) & 0xFU;
    if (digit != 0 || !hex.empty() || shift < 16) hex += kDigits[digit];
  }
  return "U+" + hex;
}

bool is_zero_width(char32_t point) {
  return is_in(point, 0x200B, 0x200D) || is_in(point, 0x2060, 0x2064) || point == 0xFEFF ||
         point == 0x180E || point == 0x00AD || point == 0x3164 || point == 0x115F;
}

HiddenVerdict judge_point(const std::u32string& text, std::size_t at) {
  const char32_t point = text[at];
  const char32_t before = at > 0 ? text[at - 1] : U' ';
  const char32_t after = at + 1 < text.size() ? text[at + 1] : U' ';
  if (is_in(point, 0xE0000, 0xE007F)) {
    // The flags of England, Scotland and Wales are a black flag with tags behind it.
    const auto flag = text.rfind(U'\U0001F3F4', at);
    if (flag != std::u32string::npos && at - flag <= 7) return {};
    return {HiddenKind::dangerous, "tag character " + point_name(point)};
  }
  if (is_in(point, 0x202A, 0x202E) || is_in(point, 0x2066, 0x2069))
    return {HiddenKind::dangerous, "direction override " + point_name(point)};
  if (point == 0x1B || point == 0x9B)
    return {HiddenKind::dangerous, "terminal escape " + point_name(point)};
  if (is_zero_width(point)) {
    if (point == 0xFEFF && at == 0) return {};
    if ((is_emoji(before) && is_emoji(after)) || is_joining_script(before)) return {};
    return {HiddenKind::invisible, "zero-width character " + point_name(point)};
  }
  if (is_in(point, 0xE0100, 0xE01EF) ||
      (is_in(point, 0xFE00, 0xFE0E) && is_in(after, 0xFE00, 0xFE0F)))
    return {HiddenKind::invisible, "variation selectors " + point_name(point)};
  const bool is_control =
      (point < 0x20 && point != '\n' && point != '\t' && point != '\r') || is_in(point, 0x7F, 0x9F);
  if (is_control) return {HiddenKind::invisible, "control character " + point_name(point)};
  return {};
}

bool has_mixed_scripts(const std::u32string& text) {
  bool latin = false;
  bool lookalike = false;
  for (const char32_t point : text) {
    latin = latin || is_in(point, 'a', 'z') || is_in(point, 'A', 'Z');
    lookalike = lookalike || is_in(point, 0x0370, 0x052F) || is_in(point, 0xFF21, 0xFF5A) ||
                is_in(point, 0x1D400, 0x1D7FF);
  }
  return latin && lookalike;
}

bool is_wordy(std::string_view text) {
  if (text.size() < 12 || !is_valid_utf8(text)) return false;
  const auto printable = std::ranges::count_if(
      text, [](char each) { return (each >= ' ' && each <= '~') || each == '\n'; });
  if (static_cast<std::size_t>(printable) * 10 < text.size() * 8) return false;
  int words = 0;
  std::size_t letters = 0;
  for (const char each : std::string(text) + " ") {
    const bool is_letter = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z');
    if (is_letter) {
      ++letters;
      continue;
    }
    if (letters >= 2 && (each == ' ' || each == '.' || each == ',' || each == '\n')) ++words;
    letters = 0;
  }
  return words >= 2;
}

std::string from_char_codes(std::string_view run) {
  std::string out;
  int value = 0;
  bool has_digits = false;
  for (const char each : std::string(run) + ",") {
    if (each >= '0' && each <= '9') {
      value = std::min(value * 10 + (each - '0'), 1000);
      has_digits = true;
    } else {
      if (has_digits && value > 0 && value < 128) out += static_cast<char>(value);
      value = 0;
      has_digits = false;
    }
  }
  return out;
}

}  // namespace

HiddenVerdict find_hidden(std::string_view text, bool is_name) {
  if (!is_valid_utf8(text)) return {HiddenKind::invisible, "bytes that are no text"};
  const auto points = code_points(text);
  HiddenVerdict worst;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto verdict = judge_point(points, i);
    if (verdict.kind == HiddenKind::dangerous) return verdict;
    if (verdict.kind == HiddenKind::invisible && worst.kind == HiddenKind::none) worst = verdict;
  }
  if (worst.kind == HiddenKind::none && is_name && has_mixed_scripts(points))
    return {HiddenKind::invisible, "letters of two alphabets that look alike"};
  return worst;
}

std::vector<std::string> decoded_payloads(std::string_view text) {
  static const RE2 kRun(
      R"(((?:%[0-9A-Fa-f]{2}){8,})|((?:\d{2,3}[ ,]{1,2}){8,}\d{2,3})|([A-Za-z0-9+/_-]{24,}={0,2}))");
  std::vector<std::string> found;
  re2::StringPiece rest(text.data(), text.size());
  re2::StringPiece percent, codes, run;
  while (found.size() < 8 && RE2::FindAndConsume(&rest, kRun, &percent, &codes, &run)) {
    std::vector<std::optional<std::string>> tries;
    if (!percent.empty())
      tries.push_back(percent_decode(std::string_view(percent.data(), percent.size())));
    if (!codes.empty()) tries.emplace_back(from_char_codes({codes.data(), codes.size()}));
    const std::string_view dense(run.data(), run.size());
    if (!dense.empty()) {
      tries.push_back(from_hex(dense));
      tries.push_back(from_base64(dense));
      tries.push_back(from_base64url(dense));
    }
    for (auto& each : tries) {
      if (!each || !is_wordy(*each)) continue;
      found.push_back(*std::move(each));
      break;
    }
  }
  return found;
}

}  // namespace sigil::scan
