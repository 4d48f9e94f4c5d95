#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/guarded.h"
#include "base/log.h"
#include "controlplane/api/body_reader.h"
#include "controlplane/api/conditional.h"
#include "controlplane/api/list_page.h"
#include "controlplane/api/render_key.h"
#include "controlplane/api/routes.h"
#include "registry-db/audit_store.h"

namespace sigil::api {
namespace {

using controlplane::kKeyKinds;
using controlplane::kScopes;
using std::chrono::milliseconds;

constexpr milliseconds kLifeMax = std::chrono::hours(24 * 365);
constexpr milliseconds kLifeUsual = std::chrono::hours(24 * 90);
constexpr std::size_t kNameBytesMax = 200;

template <typename Enum, std::size_t N>
std::string words_of(const EnumNames<Enum, N>& names) {
  std::string words;
  for (const auto& entry : names) words += (words.empty() ? "" : ", ") + std::string(entry.second);
  return words;
}

struct Wish {
  db::NewApiKey key;
  controlplane::KeyKind kind = controlplane::KeyKind::personal;
};

void read_scopes(BodyReader& reader, Wish& wish) {
  const auto scopes = reader.texts("scopes", kScopes.size());
  if (!scopes || scopes->empty())
    return reader.complain("scopes", "is required: one or more of " + words_of(kScopes));
  std::set<std::string> distinct;
  for (const auto& scope : *scopes) {
    if (!value_in(kScopes, scope)) reader.complain("scopes", "must be of: " + words_of(kScopes));
    distinct.insert(scope);
  }
  wish.key.scopes.assign(distinct.begin(), distinct.end());
}

Result<Wish> read_wish(const ApiRequest& request, WallTime now) {
  SIGIL_TRY(auto reader, BodyReader::parse(request.body));
  Wish wish;
  wish.key.name = reader.text("name", {.bytes_max = kNameBytesMax});
  wish.key.owner = reader.text("owner", {.bytes_max = kNameBytesMax});
  if (wish.key.owner.empty()) wish.key.owner = request.caller->user_name;
  read_scopes(reader, wish);
  if (const auto kind = reader.text("kind"); !kind.empty()) {
    const auto known = value_in(kKeyKinds, kind);
    if (!known) reader.complain("kind", "must be one of: " + words_of(kKeyKinds));
    wish.kind = known.value_or(wish.kind);
  }
  const auto life = reader.integer("expires_in_ms", 1'000, kLifeMax.count());
  wish.key.expires_at = now + milliseconds(life.value_or(kLifeUsual.count()));
  SIGIL_CHECK(reader.finish());
  wish.key.team = request.caller->team;
  wish.key.user = wish.key.created_by = request.caller->user;
  return wish;
}

// A key never exceeds its maker's; the dispatcher lets only admins come here.
Result<ApiResponse> create(const Context& context, const ApiRequest& request) {
  const auto now = context.clock.wall_now();
  SIGIL_TRY(auto wish, read_wish(request, now));
  const auto minted = controlplane::mint_key(wish.kind);
  wish.key.shown = minted.shown;
  wish.key.hash = minted.hash;
  SIGIL_TRY(const auto key, db::ApiKeyStore(context.access(request)).create(wish.key));
  const Json shown = render_key(key, now, context.render_options(request));
  auto response = json_response(201, {{"key", shown}, {"secret", minted.text.reveal()}});
  response.kept_body = to_text(Json{{"key", shown}, {"secret", nullptr}});
  response.headers.emplace_back("Location", "/api/v1/api-keys/" + key.id.text());
  response.resource = key.id.text();
  return response;
}

Result<ApiResponse> list(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto page, read_page_request(request.query, {"created_at", "name", "owner"}));
  const auto options = context.render_options(request);
  const auto now = context.clock.wall_now();
  db::ApiKeyStore store(context.access(request));
  return fitting_page(page, [&](const db::PageRequest& wanted) -> Result<RenderedPage> {
    SIGIL_TRY(const auto found, store.list(wanted));
    return rendered(found, [&](const db::ApiKey& item) { return render_key(item, now, options); });
  });
}

Result<ApiResponse> show(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto key,
            db::ApiKeyStore(context.access(request)).find(ApiKeyId(request.param("id"))));
  return json_response(200,
                       render_key(key, context.clock.wall_now(), context.render_options(request)));
}

// Keys are looked up at every request and remembered nowhere, so this takes effect at once; what a
// key follows ends with the next read made on its behalf.
Result<ApiResponse> revoke(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto key,
            db::ApiKeyStore(context.access(request)).revoke(ApiKeyId(request.param("id"))));
  auto response = json_response(
      200, render_key(key, context.clock.wall_now(), context.render_options(request)));
  response.resource = key.id.text();
  return response;
}

