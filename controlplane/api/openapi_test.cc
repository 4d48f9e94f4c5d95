// The document and the code say the same: routes both ways, parameters, bodies, scopes, enums; and
// what the renderers make fits the schemas that are published.
#include "controlplane/api/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "controlplane/api/openapi_check.h"
#include "controlplane/api/render_key.h"
#include "controlplane/api/routes.h"
#include "registry-db/states.h"

namespace sigil::api {
namespace {

bool is_made_by_proxy(const Json& value) { return value.value("x-answered-by", "") == "proxy"; }

std::vector<Route> public_routes() {
  static const Context context{nullptr};
  std::vector<Route> routes;
  for (auto& route : all_routes(context))
    if (route.access != Access::control) routes.push_back(std::move(route));
  return routes;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), ::tolower);
  return result;
}

const Json* operation_of(const Route& route) {
  const auto& paths = openapi::document()["paths"];
  const auto path = paths.find(std::string(route.pattern));
  if (path == paths.end() || !path->contains(lower(route.method))) return nullptr;
  return &(*path)[lower(route.method)];
}

std::set<std::string> documented(const Json& operation, const std::string& place) {
  std::set<std::string> names;
  for (const auto& entry : operation.value("parameters", Json::array())) {
    const Json& parameter = openapi::resolved(entry);
    if (parameter["in"] == place && !is_made_by_proxy(parameter))
      names.insert(parameter["name"].get<std::string>());
  }
  return names;
}

TEST(Openapi, IsAThreeOneDocumentThatFitsIntoOneAnswer) {
  EXPECT_EQ(openapi::document()["openapi"], "3.1.0");
  EXPECT_LT(openapi_document().size(), 256U * 1024);
  EXPECT_EQ(parse_json(openapi_document()).value(), openapi::document());
}

TEST(Openapi, HoldsEveryRouteOfTheRouter) {
  for (const auto& route : public_routes())
    EXPECT_NE(operation_of(route), nullptr) << route.method << ' ' << route.pattern;
}

TEST(Openapi, HoldsNothingTheRouterLacks) {
  std::set<std::string> known;
  for (const auto& route : public_routes())
    known.insert(lower(route.method) + ' ' + std::string(route.pattern));
  for (const auto& path : openapi::document()["paths"].items())
    for (const auto& operation : path.value().items())
      if (!is_made_by_proxy(operation.value())) {
        EXPECT_EQ(known.count(operation.key() + ' ' + path.key()), 1U)
            << operation.key() << ' ' << path.key();
      }
}

TEST(Openapi, NamesTheQueryParametersTheRouterTakes) {
  for (const auto& route : public_routes()) {
    const Json* operation = operation_of(route);
    if (operation == nullptr) continue;
    const std::set<std::string> taken(route.parameters.begin(), route.parameters.end());
    EXPECT_EQ(documented(*operation, "query"), taken) << route.method << ' ' << route.pattern;
  }
}

TEST(Openapi, SaysWhatTheDispatcherAsksFor) {
  for (const auto& route : public_routes()) {
    const Json* operation = operation_of(route);
    if (operation == nullptr) continue;
    const auto name = std::string(route.method) + ' ' + std::string(route.pattern);
    EXPECT_EQ(operation->contains("requestBody"), route.body != BodyKind::none) << name;
    EXPECT_EQ(documented(*operation, "header").count("Idempotency-Key") > 0, route.method == "POST")
        << name;
    const Json security = operation->value("security", Json());
    if (route.access == Access::read) {
      EXPECT_EQ(security, Json::parse(R"([{"key":["read"]}])")) << name;
    } else if (route.access == Access::deploy) {
      EXPECT_EQ(security, Json::parse(R"([{"key":["deploy"]}])")) << name;
    } else if (route.access == Access::admin) {
      EXPECT_EQ(security, Json::parse(R"([{"key":["admin"]}])")) << name;
    } else if (route.access == Access::optional) {
      EXPECT_TRUE(security.is_array() && (security.empty() || security[0].empty())) << name;
    }
    EXPECT_TRUE(operation->contains("operationId") && operation->contains("summary")) << name;
  }
}

TEST(Openapi, HasPathParametersForEveryBrace) {
  for (const auto& path : openapi::document()["paths"].items())
    for (const auto& operation : path.value().items())
      for (const auto& name : documented(operation.value(), "path"))
        EXPECT_NE(path.key().find('{' + name + '}'), std::string::npos) << path.key();
}

