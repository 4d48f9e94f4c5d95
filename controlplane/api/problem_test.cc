#include "controlplane/api/problem.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sigil::api {
namespace {

Json body_of(const ApiResponse& response) { return parse_json(response.body).value_or(Json()); }

TEST(Problem, GivesEachCodeItsStatus) {
  const std::pair<ErrorCode, int> cases[] = {{ErrorCode::invalid_argument, 400},
                                             {ErrorCode::unauthenticated, 401},
                                             {ErrorCode::forbidden, 403},
                                             {ErrorCode::not_found, 404},
                                             {ErrorCode::gone, 410},
                                             {ErrorCode::conflict, 409},
                                             {ErrorCode::precondition_failed, 412},
                                             {ErrorCode::too_large, 413},
                                             {ErrorCode::rate_limited, 429},
                                             {ErrorCode::unavailable, 503},
                                             {ErrorCode::timed_out, 504},
                                             {ErrorCode::cancelled, 503},
                                             {ErrorCode::internal, 500}};
  for (const auto& [code, status] : cases) EXPECT_EQ(status_of({code, "", "", "", {}}), status);
}

TEST(Problem, LetsSomeReasonsPickAStatusOfTheirOwn) {
  EXPECT_EQ(status_of({ErrorCode::precondition_failed, "precondition_required", "", "", {}}), 428);
  EXPECT_EQ(status_of({ErrorCode::invalid_argument, "method_not_allowed", "", "", {}}), 405);
  EXPECT_EQ(status_of({ErrorCode::invalid_argument, "E_CONFIG_INVALID", "", "", {}}), 422);
  EXPECT_EQ(status_of({ErrorCode::conflict, "idempotency_key_reused", "", "", {}}), 422);
}

TEST(Problem, SaysWhatWhereAndWhatNext) {
  const Error error{ErrorCode::conflict,
                    "E_NAME",
                    "the name is taken",
                    "Choose another.",
                    {{"/name", "is taken"}}};
  const auto response = problem_response(error, "req_1");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const Json expected = {
      {"type", "urn:sigil:problem:E_NAME"},
      {"title", "Conflict"},
      {"status", 409},
      {"detail", "the name is taken"},
      {"code", "E_NAME"},
      {"request_id", "req_1"},
      {"errors",
       Json::array({{{"pointer", "/name"}, {"code", "E_NAME"}, {"message", "is taken"}}})},
      {"hint", "Choose another."},
      {"next", {{"label", "See which names are taken"}, {"cli", "sigil deployment list"}}}};
  EXPECT_EQ(body_of(response), expected);
}

TEST(Problem, KeepsTheInsideOfAnInternalErrorToItself) {
  const Error error{ErrorCode::internal,
                    "internal",
                    "relation \"users\" does not exist",
                    "",
                    {{"/sql", "select secret"}}};
  const auto response = problem_response(error, "req_1");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("users"), std::string::npos);
  EXPECT_EQ(response.body.find("select"), std::string::npos);
}

TEST(Problem, HoldsTheCurrentResourceAndTheNumbersAProgramNeeds) {
  const auto stale = problem_response({ErrorCode::precondition_failed, "x", "", "", {}}, "r",
                                      Json{{"id", "dep_1"}});
  EXPECT_EQ(body_of(stale)["current"]["id"], "dep_1");
  const auto gone = problem_response({ErrorCode::gone, "gone", "", "", {{"/oldest", "480"}}}, "r");
  EXPECT_EQ(body_of(gone)["oldest"], 480);
  const auto offset =
      problem_response({ErrorCode::conflict, "wrong_offset", "", "", {{"/offset", "7"}}}, "r");
  EXPECT_EQ(body_of(offset)["offset"], 7);
}

TEST(Problem, TellsHowToAuthenticateAndWhenToComeBack) {
  const auto refused = problem_response({ErrorCode::unauthenticated, "", "", "", {}}, "r");
  EXPECT_EQ(refused.headers.at(0).first, "WWW-Authenticate");
  const auto busy = problem_response({ErrorCode::unavailable, "", "", "", {}}, "r");
  EXPECT_EQ(busy.headers.at(0).first, "Retry-After");
}

TEST(Problem, SurvivesTextThatIsNotUtf8) {
  const auto response =
      problem_response({ErrorCode::not_found, "", "no \xff\xfe here", "", {}}, "r");
  EXPECT_TRUE(body_of(response).is_object());
}

}  // namespace
}  // namespace sigil::api
