// Scans of deployments, the waivers people ask for and approve, and the pages of rules.
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "builder/scan/policy.h"
#include "builder/scan/rule_catalogue.h"
#include "controlplane/api/body_reader.h"
#include "controlplane/api/conditional.h"
#include "controlplane/api/list_page.h"
#include "controlplane/api/render_parts.h"
#include "controlplane/api/routes.h"
#include "registry-db/deployment_store.h"
#include "registry-db/scan_store.h"

namespace sigil::api {
namespace {

constexpr std::int64_t kWaiverDaysMax = 90;
constexpr std::int64_t kAloneDaysMax = 7;

Json head_of(const db::ScanReport& scan) {
  return {{"id", scan.id.text()},
          {"deployment", scan.deployment.is_empty() ? Json()
                                                    : Json{{"id", scan.deployment.text()},
                                                           {"name", scan.deployment_name}}},
          {"operation", text_or_null(scan.operation.text())},
          {"commit", text_or_null(scan.commit)},
          {"verdict", scan.verdict},
          {"created_at", to_rfc3339(scan.created_at)}};
}

// The gravest issues stay when not all fit into one answer.
void fit_issues(Json& answer) {
  auto& report = answer["report"];
  if (!report.is_object() || !report.contains("issues") || !report["issues"].is_array()) return;
  auto& issues = report["issues"];
  std::size_t omitted = 0;
  static const std::vector<std::string> kBySeverity = {"info", "warning", "error", "block"};
  for (const auto& severity : kBySeverity) {
    while (to_text(answer).size() > kPageBytesMax && issues.size() > 1) {
      const auto before = issues.size();
      // Halves of what is least grave: a report of thousands is cut in a few rounds.
      Json kept = Json::array();
      std::size_t dropped = 0;
      for (const auto& issue : issues) {
        const bool is_least = string_or(issue, "severity") == severity;
        if (is_least && dropped < 1 + before / 4) {
          ++dropped;
        } else {
          kept.push_back(issue);
        }
      }
      if (dropped == 0) break;
      omitted += dropped;
      issues = std::move(kept);
    }
  }
  answer["issues_omitted"] = omitted;
}

Result<DeploymentId> wanted_deployment(const Context& context, const ApiRequest& request) {
  const auto name = request.query.get("deployment");
  if (!name) return DeploymentId();
  SIGIL_TRY(const auto found,
            db::DeploymentStore(context.access(request)).find_by_id_or_name(*name));
  return found.id;
}

ApiResponse list_response(std::vector<Json> items) {
  RenderedPage page;
  page.total = static_cast<std::int64_t>(items.size());
  page.as_of = std::chrono::system_clock::now();
  for (const auto& item : items) page.items.push_back(to_text(item));
  return page_response(std::move(page));
}

Result<ApiResponse> list(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto limit, request.query.number("limit", 50, 1, 200));
  SIGIL_TRY(const auto deployment, wanted_deployment(context, request));
  SIGIL_TRY(const auto scans,
            db::ScanStore(context.access(request)).list(deployment, static_cast<int>(limit)));
  std::vector<Json> items;
  for (const auto& scan : scans) items.push_back(head_of(scan));
  return list_response(std::move(items));
}

Result<ApiResponse> show(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto scan,
            db::ScanStore(context.access(request)).find(db::ScanId(request.param("id"))));
  auto answer = head_of(scan);
  answer["report"] = embedded_json(scan.report);
  fit_issues(answer);
  return json_response(200, answer);
}

const char* state_of(const db::ScanWaiver& waiver) {
  if (waiver.is_revoked) return "revoked";
  if (waiver.expires_at <= std::chrono::system_clock::now()) return "expired";
  return waiver.is_approved ? "active" : "waiting";
}

Json waiver_json(const db::ScanWaiver& waiver) {
  return {{"id", waiver.id.text()},
          {"deployment", text_or_null(waiver.deployment.text())},
          {"rule", waiver.rule},
          {"fingerprint", text_or_null(waiver.fingerprint)},
          {"path", text_or_null(waiver.path)},
          {"commit", text_or_null(waiver.commit)},
          {"reason", waiver.reason},
          {"author", text_or_null(waiver.author_name)},
          {"approver", text_or_null(waiver.approver_name)},
          {"alone", waiver.is_alone},
          {"state", state_of(waiver)},
          {"expires_at", to_rfc3339(waiver.expires_at)},
          {"created_at", to_rfc3339(waiver.created_at)}};
}

Result<ApiResponse> list_waivers(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto limit, request.query.number("limit", 50, 1, 200));
  SIGIL_TRY(const auto deployment, wanted_deployment(context, request));
  SIGIL_TRY(const auto waivers,
            db::ScanWaiverStore(context.access(request)).list(deployment, static_cast<int>(limit)));
  std::vector<Json> items;
  for (const auto& waiver : waivers) items.push_back(waiver_json(waiver));
  return list_response(std::move(items));
}

bool is_admin(const controlplane::Caller& caller) {
  return caller.role == "admin" && caller.has_scope("admin");
}

// Four eyes need two people: alone only who is the only one that could approve.
Result<void> check_alone(const Context& context, const ApiRequest& request) {
  if (!is_admin(*request.caller))
    return fail(ErrorCode::forbidden, "waiver_alone", "only an admin may waive alone");
  if (context.services->settings.scan.four_eyes == "required")
    return fail(ErrorCode::forbidden, "waiver_alone",
                "scan.four_eyes demands a second person for every waiver");
  SIGIL_TRY(const auto approvers,
            db::ScanWaiverStore(context.services->database.as(db::Caller::worker()))
                .count_approvers(request.caller->team));
  if (approvers > 1)
    return fail(ErrorCode::forbidden, "waiver_alone",
                "there is somebody else who can approve: leave alone out",
                "another admin runs: sigil waiver approve WAIVER");
  return {};
}

