// The schema after all migrations: its golden listing, and that row-level security holds whatever
// a query forgets.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "registry-db/audit_store.h"
#include "registry-db/log_store.h"
#include "registry-db/operation_event_store.h"
#include "registry-db/package_store.h"
#include "registry-db/replica_store.h"
#include "registry-db/secret_store.h"
#include "registry-db/sql.h"
#include "registry-db/test_world.h"
#include "registry-db/upload_store.h"

namespace sigil::db {
namespace {

constexpr const char* kGolden = "tests/golden/registry-db/schema.txt";

class SchemaTest : public TestWorld {
 protected:
  std::vector<std::string> rows(const std::string& sql) {
    std::vector<std::string> texts;
    must(run(worker(), [&](Transaction& tx) -> Result<void> {
      for (const auto& row : tx.exec_once(sql)) texts.emplace_back(row[0].c_str());
      return {};
    }));
    return texts;
  }
  std::string listing();
  void fill();  // something of team A in every table that belongs to teams
};

std::string SchemaTest::listing() {
  const std::vector<std::pair<std::string, std::string>> parts{
      {"columns",
       "select format('%s %s.%s %s%s%s', c.relname, lpad(a.attnum::text, 2, '0'), a.attname, "
       "format_type(a.atttypid, a.atttypmod),"
       "  case when a.attnotnull then ' not null' else '' end,"
       "  case when d.oid is null then '' else ' default ' || pg_get_expr(d.adbin, d.adrelid) end)"
       " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
       " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
       " left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum"
       " where n.nspname = 'sigil' and c.relkind = 'r'"},
      {"constraints",
       "select format('%s %s', k.conrelid::regclass, pg_get_constraintdef(k.oid))"
       " from pg_constraint k join pg_namespace n on n.oid = k.connamespace"
       " where n.nspname = 'sigil'"},
      {"indexes", "select indexdef from pg_indexes where schemaname = 'sigil'"},
      {"row-level security",
       "select format('%s %s', relname, relrowsecurity) from pg_class c"
       " join pg_namespace n on n.oid = c.relnamespace"
       " where n.nspname = 'sigil' and relkind = 'r'"},
      {"policies",
       "select format('%s %s: %s to %s using %s check %s', tablename, policyname, cmd,"
       "  array_to_string(roles, ','), coalesce(qual, '-'), coalesce(with_check, '-'))"
       " from pg_policies where schemaname = 'sigil'"},
      {"grants on tables",
       "select format('%s %s: %s', c.relname, a.grantee::regrole,"
       "  string_agg(a.privilege_type, ',' order by a.privilege_type))"
       " from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a"
       " where n.nspname = 'sigil' and c.relkind = 'r'"
       "  and a.grantee::regrole::text in ('sigil_app', 'sigil_worker')"
       " group by c.relname, a.grantee"},
      {"grants on columns",
       "select format('%s.%s %s: %s', c.relname, t.attname, a.grantee::regrole,"
       "  string_agg(a.privilege_type, ',' order by a.privilege_type))"
       " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
       " join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a"
       " where n.nspname = 'sigil' group by c.relname, t.attname, a.grantee"},
      {"functions",
       "select format('%s(%s)%s owner %s', p.proname, pg_get_function_identity_arguments(p.oid),"
       "  case when p.prosecdef then ' security definer' else '' end, p.proowner::regrole)"
       " from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'sigil'"}};
  std::string text;
  for (const auto& [title, sql] : parts) {
    text += "# " + title + "\n";
    auto found = rows(sql);
    std::ranges::sort(found);  // here, so that no collation has a say
    for (const auto& row : found) text += row + "\n";
    text += "\n";
  }
  return text;
}

TEST_F(SchemaTest, IsTheOneOnRecord) {
  const std::string now = listing();
  if (std::getenv("SIGIL_REFRESH_GOLDEN") != nullptr) std::ofstream(kGolden) << now;
  std::ifstream file(kGolden);
  std::ostringstream recorded;
  recorded << file.rdbuf();
  EXPECT_EQ(now, recorded.str()) << "SIGIL_REFRESH_GOLDEN=1 rewrites " << kGolden;
}

void SchemaTest::fill() {
  const auto deployment = make_deployment("weather");
  const auto revision = make_revision(deployment);
  const auto operation = make_operation(deployment);
  Replica replica;
  replica.id = make_id<ReplicaId>();
  replica.deployment = deployment.id;
  replica.revision_id = revision.id;
  must(ReplicaStore(worker()).create(replica));
  must(SecretStore(worker()).put(deployment.id, {{"TOKEN", "x"}}));
  OperationEvent event;
  event.text = "x";
  must(OperationEventStore(worker()).append(operation.id, {event}));
  LogLine line;
  line.text = "x";
  must(LogStore(worker()).append(deployment.id, {line}));
  Publication publication;
  publication.team = team_a_;
  publication.name = "com.acme/inner";
  publication.version = "1";
  publication.server_json = "{}";
  publication.is_public = false;
  publication.tools = {Tool{ToolKind::tool, "x", "", "", "{}", ""}};
  must(PackageStore(worker()).publish(publication));
  Upload upload;
  upload.team = team_a_;
  upload.sha256 = std::string(64, 'a');
  must(UploadStore(worker()).create(upload));
  AuditEvent audit;
  audit.team = team_a_;
  audit.action = "x";
  must(AuditStore(worker()).append(audit));
  const auto team = "'" + team_a_.text() + "'";
  query("insert into sigil.api_keys (id, team_id, user_id, shown, hash) values ('key_1', " + team +
        ", '" + user_a_.text() + "', 'sglp', decode(repeat('ab', 32), 'hex'))");
  query("insert into sigil.scan_reports (id, team_id, verdict, report) values ('s', " + team +
        ", 'passed', '{}')");
  query(
      "insert into sigil.scan_waivers (id, team_id, rule, path, reason, author_id, expires_at)"
      " values ('w', " +
      team + ", 'SIG-CMD-001', '**', 'r', '" + user_a_.text() + "', now())");
  query("insert into sigil.git_hosts (id, kind, name) values ('h', 'git', 'h')");
  query(
      "insert into sigil.git_installations (id, git_host_id, team_id, external_id, account)"
      " values ('i', 'h', " +
      team + ", '1', 'acme')");
  query(
      "insert into sigil.git_repositories (id, git_host_id, installation_id, team_id,"
      " external_id, full_name) values ('r', 'h', 'i', " +
      team + ", '1', 'acme/x')");
}

TEST_F(SchemaTest, AQueryWithoutWhereShowsNothingOfAnotherTeam) {
  fill();
  const auto tables = rows(
      "select table_name::text from information_schema.columns"
      " where table_schema = 'sigil' and column_name = 'team_id'"
      " and table_name not in ('team_members') order by 1");
  EXPECT_GE(tables.size(), 18U);
  const auto count = [&](const Access& access, const std::string& table) {
    return must(run(access, [&](Transaction& tx) -> Result<std::int64_t> {
      return Reader(tx.exec_once("select count(team_id) from " + table)[0]).integer();
    }));
  };
  for (const auto& table : tables) {
    EXPECT_GE(count(worker(), table), 1) << table << " is not tried: fill() forgets it";
    EXPECT_EQ(count(as_b(), table), 0) << table;
    EXPECT_EQ(count(anonymous(), table), 0) << table;
    EXPECT_GE(count(as_a(), table), 1) << table;
  }
}

TEST_F(SchemaTest, AnApiKeysTeamNarrowsWhatItsUserSees) {
  make_deployment("weather");
  must(TeamStore(worker()).put_member(team_b_, user_a_, MemberRole::viewer));
  make_deployment("mail", team_b_);
  const auto seen = [&](const TeamId& only) {
    return must(DeploymentStore(db_->as(Caller::user(user_a_, only))).list({}, {})).total;
  };
  EXPECT_EQ(seen({}), 2);
  EXPECT_EQ(seen(team_b_), 1);
  must(TeamStore(worker()).remove_member(team_b_, user_a_));
  EXPECT_EQ(seen(team_b_), 0);
}

TEST_F(SchemaTest, NothingOfACallerStaysBehindInTheSession) {
  make_deployment("weather");
  auto one = must(Database::open({.url = url_, .connections_max = 1}));
  const auto seen = [&](const Caller& caller) {
    return must(DeploymentStore(one->as(caller)).list({}, {})).total;
  };
  EXPECT_EQ(seen(Caller::user(user_a_)), 1);
  EXPECT_EQ(seen(Caller::anonymous()), 0);
  // The same session, settings '' and not null now, role put aside by hand.
  must(run(one->as(Caller::anonymous()), [](Transaction& tx) -> Result<void> {
    EXPECT_EQ(Reader(tx.exec_once("select current_setting('sigil.user_id')")[0]).text(), "");
    EXPECT_EQ(Reader(tx.exec_once("select count(*) from mcp_deployments")[0]).integer(), 0);
    EXPECT_EQ(Reader(tx.exec_once("select current_user::text")[0]).text(), "sigil_app");
    return {};
  }));
  EXPECT_EQ(seen(Caller::worker()), 1);
  EXPECT_EQ(seen(Caller::user(UserId(""))), 0);
}

TEST_F(SchemaTest, TheRolesOfRequestsAndWorkOwnNothingAndAreNobodySpecial) {
  EXPECT_EQ(query("select count(*) from pg_class where relowner in"
                  " ('sigil_app'::regrole, 'sigil_worker'::regrole)"),
            "0");
  EXPECT_EQ(query("select count(*) from pg_proc where proowner in"
                  " ('sigil_app'::regrole, 'sigil_worker'::regrole)"),
            "0");
  EXPECT_EQ(query("select count(*) from pg_roles where rolname like 'sigil\\_%'"
                  " and (rolsuper or rolbypassrls or rolcanlogin or rolcreaterole)"),
            "0");
  EXPECT_EQ(query("select bool_and(relrowsecurity) from pg_class c join pg_namespace n"
                  " on n.oid = c.relnamespace where nspname = 'sigil' and relkind = 'r'"
                  " and relname <> 'schema_migrations'"),
            "t");
}

template <typename Names>
std::string listed(const Names& names) {
  std::string text;
  for (const auto& entry : names) text += "'" + std::string(entry.second) + "' ";
  return text;
}

// The words of C++ and of the check constraints are the same sets.
TEST_F(SchemaTest, KnowsTheSameWordsAsTheProgram) {
  const auto words_of = [&](const std::string& table, const std::string& column) {
    const std::string constraint = table + "_" + column + "_check";
    const std::string sql =
        "select m[1] from pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid),"
        " '''([a-z_]+)''::text', 'g') m where k.conname = '" +
        constraint + "'";
    std::string text;
    for (const auto& row : rows(sql)) text.append("'").append(row).append("' ");
    return text;
  };
  EXPECT_EQ(words_of("operations", "state"), listed(kOperationStates));
  EXPECT_EQ(words_of("operations", "kind"), listed(kOperationKinds));
  EXPECT_EQ(words_of("operation_steps", "state"), listed(kStepStates));
  EXPECT_EQ(words_of("mcp_deployments", "state"), listed(kDeploymentStates));
  EXPECT_EQ(words_of("mcp_deployments", "source_kind"), listed(kSourceKinds));
  EXPECT_EQ(words_of("mcp_replicas", "state"), listed(kReplicaStates));
  EXPECT_EQ(words_of("mcp_revisions", "transport"), listed(kTransports));
  EXPECT_EQ(words_of("mcp_tools", "kind"), listed(kToolKinds));
  EXPECT_EQ(words_of("mcp_package_versions", "status"), listed(kVersionStatuses));
  EXPECT_EQ(words_of("team_members", "role"), listed(kMemberRoles));
  EXPECT_EQ(words_of("feed_events", "topic"), listed(kFeedTopics));
  EXPECT_EQ(words_of("feed_events", "type"), listed(kFeedTypes));
}

TEST_F(SchemaTest, HasAnIndexForEveryForeignKey) {
  const auto missing = rows(
      "select format('%s %s', k.conrelid::regclass, pg_get_constraintdef(k.oid))"
      " from pg_constraint k join pg_namespace n on n.oid = k.connamespace"
      " where n.nspname = 'sigil' and k.contype = 'f' and not exists ("
      "   select from pg_index i where i.indrelid = k.conrelid"
      "   and (i.indkey::smallint[])[0] = k.conkey[1])");
  for (const auto& key : missing)
    // Users are disabled, hardly ever deleted: a scan is fine then.
    EXPECT_NE(key.find("REFERENCES users"), std::string::npos) << key;
}

}  // namespace
}  // namespace sigil::db
