#include "proxy/query_config.h"

#include <gtest/gtest.h>

#include "proxy/session_config.h"

namespace sigil::proxy {
namespace {

std::string config_of(std::string_view query) {
  const auto config = read_query_config(query);
  return config.has_value() ? config->json : "refused: " + config.error().reason;
}

TEST(QueryConfig, ReadsBothForms) {
  const struct {
    const char* query;
    const char* json;
  } table[] = {
      {"", ""},
      {"api_key=x&profile=y", ""},
      {"a=1", R"({"a":1})"},
      {"a=text", R"({"a":"text"})"},
      {"a=true&b=null&c=%22q%22", R"({"a":true,"b":null,"c":"q"})"},
      {"server.host=h&server.port=8080", R"({"server":{"host":"h","port":8080}})"},
      {"tags.0=x&tags.1=y", R"({"tags":["x","y"]})"},
      {"tags.1=x", R"({"tags":{"1":"x"}})"},
      {"list.1.a=2&list.0.a=1", R"({"list":[{"a":1},{"a":2}]})"},
      {"a=1&a=2", R"({"a":1})"},
      {"a=b+c%20d", R"({"a":"b c d"})"},
      {"a", R"({"a":""})"},
      {"config=eyJhIjoxfQ%3D%3D", R"({"a":1})"},
      {"config=eyJhIjoxfQ==&a=2", R"({"a":2})"},
      {"config=eyJhIjoxfQ&b=2", R"({"a":1,"b":2})"},
      {"config=!!", "refused: config"},
      {"config=WzFd", "refused: config"},
      {"a=%zz", "refused: config"},
      {"a=%ff", "refused: config"},
      {"a=%00", "refused: config"},
      {"a..b=1", "refused: config"},
      {".a=1", "refused: config"},
      {"a=1&a.b=2", "refused: config"},
      {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1", "refused: config"},
      {"access_token=x", "refused: query_token"},
      {"%61ccess_token=x", "refused: query_token"},
  };
  for (const auto& row : table) EXPECT_EQ(config_of(row.query), row.json) << row.query;
  EXPECT_EQ(config_of(std::string(9000, 'a')), "refused: config");
}

TEST(QueryConfig, IsTheSameForTheSameConfiguration) {
  EXPECT_EQ(config_of("b=1&a=2"), config_of("a=2&b=1"));
}

TEST(ForwardedQuery, DropsOneVendorsParametersAndTouchesNothingElse) {
  EXPECT_EQ(*forwarded_query("a=%20b&api_key=k&profile=p&c"), "a=%20b&c");
  EXPECT_EQ(*forwarded_query("%61pi_key=k"), "");
  EXPECT_EQ(*forwarded_query(""), "");
  EXPECT_FALSE(forwarded_query("access_token=t").has_value());
}

TEST(SessionConfigAnswer, IsReadWithSuspicion) {
  const auto good = read_session_config(
      200, R"({"mode":"http","query":"a=1&config=e30%3D","headers":{"x-key":"v"}})");
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ((*good)->query, "a=1&config=e30%3D");
  EXPECT_EQ((*good)->headers.size(), 1u);
  EXPECT_EQ((*read_session_config(200, R"({"mode":"shim","session_config":"e30"})"))->shim_config,
            "e30");
  for (const char* bad :
       {R"({"mode":"http","query":"a b"})", R"({"mode":"http","query":"a\r\nX: y"})",
        R"({"mode":"http","headers":{"x y":"v"}})", R"({"mode":"http","headers":{"x":"a\r\nb"}})",
        R"({"mode":"http","headers":{"x":7}})", R"({"mode":"shim","session_config":"a\nb"})", "[]",
        ""})
    EXPECT_FALSE(read_session_config(200, bad).has_value()) << bad;
  const auto refused = read_session_config(
      422, R"({"detail":"no","errors":[{"pointer":"/a","code":"required","message":"m"}]})");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(refused.error().details.at("errors").find("/a"), std::string::npos);
  EXPECT_EQ(read_session_config(500, "{}").error().code, ErrorCode::unavailable);
}

TEST(SessionConfigCache, ForgetsWhatWasUsedLeast) {
  SessionConfigCache cache(2);
  const auto value = std::make_shared<const ConfiguredSession>();
  cache.put("a", value);
  cache.put("b", value);
  EXPECT_NE(cache.find("a"), nullptr);
  cache.put("c", value);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_NE(cache.find("c"), nullptr);
}

}  // namespace
}  // namespace sigil::proxy