TEST(Openapi, NamesEachOperationOnce) {
  std::set<std::string> ids;
  for (const auto& path : openapi::document()["paths"])
    for (const auto& operation : path)
      EXPECT_TRUE(ids.insert(operation["operationId"].get<std::string>()).second)
          << operation["operationId"];
}

template <typename Enum, std::size_t N>
void expect_words(const std::string& schema, const EnumNames<Enum, N>& names) {
  std::set<std::string> words;
  for (const auto& entry : names) words.emplace(entry.second);
  const auto documented_words =
      openapi::document()["components"]["schemas"][schema]["enum"].get<std::set<std::string>>();
  EXPECT_EQ(documented_words, words) << schema;
}

TEST(Openapi, ListsTheClosedSetsAsTheDatabaseKnowsThem) {
  expect_words("DeploymentState", db::kDeploymentStates);
  expect_words("ReplicaState", db::kReplicaStates);
  expect_words("OperationState", db::kOperationStates);
  expect_words("OperationKind", db::kOperationKinds);
  expect_words("StepState", db::kStepStates);
  expect_words("Transport", db::kTransports);
  expect_words("SourceKind", db::kSourceKinds);
  expect_words("ToolKind", db::kToolKinds);
  expect_words("VersionStatus", db::kVersionStatuses);
  expect_words("FeedTopic", db::kFeedTopics);
  expect_words("FeedType", db::kFeedTypes);
  expect_words("Scope", controlplane::kScopes);
  expect_words("KeyKind", controlplane::kKeyKinds);
  expect_words("KeyState", kKeyStates);
}

TEST(Openapi, LabelsEveryWordOfItsEnums) {
  for (const auto& schema : openapi::document()["components"]["schemas"].items()) {
    if (!schema.value().contains("enum")) continue;
    const Json labels = schema.value().value("x-enum-labels", Json::object());
    EXPECT_EQ(labels.size(), schema.value()["enum"].size()) << schema.key();
    for (const auto& word : schema.value()["enum"]) {
      const Json label = labels.value(word.get<std::string>(), Json::object());
      EXPECT_FALSE(label.value("label", "").empty() || label.value("description", "").empty())
          << schema.key() << ' ' << word;
    }
  }
}

void check_examples(const Json& content, const std::string& where) {
  for (const auto& media : content.items()) {
    if (!media.value().contains("example")) continue;
    EXPECT_EQ(openapi::misfits(media.value()["schema"], media.value()["example"]), "")
        << where << ' ' << media.key();
  }
}

TEST(Openapi, GivesExamplesThatFitTheirSchemas) {
  for (const auto& path : openapi::document()["paths"].items())
    for (const auto& operation : path.value().items()) {
      const auto where = operation.key() + ' ' + path.key();
      check_examples(
          operation.value().value("requestBody", Json::object()).value("content", Json::object()),
          where);
      for (const auto& response : operation.value()["responses"])
        check_examples(openapi::resolved(response).value("content", Json::object()), where);
    }
}

TEST(Openapi, DescribesWhatTheRenderersMake) {
  const std::pair<const char*, const char*> goldens[] = {{"deployment", "Deployment"},
                                                         {"deployment_deleting", "Deployment"},
                                                         {"revision", "Revision"},
                                                         {"operation_failed", "Operation"},
                                                         {"operation_events", "OperationEvents"},
                                                         {"log_page", "LogPage"},
                                                         {"log_info", "LogInfo"},
                                                         {"package_page", "PackagePage"},
                                                         {"tool_list", "ToolList"},
                                                         {"key", "ApiKey"},
                                                         {"feed_page", "FeedPage"}};
  for (const auto& [name, schema] : goldens) {
    std::ifstream in(std::string("tests/golden/api/") + name + ".json");
    ASSERT_TRUE(in) << name;
    const auto golden = parse_json(std::string(std::istreambuf_iterator<char>(in), {}));
    ASSERT_TRUE(golden.has_value()) << name;
    EXPECT_EQ(openapi::misfits({{"$ref", "#/components/schemas/" + std::string(schema)}}, *golden),
              "")
        << name;
  }
}

TEST(Openapi, NoticesAMisfit) {
  EXPECT_NE(openapi::misfits({{"$ref", "#/components/schemas/LogInfo"}}, {{"first_seq", "one"}}),
            "");
}

}  // namespace
}  // namespace sigil::api
