#include "cli/text.h"

#include <gtest/gtest.h>

namespace sigil::cli {
namespace {

using std::chrono::milliseconds;

TEST(Text, ReadsDurations) {
  const std::pair<const char*, std::int64_t> table[] = {{"90s", 90'000},      {"10m", 600'000},
                                                        {"1h30m", 5'400'000}, {"250ms", 250},
                                                        {"5", 5'000},         {"1d", 86'400'000}};
  for (const auto& [text, ms] : table) EXPECT_EQ(parse_duration(text).value().count(), ms) << text;
}

TEST(Text, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "m", "10x", "-5s", "1.5h", "10m5", "99999999999999999999s"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Text, WritesDurationsAsPeopleSayThem) {
  const std::pair<std::int64_t, const char*> table[] = {{250, "250ms"},
                                                        {4'260, "4.2s"},
                                                        {190'000, "3m 10s"},
                                                        {3'900'000, "1h 05m"},
                                                        {187'200'000, "2d 4h"}};
  for (const auto& [ms, text] : table) EXPECT_EQ(duration_text(milliseconds(ms)), text);
}

TEST(Text, WritesSizes) {
  EXPECT_EQ(size_text(512), "512 B");
  EXPECT_EQ(size_text(12 * 1024 * 1024 + 300 * 1024), "12.3 MiB");
}

TEST(Text, ReadsTimesOfTheApi) {
  const auto time = parse_rfc3339("2026-11-24T18:30:00.000Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(to_rfc3339(*time), "2026-11-24T18:30:00.000Z");
  EXPECT_EQ(age_text("2026-11-24T18:30:00Z", *time + std::chrono::minutes(3)), "3m ago");
  EXPECT_FALSE(parse_rfc3339("2026-11-24T18:30:00+01:00"));
  EXPECT_EQ(age_text("yesterday", *time), "");
}

TEST(Text, ForeignTextCannotSteerTheTerminal) {
  EXPECT_EQ(printable("a\x1b[31mred\x1b[0m b"), "ared b");
  EXPECT_EQ(printable("\x1b]0;title\atext"), "text");
  EXPECT_EQ(printable("\x1b]8;;http://x\x1b\\link"), "link");
  EXPECT_EQ(printable("two\nlines\r\n\tand a tab"), "two lines and a tab");
  EXPECT_EQ(printable("bell\a back\b \xC2\x9B"
                      "31m"),
            "bell back 31m");
  EXPECT_EQ(printable("open \x1b["), "open ");
  EXPECT_EQ(printable("Grüße ✓"), "Grüße ✓");
}

TEST(Text, ShortensByLettersNotBytes) {
  EXPECT_EQ(shortened("Grüße", 5), "Grüße");
  EXPECT_EQ(shortened("Grüße an alle", 6), "Grüße…");
  EXPECT_EQ(width_of("Grüße"), 5U);
}

}  // namespace
}  // namespace sigil::cli