// So many reports a minute from everybody together: scanners send few, and each is a question to
// the database.
class ReportLimit {
 public:
  bool is_allowed(SteadyTime now) {
    return window_.with([&](Window& window) {
      if (now - window.began >= std::chrono::minutes(1)) window = {now, 0};
      return ++window.count <= kReportsAMinute;
    });
  }

 private:
  static constexpr int kReportsAMinute = 30;
  struct Window {
    SteadyTime began{};
    int count = 0;
  };
  Guarded<Window> window_;
};

void tell_of_leak(const Context& context, const ApiRequest& request, const db::ApiKey& key) {
  const std::string address(request.header("x-sigil-client-address").substr(0, 64));
  log::warn("a leaked API key was reported and is revoked",
            {{"key", key.id.text()}, {"owner", key.owner}, {"reported_from", address}});
  db::AuditEvent event;
  event.team = key.team;
  event.key = key.id;
  event.action = "key.leaked";
  event.resource = key.id.text();
  event.outcome = "allowed";
  event.address = address;
  event.request_id = request.request_id;
  const auto written =
      db::AuditStore(context.services->database.as(db::Caller::anonymous())).append(event);
  if (!written) log::error("an audit event is lost", {{"reason", written.error().message}});
}

Result<ApiResponse> leaked(const Context& context, ReportLimit& limit, const ApiRequest& request) {
  SIGIL_TRY(auto reader, BodyReader::parse(request.body));
  const auto text = reader.text("key", {.is_required = true, .bytes_max = 100});
  if (!controlplane::is_well_formed_key(text)) reader.complain("key", "must be a whole API key");
  SIGIL_CHECK(reader.finish());
  if (!limit.is_allowed(context.clock.steady_now()))
    return fail(ErrorCode::rate_limited, "rate_limited", "too many reports at once",
                "Send it again in a minute.");
  SIGIL_TRY(const auto key, db::ApiKeyStore(context.services->database.as(db::Caller::worker()))
                                .revoke_by_hash(controlplane::hash_key(text)));
  if (key) tell_of_leak(context, request, *key);
  return json_response(200, {{"revoked", key.has_value()}});
}

}  // namespace

std::vector<Route> key_routes(const Context& context) {
  const auto bound = [&context](auto function) -> Handler {
    return [&context, function](const ApiRequest& request) { return function(context, request); };
  };
  auto limit = std::make_shared<ReportLimit>();
  return {
      {"POST", "/api/v1/api-keys", Access::admin, BodyKind::json, {}, bound(create), "key.create"},
      {"GET",
       "/api/v1/api-keys",
       Access::admin,
       BodyKind::none,
       {"limit", "cursor", "sort"},
       bound(list)},
      {"GET", "/api/v1/api-keys/{id}", Access::admin, BodyKind::none, {}, bound(show)},
      {"DELETE",
       "/api/v1/api-keys/{id}",
       Access::admin,
       BodyKind::none,
       {},
       bound(revoke),
       "key.revoke"},
      {"POST",
       "/api/v1/api-keys/leaked",
       Access::optional,
       BodyKind::json,
       {},
       [&context, limit](const ApiRequest& request) { return leaked(context, *limit, request); }},
  };
}

}  // namespace sigil::api
