#include "proxy/origin.h"

#include <gtest/gtest.h>

namespace sigil::proxy {
namespace {

http1::RequestHead request(std::vector<http1::Field> fields) {
  http1::RequestHead head;
  head.method = "POST";
  head.target = "/a/mcp";
  head.fields = std::move(fields);
  return head;
}

TEST(Origin, IsCheckedAgainstListAndOwnHosts) {
  Route route;
  route.allowed_origins = {"https://good.example", "http://with.port:81"};
  RouteTable table;
  table.public_url = "https://Sigil.example/";
  const std::vector<std::string> hosts = {"127.0.0.1:7450", "localhost:7450"};
  const struct {
    const char* origin;
    OriginVerdict verdict;
  } rows[] = {
      {"https://good.example", OriginVerdict::allowed},
      {"HTTPS://GOOD.example", OriginVerdict::allowed},
      {"http://with.port:81", OriginVerdict::allowed},
      {"https://sigil.example", OriginVerdict::allowed},
      {"http://localhost:7450", OriginVerdict::allowed},
      {"http://good.example", OriginVerdict::refused},
      {"https://good.example:8443", OriginVerdict::refused},
      {"https://good.example.evil", OriginVerdict::refused},
      {"https://good.example/", OriginVerdict::refused},
      {"http://with.port", OriginVerdict::refused},
      {"http://localhost:7451", OriginVerdict::refused},
      {"https://localhost:7450", OriginVerdict::refused},
      {"null", OriginVerdict::refused},
      {"", OriginVerdict::refused},
      {"https://a, https://good.example", OriginVerdict::refused},
  };
  for (const auto& row : rows)
    EXPECT_EQ(check_origin(request({{"Origin", row.origin}}), route, table, hosts), row.verdict)
        << row.origin;
  EXPECT_EQ(check_origin(request({}), route, table, hosts), OriginVerdict::absent);
}

}  // namespace
}  // namespace sigil::proxy
