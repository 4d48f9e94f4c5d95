// The parts that take the engine's streams apart.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/engine/buildkit_trace.h"
#include "base/engine/connection.h"
#include "base/engine/json_lines.h"
#include "base/engine/log_frames.h"
#include "base/engine/progress_stream.h"
#include "base/engine/protobuf.h"
#include "base/engine/query.h"
#include "base/engine/terminal_text.h"

namespace sigil::engine {
namespace {

// Hands the bytes over one at a time and all at once: the result must be the same.
template <typename Taker>
void in_pieces(const std::string& bytes, std::size_t size, Taker&& take) {
  for (std::size_t at = 0; at < bytes.size(); at += size) take(bytes.substr(at, size));
}

std::vector<std::string> terminal_lines(const std::string& text, std::size_t max = 1'000) {
  std::vector<std::string> lines;
  TerminalText terminal(
      [&lines](std::string_view line, bool is_stderr) {
        lines.push_back((is_stderr ? "E:" : "") + std::string(line));
      },
      max);
  in_pieces(text, 1, [&](const std::string& piece) { terminal.take(piece); });
  terminal.finish();
  return lines;
}

TEST(TerminalText, TakesEscapesAndControlsOut) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"\x1b[1;32mgreen\x1b[0m ok\n", "green ok"},
      {"\x1b]0;title\x07text\n", "text"},
      {"\x1b]0;title\x1b\\text\n", "text"},
      {"a\x1b[2Kb\x08\x07"
       "c\x7f\n",
       "abc"},
      {std::string("nul\0byte\n", 9), "nulbyte"},
      {"bad \xff utf8\n", "bad \xef\xbf\xbd utf8"},
      {"c1 \xc2\x9b"
       "31m\n",
       "c1 31m"},
      {"\x1b[31", ""},
      {"tab\there\n", "tab\there"},
      {"\x1b(Bcharset\n", "Bcharset"}};
  for (const auto& row : table) {
    const auto lines = terminal_lines(row.first);
    EXPECT_EQ(lines.empty() ? "" : lines.front(), row.second);
  }
}

TEST(TerminalText, ACarriageReturnOverwrites) {
  EXPECT_EQ(terminal_lines("10%\r50%\r100%\nnext\r\nlast"),
            (std::vector<std::string>{"100%", "next", "last"}));
}

TEST(TerminalText, CutsLinesThatAreTooLong) {
  EXPECT_EQ(terminal_lines("abcdefgh\n", 3), (std::vector<std::string>{"abc", "def", "gh"}));
}

