#include "proxy/front_door.h"

#include <gtest/gtest.h>

namespace sigil::proxy {
namespace {

TEST(FrontDoor, GoesByTheRawPath) {
  const struct {
    const char* path;
    Way way;
  } table[] = {
      {"/", Way::welcome},
      {"/health", Way::carried},
      {"/metrics", Way::carried},
      {"/metrics/proxy", Way::metrics},
      {"/api", Way::carried},
      {"/api/v1/x", Way::carried},
      {"/v0/servers", Way::carried},
      {"/v0.1/servers", Way::carried},
      {"/r/x", Way::carried},
      {"/docs/rules/x", Way::carried},
      {"/weather/mcp", Way::deployment},
      {"/apix/mcp", Way::deployment},
      {"/weather", Way::unknown},
      {"/weather/mcp/", Way::unknown},
      {"/weather/sse", Way::unknown},
      {"//mcp", Way::unknown},
      {"/internal/routes", Way::unknown},
      {"/internal/mcp", Way::unknown},
      {"/.well-known/mcp", Way::unknown},
      {"/health/x", Way::unknown},
      {"/%61pi/x", Way::unknown},
      {"/weather/%6dcp", Way::unknown},
      {"*", Way::unknown},
  };
  for (const auto& row : table) EXPECT_EQ(destination_of(row.path).way, row.way) << row.path;
  EXPECT_EQ(destination_of("/weather/mcp").deployment, "weather");
}

}  // namespace
}  // namespace sigil::proxy
