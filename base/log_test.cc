#include "base/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace sigil {
namespace {

std::string captured(const log::Options& options, const std::function<void()>& write) {
  log::start(options);
  ::testing::internal::CaptureStderr();
  write();
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneJsonObjectALine) {
  const std::string line = captured({log::Level::info, true, "sigild"}, [] {
    log::info("replica ready", {{"deployment", "dep_1"}, {"took_ms", 12}, {"is_first", true}});
  });
  const auto json = parse_json(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(json.has_value()) << line;
  EXPECT_EQ(string_or(*json, "message"), "replica ready");
  EXPECT_EQ(string_or(*json, "level"), "info");
  EXPECT_EQ(string_or(*json, "program"), "sigild");
  EXPECT_EQ(integer_or(*json, "took_ms", 0), 12);
  EXPECT_TRUE(bool_or(*json, "is_first", false));
}

TEST(Log, EscapesWhateverAValueHolds) {
  const std::string evil = "a\"b\\c\nd\x1b[31m\xff";
  const std::string line = captured({log::Level::info, true, ""}, [&] {
    log::warn("odd", {{"text", evil}});
  });
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  const auto json = parse_json(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(json.has_value()) << line;
  EXPECT_EQ(string_or(*json, "text"), "a\"b\\c\nd\x1b[31m?");
}

TEST(Log, PlainTextStaysOnOneLineToo) {
  const std::string line = captured({log::Level::info, false, "sigil"}, [] {
    log::error("broken {}", {{"why", "a\nb c"}, {"name", "x"}, {"empty", ""}});
  });
  EXPECT_NE(line.find("error sigil: broken {} why=\"a\\nb c\" name=x empty=\"\"\n"),
            std::string::npos)
      << line;
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
  EXPECT_EQ(captured({log::Level::warn, true, ""}, [] { log::info("no"); }), "");
}

}  // namespace
}  // namespace sigil
