#include "registry-db/log_store.h"

#include <algorithm>
#include <limits>

#include "registry-db/deployment_row.h"

namespace sigil::db {
namespace {

// The head row is locked from here to the commit: numbers have no gaps and appear in their order.
constexpr std::string_view kAppend =
    "with head as ("
    "  insert into deployment_log_heads as h (deployment_id, team_id, last_seq, bytes)"
    "  select d.id, d.team_id, cardinality($2::text[]), $8::bigint from mcp_deployments d"
    "  where d.id = $1"
    "  on conflict (deployment_id) do update"
    "    set last_seq = h.last_seq + excluded.last_seq, bytes = h.bytes + excluded.bytes"
    "  returning h.deployment_id, h.team_id, h.last_seq),"
    " lines as ("
    "  insert into deployment_log_lines"
    "    (deployment_id, team_id, seq, at, replica_id, revision, stream, text, truncated_bytes)"
    "  select h.deployment_id, h.team_id, h.last_seq - cardinality($2::text[]) + l.place,"
    "    l.at, l.replica_id, l.revision, l.stream, l.text, l.truncated_bytes"
    "  from head h, unnest($2::timestamptz[], $3::text[], $4::bigint[], $5::text[], $6::text[],"
    "    $7::bigint[]) with ordinality"
    "    as l (at, replica_id, revision, stream, text, truncated_bytes, place))"
    " select last_seq from head";

#define SIGIL_LOG_FILTER                                                                \
  " deployment_id = $1 and seq > $2 and seq < $3"                                       \
  " and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)" \
  " and ($6 = '' or replica_id = $6) and ($7::bigint is null or revision = $7)"         \
  " and ($8 = '' or stream = $8) and ($9 = '' or text ilike $9)"

// Lengths are summed in reading order up to the line before, so one long line still makes a page of
// its own. The last column tells whether the page was cut.
#define SIGIL_LOG_PAGE(direction) \
  "select seq, " SIGIL_SQL_TIME("at") ", replica_id, revision, stream, text, truncated_bytes," \
  " found from ("                                                                              \
  "  select l.*, count(*) over () as found,"                                                   \
  "    sum(octet_length(text)) over (order by seq " direction ") - octet_length(text) as before" \
  "  from (select seq, at, replica_id, revision, stream, text, truncated_bytes"                \
  "        from deployment_log_lines where" SIGIL_LOG_FILTER                                   \
  "        order by seq " direction " limit $10) l) sized"                                     \
  " where before < $11 order by seq"

constexpr std::string_view kForward = SIGIL_LOG_PAGE("asc");
constexpr std::string_view kBackward = SIGIL_LOG_PAGE("desc");

// As if nothing was ever written where no line was.
constexpr std::string_view kHead =
    "select coalesce(h.last_seq, 0), coalesce(h.dropped, 0), coalesce(h.bytes, 0)"
    " from mcp_deployments d left join deployment_log_heads h on h.deployment_id = d.id"
    " where d.id = $1";

constexpr std::string_view kLastAt =
    "select " SIGIL_SQL_TIME("at") " from deployment_log_lines"
    " where deployment_id = $1 and replica_id = $2 order by seq desc limit 1";

constexpr std::string_view kPrune =
    "with head as ("
    "  select last_seq - $2::bigint as upto from deployment_log_heads where deployment_id = $1"
    "  for update),"
    " gone as ("
    "  delete from deployment_log_lines l using head"
    "  where l.deployment_id = $1 and l.seq <= head.upto returning octet_length(l.text) as size),"
    " sums as (select count(*) as lines, coalesce(sum(size), 0) as bytes from gone)"
    " update deployment_log_heads h set dropped = h.dropped + s.lines, bytes = h.bytes - s.bytes"
    " from sums s where h.deployment_id = $1 returning s.lines";

struct Head {
  std::int64_t last = 0, dropped = 0, bytes = 0;
  std::int64_t oldest() const { return last > dropped ? dropped + 1 : 0; }
};

Result<Head> read_head(Transaction& tx, const DeploymentId& id) {
  const auto rows = tx.exec(kHead, {id});
  if (rows.empty()) return no_deployment(id.text());
  Reader reader(rows[0]);
  Head head;
  head.last = reader.integer();
  head.dropped = reader.integer();
  head.bytes = reader.integer();
  return head;
}

LogLine read_line(const pqxx::row& row) {
  Reader reader(row);
  LogLine line;
  line.seq = reader.integer();
  line.at = reader.time();
  line.replica = reader.id<ReplicaId>();
  line.revision = reader.integer();
  line.stream = reader.text();
  line.text = reader.text();
  line.truncated_bytes = reader.integer();
  return line;
}

std::vector<Param> append_params(const DeploymentId& id, const std::vector<LogLine>& lines) {
  std::vector<std::string> at, replica, stream, text;
  std::vector<std::int64_t> revision, cut;
  std::int64_t bytes = 0;
  for (const auto& line : lines) {
    auto clean = clean_text(line.text, static_cast<std::size_t>(kLogLineBytesMax));
    bytes += static_cast<std::int64_t>(clean.text.size());
    at.push_back(time_literal(line.at));
    replica.push_back(line.replica.text());
    revision.push_back(line.revision);
    stream.push_back(line.stream);
    text.push_back(std::move(clean.text));
    cut.push_back(line.truncated_bytes + clean.cut_bytes);
  }
  return {id, at, replica, array_literal(revision), stream, text, array_literal(cut), bytes};
}

std::vector<Param> list_params(const DeploymentId& id, const LogQuery& query) {
  return {id,
          query.after.value_or(0),
          query.before.value_or(std::numeric_limits<std::int64_t>::max()),
          query.since,
          query.until,
          query.replica,
          query.revision,
          query.stream,
          query.grep.empty() ? std::string() : "%" + like_escaped(query.grep) + "%",
          query.limit,
          kLogPageBytesMax};
}

}  // namespace

Result<std::int64_t> LogStore::append(const DeploymentId& deployment,
                                      const std::vector<LogLine>& lines) {
  return run(access_, [&](Transaction& tx) -> Result<std::int64_t> {
    if (lines.empty()) {
      SIGIL_TRY(const auto head, read_head(tx, deployment));
      return head.last;
    }
    const auto rows = tx.exec(kAppend, append_params(deployment, lines));
    if (rows.empty()) return no_deployment(deployment.text());
    return Reader(rows[0]).integer();
  });
}

Result<LogPage> LogStore::list(const DeploymentId& deployment, const LogQuery& query) {
  if (query.limit < 1 || query.limit > kLogPageLimitMax)
    return fail(ErrorCode::invalid_argument, "bad_limit",
                "limit must be 1 to " + std::to_string(kLogPageLimitMax));
  return run(access_, [&](Transaction& tx) -> Result<LogPage> {
    // The head first: every line up to it is then surely seen.
    SIGIL_TRY(const auto head, read_head(tx, deployment));
    const bool is_backward = query.before.has_value() && !query.after.has_value();
    const auto rows = tx.exec(is_backward ? kBackward : kForward, list_params(deployment, query));
    LogPage page;
    page.oldest = head.oldest();
    std::int64_t found = 0;
    for (const auto& row : rows) {
      page.items.push_back(read_line(row));
      found = row[row.size() - 1].as<std::int64_t>();
    }
    const auto after = query.after.value_or(0);
    page.next_after = page.items.empty() ? after : page.items.back().seq;
    // A page that ended because nothing else fits the filters takes the reader past what does not.
    const bool is_cut = found == query.limit || found > static_cast<std::int64_t>(rows.size());
    if (!is_cut && !query.before && !query.until)
      page.next_after = std::max({page.next_after, after, head.last});
    return page;
  });
}

Result<LogInfo> LogStore::info(const DeploymentId& deployment) {
  return run(access_, [&](Transaction& tx) -> Result<LogInfo> {
    SIGIL_TRY(const auto head, read_head(tx, deployment));
    return LogInfo{head.oldest(), head.last, head.last - head.dropped, head.bytes, head.dropped};
  });
}

Result<std::optional<WallTime>> LogStore::last_at(const DeploymentId& deployment,
                                                  const ReplicaId& replica) {
  return run(access_, [&](Transaction& tx) -> Result<std::optional<WallTime>> {
    const auto rows = tx.exec(kLastAt, {deployment, replica});
    if (rows.empty()) return std::optional<WallTime>();
    return std::optional<WallTime>(Reader(rows[0]).time());
  });
}

Result<std::int64_t> LogStore::prune(const DeploymentId& deployment, std::int64_t keep) {
  return run(access_, [&](Transaction& tx) -> Result<std::int64_t> {
    const auto rows = tx.exec(kPrune, {deployment, keep});
    return rows.empty() ? 0 : Reader(rows[0]).integer();
  });
}

}  // namespace sigil::db
