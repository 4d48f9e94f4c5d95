#include "cli/deployment_logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "cli/follow.h"
#include "cli/json_view.h"
#include "cli/text.h"

namespace sigil::cli {
namespace {

constexpr std::int64_t kPageLines = 1'000;
constexpr std::int64_t kWaitSeconds = 20;
constexpr std::chrono::milliseconds kPatience{180'000};

struct Reader {
  const Context& context;
  std::string path;
  Query filters;
  bool has_times = false;
};

void print_line(const Reader& reader, const Json& line) {
  if (reader.context.wants_json()) return reader.context.terminal.out(to_text(line) + "\n");
  std::string text = string_or(line, "text");
  // Only a terminal obeys escape sequences; a file gets the line as it was written.
  if (reader.context.terminal.is_out_terminal) text = printable(text);
  const std::int64_t missing = integer_or(line, "truncated_bytes", 0);
  if (missing > 0) text += fmt::format(" [{} more bytes]", missing);
  const std::string time = reader.has_times ? string_or(line, "at") + " " : std::string();
  reader.context.terminal.out(time + text + "\n");
}

// Prints one page; its number of lines and where to go on.
struct Page {
  std::size_t lines = 0;
  std::int64_t next_after = 0;
  bool is_ended = false;
};

Result<Page> print_page(const Reader& reader, const Query& position) {
  Query query = reader.filters;
  query.insert(query.end(), position.begin(), position.end());
  SIGIL_TRY(const Json page, reader.context.api.get(reader.path, query));
  Page facts;
  for (const auto& line : array_at(page, "items")) {
    print_line(reader, line);
    facts.next_after = std::max(facts.next_after, integer_or(line, "seq", 0));
    ++facts.lines;
  }
  facts.next_after = std::max(facts.next_after, integer_or(page, "next_after", 0));
  facts.is_ended = bool_or(page, "ended", false);
  return facts;
}

Result<void> print_to_end(const Reader& reader, std::int64_t& after) {
  for (;;) {
    SIGIL_TRY(const Page page, print_page(reader, {{"after", std::to_string(after)},
                                                   {"limit", std::to_string(kPageLines)}}));
    const bool has_moved = page.next_after > after;
    after = std::max(after, page.next_after);
    if (page.lines == 0 || !has_moved) return {};
  }
}

Result<void> print_tail(const Reader& reader, std::int64_t lines, std::int64_t& after) {
  // "Before the end of time": the newest lines, oldest of them first.
  constexpr std::int64_t kEnd = std::int64_t{1} << 53;
  SIGIL_TRY(const Page page, print_page(reader, {{"before", std::to_string(kEnd)},
                                                 {"limit", std::to_string(lines)}}));
  after = std::max(after, page.next_after);
  return {};
}

Result<void> follow(const Reader& reader, std::int64_t after) {
  Backoff backoff(reader.context.clock, kPatience);
  for (;;) {
    const auto page = print_page(reader, {{"after", std::to_string(after)},
                                          {"limit", std::to_string(kPageLines)},
                                          {"wait", std::to_string(kWaitSeconds)}});
    if (page) {
      backoff.answered();
      after = std::max(after, page->next_after);
      if (page->is_ended) return {};
      continue;
    }
    const auto wait = backoff.next(page.error());
    if (!wait) return fail(page.error());
    (void)sleep_for(*wait, {});
  }
}

Result<std::int64_t> tail_of(const std::string& text) {
  std::int64_t lines = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), lines);
  if (error != std::errc() || end != text.data() + text.size() || lines < 1 || lines > 5'000)
    return fail(ErrorCode::invalid_argument, "usage", "--tail is a number from 1 to 5000");
  return lines;
}

}  // namespace

Result<Query> log_query(const LogOptions& options, WallTime now) {
  Query query;
  if (!options.replica.empty()) query.emplace_back("replica", options.replica);
  if (!options.grep.empty()) query.emplace_back("grep", options.grep);
  if (options.since.empty()) return query;
  if (parse_rfc3339(options.since)) {
    query.emplace_back("since", options.since);
    return query;
  }
  SIGIL_TRY(const auto age, parse_duration(options.since));
  query.emplace_back("since", to_rfc3339(now - age));
  return query;
}

Result<ExitStatus> print_deployment_logs(const Context& context, const std::string& name,
                                         const LogOptions& options) {
  SIGIL_TRY(Query filters, log_query(options, context.clock.wall_now()));
  const Reader reader{context, "/api/v1/deployments/" + segment(name) + "/logs", std::move(filters),
                      options.has_times};
  std::int64_t after = 0;
  if (options.tail.empty()) {
    SIGIL_CHECK(print_to_end(reader, after));
  } else {
    SIGIL_TRY(const std::int64_t lines, tail_of(options.tail));
    SIGIL_CHECK(print_tail(reader, lines, after));
  }
  if (options.follows) SIGIL_CHECK(follow(reader, after));
  return ExitStatus::done;
}

}  // namespace sigil::cli