Result<db::ScanWaiver> read_waiver(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(auto reader, BodyReader::parse(request.body));
  db::ScanWaiver waiver;
  waiver.rule = reader.text("rule", {.is_required = true, .bytes_max = 40});
  waiver.fingerprint = reader.text("fingerprint", {.bytes_max = 64});
  waiver.path = reader.text("path", {.bytes_max = 500});
  waiver.commit = reader.text("commit", {.bytes_max = 64});
  waiver.reason = reader.text("reason", {.is_required = true, .bytes_max = 1000});
  waiver.is_alone = reader.boolean("alone");
  const auto deployment = reader.text("deployment", {.bytes_max = 100});
  const auto days_max = waiver.is_alone ? kAloneDaysMax : kWaiverDaysMax;
  const auto days = reader.integer("days", 1, days_max).value_or(waiver.is_alone ? 7 : 30);
  if (!waiver.rule.empty() && scan::find_rule(waiver.rule) == nullptr)
    reader.complain("rule", "there is no such rule; see /docs/rules");
  if (waiver.fingerprint.empty() == waiver.path.empty())
    reader.complain("fingerprint", "either fingerprint or path is needed");
  if (!waiver.fingerprint.empty() && waiver.fingerprint.size() != 64)
    reader.complain("fingerprint", "64 hexadecimal digits, the id of an issue in the report");
  SIGIL_CHECK(reader.finish());
  waiver.team = request.caller->team;
  waiver.author = request.caller->user;
  waiver.expires_at = std::chrono::system_clock::now() + std::chrono::hours(24 * days);
  if (!deployment.empty()) {
    SIGIL_TRY(const auto found,
              db::DeploymentStore(context.access(request)).find_by_id_or_name(deployment));
    waiver.deployment = found.id;
    waiver.team = found.team;
  }
  return waiver;
}

ApiResponse waiver_response(int status, const db::ScanWaiver& waiver) {
  auto response = json_response(status, waiver_json(waiver));
  response.resource = waiver.id.text();
  return response;
}

Result<ApiResponse> create_waiver(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto waiver, read_waiver(context, request));
  if (waiver.is_alone) SIGIL_CHECK(check_alone(context, request));
  SIGIL_TRY(const auto created, db::ScanWaiverStore(context.access(request)).create(waiver));
  return waiver_response(201, created);
}

Result<ApiResponse> approve_waiver(const Context& context, const ApiRequest& request) {
  if (!is_admin(*request.caller))
    return fail(ErrorCode::forbidden, "needs_admin", "only an admin of the team approves waivers");
  SIGIL_TRY(const auto approved,
            db::ScanWaiverStore(context.access(request))
                .approve(db::WaiverId(request.param("id")), request.caller->user));
  return waiver_response(200, approved);
}

Result<ApiResponse> revoke_waiver(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto revoked,
            db::ScanWaiverStore(context.access(request)).revoke(db::WaiverId(request.param("id"))));
  return waiver_response(200, revoked);
}

// What a developer's own scan should be held against.
Result<ApiResponse> show_policy(const Context& context, const ApiRequest&) {
  const auto& settings = context.services->settings.scan;
  scan::Policy policy;
  if (!settings.policy_file.empty()) {
    std::ifstream in(settings.policy_file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    SIGIL_TRY(policy, scan::parse_policy(text, "scan.policy_file"));
  }
  policy.fail_on = scan::severity_named(settings.fail_on).value_or(scan::Severity::block);
  return json_response(200, {{"policy", scan::policy_text(policy)},
                             {"hash", scan::policy_hash(policy)},
                             {"ruleset", scan::kRuleset}});
}

ApiResponse page_of(std::string html) {
  ApiResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.body = std::move(html);
  return response;
}

Result<ApiResponse> rule_index(const Context&, const ApiRequest&) {
  return page_of(scan::rule_index_html());
}

Result<ApiResponse> rule_page(const Context&, const ApiRequest& request) {
  const auto* rule = scan::find_rule(request.param("id"));
  if (rule == nullptr) return fail(ErrorCode::not_found, "there is no such rule; see /docs/rules");
  return page_of(scan::rule_page_html(*rule));
}

}  // namespace

std::vector<Route> scan_routes(const Context& context) {
  const auto bound = [&context](auto function) -> Handler {
    return [&context, function](const ApiRequest& request) { return function(context, request); };
  };
  return {
      {"GET", "/api/v1/scans", Access::read, BodyKind::none, {"limit", "deployment"}, bound(list)},
      {"GET", "/api/v1/scans/{id}", Access::read, BodyKind::none, {}, bound(show)},
      {"GET",
       "/api/v1/scan-waivers",
       Access::read,
       BodyKind::none,
       {"limit", "deployment"},
       bound(list_waivers)},
      {"POST",
       "/api/v1/scan-waivers",
       Access::deploy,
       BodyKind::json,
       {},
       bound(create_waiver),
       "scan.waive"},
      {"POST",
       "/api/v1/scan-waivers/{id}/approve",
       Access::deploy,
       BodyKind::none,
       {},
       bound(approve_waiver),
       "scan.approve"},
      {"DELETE",
       "/api/v1/scan-waivers/{id}",
       Access::deploy,
       BodyKind::none,
       {},
       bound(revoke_waiver),
       "scan.revoke"},
      {"GET", "/api/v1/scan-policy", Access::read, BodyKind::none, {}, bound(show_policy)},
      {"GET", "/docs/rules", Access::optional, BodyKind::none, {}, bound(rule_index)},
      {"GET", "/docs/rules/{id}", Access::optional, BodyKind::none, {}, bound(rule_page)},
  };
}

}  // namespace sigil::api
