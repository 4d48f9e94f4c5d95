#include "registry-db/operation_event_store.h"

#include "registry-db/operation_store.h"
#include "registry-db/sql.h"

namespace sigil::db {
namespace {

constexpr std::size_t kLineBytesMax = 64 * 1024;
constexpr std::int64_t kPageBytesMax = 256 * 1024;
constexpr int kPageItemsMax = 5000;

// The head row is locked from here to the commit: numbers have no gaps and appear in their order.
constexpr std::string_view kAppend =
    "with head as ("
    "  insert into operation_event_heads as h (operation_id, team_id, last_seq)"
    "  select o.id, o.team_id, cardinality($2::text[]) from operations o where o.id = $1"
    "  on conflict (operation_id) do update set last_seq = h.last_seq + excluded.last_seq"
    "  returning h.operation_id, h.team_id, h.last_seq),"
    " lines as ("
    "  insert into operation_events"
    "    (operation_id, team_id, seq, at, step, stream, level, text, truncated_bytes)"
    "  select h.operation_id, h.team_id, h.last_seq - cardinality($2::text[]) + e.place,"
    "    e.at, e.step, e.stream, e.level, e.text, e.truncated_bytes"
    "  from head h, unnest($2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[],"
    "    $7::bigint[]) with ordinality"
    "    as e (at, step, stream, level, text, truncated_bytes, place))"
    " select last_seq from head";

constexpr std::string_view kState = "select state from operations where id = $1";

// The sum of the lengths before a line decides, so one long line still makes a page of its own.
constexpr std::string_view kList =
    "select seq, " SIGIL_SQL_TIME("at") ", step, stream, level, text, truncated_bytes from ("
    "  select e.*, sum(octet_length(text)) over (order by seq) - octet_length(text) as before"
    "  from (select seq, at, step, stream, level, text, truncated_bytes from operation_events"
    "        where operation_id = $1 and seq > $2 order by seq limit $3) e) sized"
    " where before < $4 order by seq";

constexpr std::string_view kBounds =
    "select coalesce((select min(seq) from operation_events where operation_id = $1), 0),"
    "  coalesce((select last_seq from operation_event_heads where operation_id = $1), 0)";

constexpr std::string_view kTail =
    "select text from ("
    "  select seq, text from operation_events"
    "  where operation_id = $1 and ($2 = '' or step = $2) and stream in ('stdout', 'stderr')"
    "  order by seq desc limit $3) newest order by seq";

OperationEvent read_event(const pqxx::row& row) {
  Reader reader(row);
  OperationEvent event;
  event.seq = reader.integer();
  event.at = reader.time();
  event.step = reader.text();
  event.stream = reader.text();
  event.level = reader.text();
  event.text = reader.text();
  event.truncated_bytes = reader.integer();
  return event;
}

std::vector<Param> append_params(const OperationId& id, const std::vector<OperationEvent>& events) {
  std::vector<std::string> at, step, stream, level, text;
  std::vector<std::int64_t> cut;
  for (const auto& event : events) {
    auto clean = clean_text(event.text, kLineBytesMax);
    at.push_back(time_literal(event.at));
    step.push_back(event.step);
    stream.push_back(event.stream);
    level.push_back(event.level);
    text.push_back(std::move(clean.text));
    cut.push_back(event.truncated_bytes + clean.cut_bytes);
  }
  return {id, at, step, stream, level, text, array_literal(cut)};
}

std::int64_t last_number(Transaction& tx, const OperationId& id) {
  Reader bounds(tx.exec(kBounds, {id})[0]);
  bounds.skip();
  return bounds.integer();
}

tl::unexpected<Error> no_operation(const OperationId& id) {
  return fail(ErrorCode::not_found, "operation_not_found", "there is no operation " + id.text());
}

}  // namespace

Result<std::int64_t> OperationEventStore::append(const OperationId& operation,
                                                 const std::vector<OperationEvent>& events) {
  return run(access_, [&](Transaction& tx) -> Result<std::int64_t> {
    if (events.empty()) return last_number(tx, operation);
    const auto rows = tx.exec(kAppend, append_params(operation, events));
    if (rows.empty()) return no_operation(operation);
    return Reader(rows[0]).integer();
  });
}

Result<OperationEventPage> OperationEventStore::list(const OperationId& operation,
                                                     std::int64_t after, int limit) {
  if (limit < 1 || limit > kPageItemsMax)
    return fail(ErrorCode::invalid_argument, "bad_limit",
                "limit must be 1 to " + std::to_string(kPageItemsMax));
  return run(access_, [&](Transaction& tx) -> Result<OperationEventPage> {
    // The state first: what was appended before the end is then surely seen.
    const auto state = tx.exec(kState, {operation});
    if (state.empty()) return no_operation(operation);
    const bool is_over = is_final(Reader(state[0]).word(kOperationStates));
    Reader bounds(tx.exec(kBounds, {operation})[0]);
    OperationEventPage page;
    page.oldest = bounds.integer();
    const auto last = bounds.integer();
    for (const auto& row : tx.exec(kList, {operation, after, limit, kPageBytesMax}))
      page.items.push_back(read_event(row));
    page.next_after = page.items.empty() ? after : page.items.back().seq;
    page.has_ended = is_over && page.next_after >= last;
    return page;
  });
}

Result<std::vector<std::string>> OperationEventStore::tail(const OperationId& operation,
                                                           const std::string& step, int lines) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<std::string>> {
    std::vector<std::string> texts;
    for (const auto& row : tx.exec(kTail, {operation, step, lines}))
      texts.push_back(Reader(row).text());
    return texts;
  });
}

}  // namespace sigil::db
