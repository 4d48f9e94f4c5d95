#include "builder/version.h"

#include <algorithm>
#include <array>
#include <climits>

#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr std::size_t kParts = 3;
using Version = std::array<long, kParts>;

struct Parsed {
  Version parts{};
  std::size_t given = 0;  // how many parts were written; x and * end them
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  while (!text.empty() && (text.front() == 'v' || text.front() == '=')) text.remove_prefix(1);
  for (const auto& part : split(text, '.')) {
    if (parsed.given == kParts || part.empty() || part[0] < '0' || part[0] > '9') break;
    long number = 0;
    for (const char c : part) {
      if (c < '0' || c > '9') break;
      number = std::min(number * 10 + (c - '0'), 1'000'000L);
    }
    parsed.parts[parsed.given++] = number;
  }
  return parsed;
}

// Releases of a line fill an interval: "22" holds 22.0.0 up to the last before 23.0.0.
struct Interval {
  Version low{};
  Version below{LONG_MAX, 0, 0};  // not in it any more

  bool is_empty() const { return !(low < below); }
};

Version next_after(const Parsed& version, std::size_t given) {
  if (given == 0) return {LONG_MAX, 0, 0};
  Version next{};
  for (std::size_t i = 0; i < given; ++i) next[i] = version.parts[i];
  ++next[given - 1];
  return next;
}

Interval line_interval(std::string_view line) {
  const auto parsed = parse(line);
  return {parsed.parts, next_after(parsed, parsed.given)};
}

void keep_from(Interval& interval, const Version& low) {
  interval.low = std::max(interval.low, low);
}
void keep_below(Interval& interval, const Version& below) {
  interval.below = std::min(interval.below, below);
}
void keep_line(Interval& interval, const Parsed& version, std::size_t given) {
  keep_from(interval, version.parts);
  keep_below(interval, next_after(version, given));
}

// ^1.2: up to the next part that is not zero on the left; ^0.2 up to 0.3.
std::size_t caret_parts(const Parsed& version) {
  for (std::size_t i = 0; i < version.given; ++i)
    if (version.parts[i] != 0) return i + 1;
  return std::max<std::size_t>(version.given, 1);
}

void apply(Interval& interval, std::string_view operation, const Parsed& version) {
  if (version.given == 0) return;
  if (operation == ">=") keep_from(interval, version.parts);
  if (operation == ">") keep_from(interval, next_after(version, version.given));
  if (operation == "<") keep_below(interval, version.parts);
  if (operation == "<=") keep_below(interval, next_after(version, version.given));
  if (operation == "^") keep_line(interval, version, caret_parts(version));
  if (operation == "~") keep_line(interval, version, std::min<std::size_t>(version.given, 2));
  // ~=3.10 allows 3.11; ~=3.10.1 stays in 3.10.
  if (operation == "~=") keep_line(interval, version, std::max<std::size_t>(version.given, 2) - 1);
  if (operation == "==" || operation.empty() || operation == "=")
    keep_line(interval, version, version.given);
}

// One comparator from the front of the text, spaces between operator and number allowed.
bool next_comparator(std::string_view& text, std::string_view& operation,
                     std::string_view& number) {
  text = trimmed(text);
  if (text.empty()) return false;
  std::size_t end = 0;
  while (end < text.size() && std::string_view("<>=~^!").find(text[end]) != std::string_view::npos)
    ++end;
  operation = text.substr(0, end);
  text = trimmed(text.substr(end));
  end = std::min(text.find_first_of(" ,<>=~^!"), text.size());
  number = text.substr(0, end);
  text = text.substr(std::min(text.find_first_not_of(", ", end), text.size()));
  return true;
}

bool fits_all(Interval interval, std::string_view text) {
  const std::size_t hyphen = text.find(" - ");
  if (hyphen != std::string_view::npos) {
    apply(interval, ">=", parse(trimmed(text.substr(0, hyphen))));
    apply(interval, "<=", parse(trimmed(text.substr(hyphen + 3))));
    return !interval.is_empty();
  }
  std::string_view operation;
  std::string_view number;
  // A != takes single releases away and leaves the line.
  while (next_comparator(text, operation, number))
    if (operation != "!=") apply(interval, operation, parse(number));
  return !interval.is_empty();
}

bool fits(std::string_view line, std::string_view range) {
  const auto interval = line_interval(line);
  while (true) {
    const std::size_t bar = range.find("||");
    if (fits_all(interval, range.substr(0, bar))) return true;
    if (bar == std::string_view::npos) return false;
    range.remove_prefix(bar + 2);
  }
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  const auto left = parse(a).parts;
  const auto right = parse(b).parts;
  return left < right ? -1 : (right < left ? 1 : 0);
}

bool fits_node_range(std::string_view line, std::string_view range) { return fits(line, range); }
bool fits_python_range(std::string_view line, std::string_view range) { return fits(line, range); }

std::string choose_line(std::string_view preferred, const std::vector<std::string>& candidates,
                        std::string_view range,
                        bool (*fits_range)(std::string_view line, std::string_view range)) {
  const bool is_offered =
      std::find(candidates.begin(), candidates.end(), preferred) != candidates.end();
  if (is_offered && fits_range(preferred, range)) return std::string(preferred);
  for (const auto& candidate : candidates)
    if (fits_range(candidate, range)) return candidate;
  return {};
}

}  // namespace sigil::builder
