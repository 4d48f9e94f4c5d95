#include "controlplane/api/query.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace sigil::api {
namespace {

constexpr std::size_t kParametersMax = 100;

Result<std::string> decode(std::string_view raw) {
  std::string text(raw);
  std::replace(text.begin(), text.end(), '+', ' ');
  const auto decoded = percent_decode(text);
  if (!decoded || decoded->find('\0') != std::string::npos || !is_valid_utf8(*decoded))
    return fail(ErrorCode::invalid_argument, "invalid_parameter",
                "the query has a broken escape, a NUL or bytes that are not UTF-8",
                "Percent-encode the parameter as UTF-8.");
  return *decoded;
}

// Reads exactly `count` digits; -1 when there are not that many.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool is_separated(std::string_view text) {
  return text.size() >= 20 && text[4] == '-' && text[7] == '-' &&
         (text[10] == 'T' || text[10] == 't') && text[13] == ':' && text[16] == ':';
}

struct Fraction {
  std::chrono::nanoseconds value{0};
  std::size_t end = 19;  // position after the fraction
};

std::optional<Fraction> fraction_of(std::string_view text) {
  Fraction fraction;
  if (text[19] != '.') return fraction;
  std::int64_t nanoseconds = 0;
  std::int64_t unit = 100'000'000;
  std::size_t at = 20;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
    nanoseconds += unit * (text[at] - '0');
  if (at == 20) return std::nullopt;
  return Fraction{std::chrono::nanoseconds(nanoseconds), at};
}

std::optional<std::chrono::minutes> offset_of(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  const int hours = digits(text, 1, 2);
  const int minutes = digits(text, 4, 2);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' || hours < 0 ||
      hours > 23 || minutes < 0 || minutes > 59)
    return std::nullopt;
  const std::chrono::minutes offset(hours * 60 + minutes);
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

Error bad_parameter(std::string_view name, std::string message) {
  Error error{ErrorCode::invalid_argument, "invalid_parameter", message, {}, {}};
  error.details.emplace("/query/" + std::string(name), std::move(message));
  return error;
}

Result<Query> Query::parse(std::string_view raw) {
  Query query;
  while (!raw.empty()) {
    const auto end = std::min(raw.find('&'), raw.size());
    const std::string_view pair = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (pair.empty()) continue;
    if (query.parameters_.size() == kParametersMax)
      return fail(ErrorCode::invalid_argument, "invalid_parameter",
                  "the query has more than 100 parameters");
    const auto equals = std::min(pair.find('='), pair.size());
    SIGIL_TRY(auto name, decode(pair.substr(0, equals)));
    SIGIL_TRY(auto value, decode(pair.substr(std::min(equals + 1, pair.size()))));
    query.parameters_.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

bool Query::has(std::string_view name) const { return get(name).has_value(); }

std::optional<std::string> Query::get(std::string_view name) const {
  for (const auto& [key, value] : parameters_)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string> Query::get_all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : parameters_)
    if (key == name) values.push_back(value);
  return values;
}

Result<std::int64_t> Query::number(std::string_view name, std::int64_t fallback, std::int64_t min,
                                   std::int64_t max) const {
  const auto text = get(name);
  if (!text) return fallback;
  std::int64_t value = 0;
  const char* end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < min || value > max)
    return fail(bad_parameter(name, std::string(name) + " must be a whole number from " +
                                        std::to_string(min) + " to " + std::to_string(max)));
  return value;
}

Result<bool> Query::boolean(std::string_view name, bool fallback) const {
  const auto text = get(name);
  if (!text) return fallback;
  if (*text == "true") return true;
  if (*text == "false") return false;
  return fail(bad_parameter(name, std::string(name) + " must be true or false"));
}

Result<std::optional<WallTime>> Query::time(std::string_view name) const {
  auto text = get(name);
  if (!text) return std::optional<WallTime>();
  std::replace(text->begin(), text->end(), ' ', '+');
  const auto time = parse_rfc3339(*text);
  if (!time)
    return fail(bad_parameter(
        name, std::string(name) + " must be a time of RFC 3339, like 2026-11-24T18:30:00Z"));
  return time;
}

Result<void> Query::refuse_unknown(const std::vector<std::string_view>& known) const {
  for (const auto& parameter : parameters_) {
    if (std::find(known.begin(), known.end(), parameter.first) != known.end()) continue;
    Error error = bad_parameter(parameter.first, "there is no parameter " + parameter.first);
    for (const auto name : known)
      error.hint += (error.hint.empty() ? "Known here: " : ", ") + std::string(name);
    if (known.empty()) error.hint = "This resource takes no parameters.";
    return fail(std::move(error));
  }
  return {};
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  if (!is_separated(text)) return std::nullopt;
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (year < 1970 || year > 2200 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const auto fraction = fraction_of(text);
  if (!fraction) return std::nullopt;
  const auto offset = offset_of(text.substr(fraction->end));
  if (!offset) return std::nullopt;
  return std::chrono::time_point_cast<WallTime::duration>(
      std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
      std::chrono::seconds(second) + fraction->value - *offset);
}

}  // namespace sigil::api
