#include "builder/scan/waiver.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "builder/scan/policy.h"

namespace sigil::scan {

namespace {

bool is_covered(const Waiver& waiver, const WaiverQuestion& question) {
  if (waiver.rule != question.rule || waiver.expires <= question.now) return false;
  if (!waiver.commit.empty() && waiver.commit != question.commit) return false;
  if (!waiver.is_alone && waiver.approver == waiver.author) return false;
  if (!waiver.fingerprint.empty()) return waiver.fingerprint == question.fingerprint;
  return !waiver.path.empty() && is_glob_match(waiver.path, question.path);
}

}  // namespace

const Waiver* find_waiver(const std::vector<Waiver>& waivers, const WaiverQuestion& question) {
  const auto found =
      std::ranges::find_if(waivers, [&](const Waiver& each) { return is_covered(each, question); });
  return found == waivers.end() ? nullptr : &*found;
}

Result<std::vector<Waiver>> parse_waivers(std::string_view text) {
  const auto list = parse_json(text);
  if (!list || !list->is_array())
    return fail(ErrorCode::invalid_argument, "E_SCAN_WAIVER", "waivers are a JSON list");
  std::vector<Waiver> waivers;
  for (const auto& each : *list) {
    Waiver waiver;
    waiver.id = string_or(each, "id");
    waiver.rule = string_or(each, "rule");
    waiver.fingerprint = string_or(each, "fingerprint");
    waiver.path = string_or(each, "path");
    waiver.commit = string_or(each, "commit");
    waiver.reason = string_or(each, "reason");
    waiver.author = string_or(each, "author");
    waiver.approver = string_or(each, "approver");
    waiver.is_alone = bool_or(each, "is_alone", false);
    waiver.expires = integer_or(each, "expires", 0);
    waivers.push_back(std::move(waiver));
  }
  return waivers;
}

std::string waivers_text(const std::vector<Waiver>& waivers) {
  auto list = Json::array();
  for (const auto& each : waivers)
    list.push_back({{"id", each.id},
                    {"rule", each.rule},
                    {"fingerprint", each.fingerprint},
                    {"path", each.path},
                    {"commit", each.commit},
                    {"reason", each.reason},
                    {"author", each.author},
                    {"approver", each.approver},
                    {"is_alone", each.is_alone},
                    {"expires", each.expires}});
  return sigil::to_text(list);
}

}  // namespace sigil::scan