TEST(TerminalText, CleansAWholeText) {
  EXPECT_EQ(clean_text("a\x1b[91mb\x1b[0m\nc"), "ab\nc");
  EXPECT_EQ(clean_text(std::string(100'000, 'x'), 10), std::string(10, 'x'));
  EXPECT_EQ(clean_text(""), "");
}

TEST(JsonLines, SplitsHoweverTheBytesArrive) {
  for (const std::size_t size : {1U, 7U, 1'000U}) {
    int sum = 0;
    JsonLines lines(
        [&sum](const Json& object) { sum += static_cast<int>(integer_or(object, "a", 0)); });
    in_pieces("{\"a\":1}\r\n\n{\"a\":2}\nnot json\n[1]\n{\"a\":4}", size,
              [&](const std::string& piece) { lines.take(piece); });
    lines.finish();
    EXPECT_EQ(sum, 7);
    EXPECT_EQ(lines.unreadable(), 2U);
  }
}

TEST(JsonLines, LeavesOutLinesThatAreTooLongAndGoesOn) {
  for (const std::size_t size : {1U, 50U, 1'000U}) {
    int count = 0;
    JsonLines lines([&count](const Json&) { ++count; }, 20);
    in_pieces("{\"long\":\"" + std::string(100, 'x') + "\"}\n{\"a\":1}\n", size,
              [&](const std::string& piece) { lines.take(piece); });
    EXPECT_EQ(count, 1);
    EXPECT_EQ(lines.unreadable(), 1U);
  }
}

std::string field(int number, int wire) {
  return std::string(1, static_cast<char>(number << 3 | wire));
}
std::string text_field(int number, const std::string& text) {
  return field(number, 2) + static_cast<char>(text.size()) + text;
}
std::string number_field(int number, char value) { return field(number, 0) + value; }

TEST(Protobuf, ReadsFieldsAndSkipsOthers) {
  const std::string bytes = number_field(1, 5) + text_field(2, "two") + field(3, 5) + "abcd" +
                            field(4, 1) + "abcdefgh" + field(5, 0) + "\x96\x01";
  ProtobufReader reader(bytes);
  EXPECT_EQ(reader.next()->value, 5U);
  EXPECT_EQ(reader.next()->bytes, "two");
  EXPECT_EQ(reader.next()->number, 3U);
  EXPECT_EQ(reader.next()->number, 4U);
  EXPECT_EQ(reader.next()->value, 150U);
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_FALSE(reader.is_broken());
}

TEST(Protobuf, StopsAtBrokenBytes) {
  for (const std::string& bytes :
       {field(1, 2) + "\x05" + "abc", field(1, 0), field(1, 0) + std::string(11, '\xff'),
        field(1, 3), field(1, 7), field(1, 5) + "abc", std::string(1, '\0'),
        std::string(20, '\xff'),
        field(1, 2) + std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") + "x"}) {
    ProtobufReader reader(bytes);
    while (reader.next()) {
    }
    EXPECT_TRUE(reader.is_broken());
  }
}

TEST(BuildkitTrace, TellsAVertexOnceThenItsOutputThenItsError) {
  std::vector<std::string> lines;
  BuildkitTrace trace([&lines](const ProgressLine& line) {
    lines.push_back((line.is_error ? "!" : line.is_stderr ? "E:" : "") + line.text);
  });
  const std::string queued = text_field(1, "d1") + text_field(3, "[1/2] FROM x");
  trace.take(text_field(1, queued));
  trace.take(text_field(1, queued + number_field(4, 1)));
  trace.take(text_field(1, queued + number_field(4, 1) + text_field(6, "")));
  const std::string run = text_field(1, "d2") + text_field(3, "[2/2] RUN y") + text_field(5, "t");
  trace.take(text_field(1, run));
  trace.take(text_field(3, text_field(1, "d2") + number_field(3, 1) + text_field(4, "half ")) +
             text_field(3, text_field(1, "d2") + number_field(3, 2) + text_field(4, "oops\n")) +
             text_field(3, text_field(1, "d2") + number_field(3, 1) + text_field(4, "line\nrest")));
  trace.take(text_field(1, run + text_field(7, "exit code: 7")));
  trace.take("\xff\xff\xff garbage");
  trace.finish();
  EXPECT_EQ(lines, (std::vector<std::string>{"CACHED [1/2] FROM x", "[2/2] RUN y", "E:oops",
                                             "half line", "rest", "!exit code: 7"}));
}

TEST(ProgressStream, MarksWhatCameFromStderr) {
  std::vector<std::string> lines;
  ProgressStream progress([&lines](const ProgressLine& line) {
    lines.push_back((line.is_stderr ? "E:" : "") + line.text);
  });
  progress.take(R"({"stream":"out\n"})"
                "\n"
                R"({"stream":"\u001b[91mnpm warn\n\u001b[0m"})"
                "\n"
                R"({"stream":"a \u001b[91mred\u001b[0m word\n"})"
                "\n"
                R"({"stream":7})"
                "\n");
  progress.finish();
  EXPECT_EQ(lines, (std::vector<std::string>{"out", "E:npm warn", "a red word"}));
}

TEST(ProgressStream, BelievesOnlyWholeIdsAndTheFirstError) {
  ProgressStream progress(nullptr);
  progress.take(R"({"aux":{"ID":"sha256:abc"}})"
                "\n"
                R"({"aux":7})"
                "\n"
                R"({"aux":null})"
                "\n"
                R"({"error":"first"})"
                "\n"
                R"({"errorDetail":{"message":"second"}})"
                "\n");
  progress.finish();
  EXPECT_EQ(progress.image_id(), "");
  EXPECT_EQ(progress.error(), "first");
  ProgressStream detail(nullptr);
  detail.take(R"({"errorDetail":{"message":"only"}})"
              "\n"
              R"({"errorDetail":7})");
  detail.finish();
  EXPECT_EQ(detail.error(), "only");
}

std::string frame(char stream, const std::string& payload) {
  std::string head(8, '\0');
  head[0] = stream;
  for (int i = 0; i < 4; ++i)
    head[static_cast<std::size_t>(7 - i)] = static_cast<char>(payload.size() >> (8 * i) & 0xff);
  return head + payload;
}

const std::string kAt = "2026-11-24T19:14:06.918125388Z";
const std::string kLater = "2026-11-24T19:14:07.000000000Z";

TEST(LogLines, JoinsFramesOfOneMomentHoweverTheyArrive) {
  const std::string bytes = frame(1, kAt + " aaa") + frame(2, kAt + " err\n") +
                            frame(1, kAt + " bbb") + frame(1, kAt + " c\n") +
                            frame(1, kAt + " unfinished") + frame(1, kLater + " \n") + frame(1, "");
  for (const std::size_t size : {1U, 5U, 10'000U}) {
    std::vector<std::string> lines;
    LogLines reader([&lines](const LogLine& line) {
      lines.push_back((line.is_stderr ? "E:" : "") + line.text);
      return true;
    });
    in_pieces(bytes, size, [&](const std::string& piece) { EXPECT_TRUE(reader.take(piece)); });
    reader.finish();
    EXPECT_EQ(lines, (std::vector<std::string>{"E:err", "aaabbbc", "unfinished", ""}));
  }
}

TEST(LogLines, CutsWhatIsTooLongAndSaysHowMuch) {
  std::vector<LogLine> lines;
  LogLines reader([&lines](const LogLine& line) {
    lines.push_back(line);
    return true;
  });
  for (int i = 0; i < 10; ++i) reader.take(frame(1, kAt + " " + std::string(16'384, 'x')));
  reader.take(frame(1, kAt + " x\n") + frame(1, kAt + " " + std::string(200'000, 'y') + "\n"));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].text.size(), 65'536U);
  EXPECT_EQ(lines[0].truncated_bytes, 16'384U * 10 + 1 - 65'536U);
  EXPECT_EQ(lines[1].text.size(), 65'536U);
  EXPECT_EQ(lines[1].truncated_bytes, 200'000U - 65'536U);
}

TEST(LogLines, StopsAtWhatIsNoFrame) {
  for (const std::string& bytes : {std::string("plain text of a terminal"), frame(3, "x"),
                                   std::string("\x01\x00\x00\x00\xff\xff\xff\xff", 8)}) {
    LogLines reader([](const LogLine&) { return true; });
    EXPECT_FALSE(reader.take(bytes));
    EXPECT_TRUE(reader.is_broken());
  }
}

TEST(LogLines, StopsWhenTheCallerHasEnough) {
  int count = 0;
  LogLines reader([&count](const LogLine&) { return ++count < 2; });
  EXPECT_FALSE(
      reader.take(frame(1, kAt + " a\n") + frame(1, kAt + " b\n") + frame(1, kAt + " c\n")));
  EXPECT_FALSE(reader.is_broken());
  EXPECT_EQ(count, 2);
}

TEST(Query, EncodesPieceByPiece) {
  EXPECT_EQ(Query().text(), "");
  EXPECT_EQ(Query().add("a", "b&c=d e").add_if(false, "no", "x").add("t", "x/y:1").text(),
            "?a=b%26c%3Dd%20e&t=x%2Fy%3A1");
  EXPECT_EQ(label_filter({{"a", "1"}, {"b", ""}}), R"({"label":["a=1","b"]})");
}

TEST(Versions, AreComparedByNumber) {
  EXPECT_EQ(older_version("1.54", "1.9"), "1.9");
  EXPECT_EQ(older_version("1.54", "1.100"), "1.54");
  EXPECT_EQ(older_version("1.54", "2.1"), "1.54");
}

}  // namespace
}  // namespace sigil::engine
