// The reading half of the package store; the writing half is in package_publish.cc.
#include "registry-db/package_store.h"

#include "registry-db/list_query.h"
#include "registry-db/package_row.h"
#include "registry-db/tool_rows.h"

namespace sigil::db {
namespace {

constexpr std::size_t kSearchWordsMax = 8;
constexpr std::size_t kSearchBytesMax = 200;

constexpr std::string_view kFindByName =
    "select " SIGIL_PACKAGE_COLUMNS " from mcp_packages p where p.name = $1";
constexpr std::string_view kFindByShortName =
    "select " SIGIL_PACKAGE_COLUMNS
    " from mcp_packages p where split_part(p.name, '/', 2) = $1"
    " order by p.name limit 20";
constexpr std::string_view kVersions =
    "select " SIGIL_VERSION_COLUMNS
    " from mcp_package_versions v"
    " where v.package_id = $1 and ($2::boolean or v.status <> 'deleted')"
    " order by v.published_at desc, v.id desc limit 10000";
constexpr std::string_view kVersionId =
    "select id from mcp_package_versions"
    " where package_id = $1 and (version = $2 or $2 = '' and is_latest)";
constexpr std::string_view kDeployments = "select id, name, state from deployments_of_package($1)";

constexpr std::array<SortKey, 3> kSorts{{
    {"name", "p.name", "text"},
    {"created_at", "p.created_at", "timestamptz"},
    {"updated_at", "p.updated_at", "timestamptz"},
}};

std::vector<std::string> search_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : std::string(text.substr(0, kSearchBytesMax)) + " ") {
    if (c != ' ' && c != '\t' && c != '\n') {
      word += c;
    } else if (!word.empty() && words.size() < kSearchWordsMax) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

void filter_by(ListQuery& query, const PackageFilter& filter) {
  if (!filter.team.is_empty()) query.where("p.team_id = $?", filter.team);
  if (!filter.names.empty()) query.where("p.name = any ($?::text[])", filter.names);
  for (const auto& word : search_words(filter.search))
    query.where("p.search_text ilike $?", "%" + like_escaped(word) + "%");
  if (!filter.with_deleted)
    query.where(
        "exists (select from mcp_package_versions v"
        " where v.package_id = p.id and v.status <> 'deleted')");
}

// The name itself first, then names that hold the text, then by how well the words fit.
std::string relevance(ListQuery& query, const std::string& search) {
  const auto whole = query.bind_for_order(search);
  const auto part = query.bind_for_order("%" + like_escaped(search) + "%");
  return "(case when " + whole +
         " in (p.name, split_part(p.name, '/', 2)) then 100"
         " when split_part(p.name, '/', 2) ilike " +
         part +
         " then 10"
         " when p.name ilike " +
         part + " or p.title ilike " + part +
         " then 5 else 0 end"
         " + ts_rank(p.search_words, websearch_to_tsquery('simple', " +
         whole + ")))::real";
}

Result<void> arrange(ListQuery& query, const PackageFilter& filter, const PageRequest& page) {
  if (filter.search.empty()) return query.arrange(page, kSorts, "name");
  const std::string expression = relevance(query, filter.search);
  std::vector<SortKey> sorts(kSorts.begin(), kSorts.end());
  sorts.push_back({"relevance", expression, "real"});
  return query.arrange(page, sorts, "-relevance");
}

tl::unexpected<Error> ambiguous(const std::string& name, const pqxx::result& rows) {
  Error error{ErrorCode::conflict,
              "ambiguous_name",
              "more than one package is called " + name,
              "use the whole name: namespace/name",
              {}};
  int place = 0;
  for (const auto& row : rows)
    error.details["/candidates/" + std::to_string(place++)] = read_package(row).name;
  return fail(std::move(error));
}

}  // namespace

Result<Package> PackageStore::find(const PackageId& id) {
  return run(access_, [&](Transaction& tx) { return find_package(tx, id); });
}

Result<Package> PackageStore::find_by_name(const std::string& name) {
  return run(access_, [&](Transaction& tx) -> Result<Package> {
    const bool is_whole = name.find('/') != std::string::npos;
    const auto rows = tx.exec(is_whole ? kFindByName : kFindByShortName, {name});
    if (rows.empty())
      return fail(ErrorCode::not_found, "package_not_found", "there is no package " + name,
                  "sigil package search " + name);
    if (rows.size() > 1) return ambiguous(name, rows);
    return read_package(rows[0]);
  });
}

Result<Page<Package>> PackageStore::list(const PackageFilter& filter, const PageRequest& page) {
  return run(access_, [&](Transaction& tx) -> Result<Page<Package>> {
    ListQuery query(SIGIL_PACKAGE_COLUMNS, "mcp_packages p", "p.id");
    filter_by(query, filter);
    SIGIL_CHECK(arrange(query, filter, page));
    return fetch_page<Package>(tx, query, read_package);
  });
}

Result<std::vector<PackageVersion>> PackageStore::versions(const PackageId& package,
                                                           bool with_deleted) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<PackageVersion>> {
    SIGIL_CHECK(find_package(tx, package));
    std::vector<PackageVersion> versions;
    for (const auto& row : tx.exec(kVersions, {package, with_deleted}))
      versions.push_back(read_version(row));
    return versions;
  });
}

Result<PackageVersion> PackageStore::find_version(const PackageId& package,
                                                  const std::string& version) {
  return run(access_,
             [&](Transaction& tx) { return sigil::db::find_version(tx, package, version); });
}

Result<std::vector<Tool>> PackageStore::tools(const PackageId& package,
                                              const std::string& version) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<Tool>> {
    const auto rows = tx.exec(kVersionId, {package, version});
    if (rows.empty())
      return fail(ErrorCode::not_found, "version_not_found",
                  "there is no version " + (version.empty() ? "of this package" : version));
    return list_tools(tx, {{}, Reader(rows[0]).text()});
  });
}

Result<std::vector<PackageDeployment>> PackageStore::deployments(const PackageId& package) {
  return run(access_, [&](Transaction& tx) -> Result<std::vector<PackageDeployment>> {
    std::vector<PackageDeployment> deployments;
    for (const auto& row : tx.exec(kDeployments, {package})) {
      Reader reader(row);
      PackageDeployment deployment;
      deployment.id = reader.id<DeploymentId>();
      deployment.name = reader.text();
      deployment.state = reader.word(kDeploymentStates);
      deployments.push_back(std::move(deployment));
    }
    return deployments;
  });
}

}  // namespace sigil::db
