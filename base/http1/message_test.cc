#include "base/http1/message.h"

#include <gtest/gtest.h>

#include <string>

namespace sigil::http1 {
namespace {

struct Outcome {
  Event last = Event::need_more;
  std::string body;
  std::string leftover;
  bool saw_head = false;
};

// Feeds a message in pieces of `piece` bytes, as a socket would.
template <typename Parser>
Outcome feed(Parser& parser, std::string_view message, std::size_t piece) {
  Outcome outcome;
  std::string buffer;
  std::size_t given = 0;
  for (;;) {
    const Step step = parser.next(buffer);
    if (step.event == Event::body) outcome.body += step.body;
    outcome.saw_head = outcome.saw_head || step.event == Event::head;
    buffer.erase(0, step.consumed);
    outcome.last = step.event;
    if (step.event == Event::done || step.event == Event::failed) break;
    if (step.event == Event::head || step.event == Event::body) continue;
    if (step.consumed > 0 && !buffer.empty()) continue;
    if (given == message.size()) break;
    buffer += message.substr(given, piece);
    given = std::min(given + piece, message.size());
  }
  outcome.leftover = buffer + std::string(message.substr(given));
  return outcome;
}

TEST(RequestParser, ReadsHeadAndBodyHoweverTheyAreCut) {
  const std::string message =
      "POST /weather/mcp?a=1&b=2 HTTP/1.1\r\nHost: localhost\r\nContent-Type:  application/json "
      "\r\nContent-Length: 11\r\n\r\nhello worldGET / HTTP/1.1\r\n";
  for (std::size_t piece = 1; piece <= message.size(); ++piece) {
    RequestParser parser;
    const Outcome outcome = feed(parser, message, piece);
    ASSERT_EQ(outcome.last, Event::done) << piece;
    EXPECT_EQ(outcome.body, "hello world");
    EXPECT_EQ(outcome.leftover, "GET / HTTP/1.1\r\n");
    EXPECT_EQ(parser.head().method, "POST");
    EXPECT_EQ(parser.head().path(), "/weather/mcp");
    EXPECT_EQ(parser.head().query(), "a=1&b=2");
    EXPECT_EQ(parser.head().value("content-type"), "application/json");
    EXPECT_TRUE(parser.head().keep_alive);
  }
}

TEST(RequestParser, ReadsChunksHoweverTheyAreCut) {
  const std::string message =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\nrest";
  for (std::size_t piece = 1; piece <= message.size(); ++piece) {
    RequestParser parser;
    const Outcome outcome = feed(parser, message, piece);
    ASSERT_EQ(outcome.last, Event::done) << piece;
    EXPECT_EQ(outcome.body, "hello world");
    EXPECT_EQ(outcome.leftover, "rest");
    EXPECT_EQ(parser.head().find("x-trailer"), nullptr);
  }
}

TEST(RequestParser, KeepsPipelinedRequests) {
  const std::string one = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
  std::string buffer = one + "\r\n" + one + one;
  RequestParser parser;
  for (int i = 0; i < 3; ++i) {
    Step step = parser.next(buffer);
    ASSERT_EQ(step.event, Event::head) << i;
    buffer.erase(0, step.consumed);
    ASSERT_EQ(parser.next(buffer).event, Event::done);
    EXPECT_EQ(parser.head().target, "/a");
    parser.reset();
  }
  EXPECT_TRUE(buffer.empty());
}

TEST(RequestParser, SkipsALineEndBeforeARequestHoweverItIsCut) {
  const std::string message = "\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n";
  for (std::size_t piece = 1; piece <= message.size(); ++piece) {
    RequestParser parser;
    EXPECT_EQ(feed(parser, message, piece).last, Event::done) << piece;
  }
}

TEST(RequestParser, KnowsWhoWantsToKeepTheConnection) {
  const struct {
    const char* head;
    bool keep_alive;
  } table[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nHost: h\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", true},
  };
  for (const auto& row : table) {
    RequestParser parser;
    ASSERT_EQ(parser.next(row.head).event, Event::head) << row.head;
    EXPECT_EQ(parser.head().keep_alive, row.keep_alive) << row.head;
  }
}

TEST(RequestParser, IgnoresOffersToUpgrade) {
  RequestParser parser;
  const std::string message =
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nnext";
  const Outcome outcome = feed(parser, message, 1000);
  EXPECT_EQ(outcome.last, Event::done);
  EXPECT_EQ(outcome.leftover, "next");
}

TEST(RequestParser, AnnouncesThatTheClientWaitsFor100) {
  RequestParser parser;
  ASSERT_EQ(parser
                .next("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: "
                      "100-continue\r\n\r\n")
                .event,
            Event::head);
  EXPECT_TRUE(parser.head().expects_continue);
}

// Every shape by which two readers could disagree about where a message ends or whom it is for.
TEST(RequestParser, RefusesSmugglingShapes) {
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  const struct {
    const char* what;
    std::string message;
    int status;
  } table[] = {
      {"both framings", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400},
      {"both framings, other order",
       post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
      {"two lengths that differ", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      {"two equal lengths", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
      {"list of lengths", post + "Content-Length: 3, 3\r\n\r\nabc", 400},
      {"signed length", post + "Content-Length: +3\r\n\r\nabc", 400},
      {"hexadecimal length", post + "Content-Length: 0x3\r\n\r\nabc", 400},
      {"length with a tail", post + "Content-Length: 3abc\r\n\r\nabc", 400},
      {"empty length", post + "Content-Length: \r\n\r\n", 400},
      {"length that overflows", post + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"space before the colon", post + "Content-Length : 3\r\n\r\nabc", 400},
      {"folded line", post + "X-A: b\r\n c\r\n\r\n", 400},
      {"bare LF", "GET / HTTP/1.1\nHost: h\n\r\n\r\n", 505},
      {"bare LF between headers", "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400},
      {"bare CR in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400},
      {"NUL in a value", post + std::string("X: a\0b\r\n\r\n", 10), 400},
      {"no name", post + ": x\r\n\r\n", 400},
      {"control in a name", post + "X\x01: x\r\n\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"two Authorizations", post + "Authorization: a\r\nAuthorization: b\r\n\r\n", 400},
      {"two sessions", post + "Mcp-Session-Id: a\r\nmcp-session-id: b\r\n\r\n", 400},
      {"unknown coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"coding after chunked", post + "Transfer-Encoding: chunked, identity\r\n\r\n", 400},
      {"obfuscated coding", post + "Transfer-Encoding: xchunked\r\n\r\n", 400},
      {"two codings",
       post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"coding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"absolute form", "GET http://evil/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"authority form", "CONNECT evil:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"asterisk form", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"high byte in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"HTTP/0.9", "GET /\r\n\r\n", 505},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0},
      {"unknown method", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"lower-case method", "get / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"lone CR before the request", "\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"lone LF before the request", "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"TLS hello", std::string("\x16\x03\x01\x02\x00", 5), 400},
      {"expectation", post + "Content-Length: 1\r\nExpect: 200-ok\r\n\r\n", 417},
  };
  for (const auto& row : table) {
    RequestParser parser;
    const Outcome outcome = feed(parser, row.message, 100000);
    EXPECT_EQ(outcome.last, Event::failed) << row.what;
    EXPECT_FALSE(outcome.saw_head) << row.what;
    if (row.status != 0) {
      EXPECT_EQ(parser.failure().status, row.status) << row.what;
    }
    // A failed parser stays failed.
    EXPECT_EQ(parser.next("GET / HTTP/1.1\r\nHost: h\r\n\r\n").event, Event::failed) << row.what;
  }
}

TEST(RequestParser, RefusesMalformedChunks) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string bodies[] = {
      "5\nhello\r\n0\r\n\r\n",
      "5\r\nhelloX\r\n0\r\n\r\n",
      "+5\r\nhello\r\n0\r\n\r\n",
      "0x5\r\nhello\r\n",
      "-1\r\n",
      "\r\n",
      "5 \r\nhello\r\n",
      "ffffffffffffffffff\r\nhello",
      "5\r\nhello\r\n0\r\nX : a\r\n\r\n",
      "5;a\nb\r\nhello\r\n",
  };
  for (const auto& body : bodies) {
    RequestParser parser;
    EXPECT_EQ(feed(parser, head + body, 100000).last, Event::failed) << body;
    EXPECT_EQ(parser.failure().status, 400) << body;
  }
}

TEST(RequestParser, LimitsHeadHeadersAndBody) {
  RequestParser large;
  const Outcome endless =
      feed(large, "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(20000, 'a'), 1000);
  EXPECT_EQ(endless.last, Event::failed);
  EXPECT_EQ(large.failure().status, 431);

  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 99; ++i) many += "X: y\r\n";
  RequestParser hundred;
  EXPECT_EQ(feed(hundred, many + "\r\n", 100000).last, Event::done);
  RequestParser more;
  EXPECT_EQ(feed(more, many + "X: y\r\n\r\n", 100000).last, Event::failed);
  EXPECT_EQ(more.failure().status, 431);

  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  RequestParser exact({.body_bytes_max = 4});
  EXPECT_EQ(feed(exact, post + "Content-Length: 4\r\n\r\nabcd", 3).last, Event::done);
  RequestParser declared({.body_bytes_max = 4});
  EXPECT_EQ(feed(declared, post + "Content-Length: 5\r\n\r\nabcde", 3).last, Event::failed);
  EXPECT_EQ(declared.failure().status, 413);
  EXPECT_EQ(declared.head().method, "POST");
  RequestParser counted({.body_bytes_max = 4});
  EXPECT_EQ(
      feed(counted, post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n", 3).last,
      Event::failed);
  EXPECT_EQ(counted.failure().status, 413);
}

TEST(RequestParser, LimitsChunkExtensionsAndTrailers) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  RequestParser extension;
  EXPECT_EQ(feed(extension, head + "5;a=" + std::string(30000, 'x'), 1000).last, Event::failed);
  RequestParser trailer;
  EXPECT_EQ(feed(trailer, head + "0\r\nX: " + std::string(30000, 'x'), 1000).last, Event::failed);
}

TEST(ResponseParser, ReadsEveryFraming) {
  ResponseParser parser;
  Outcome outcome = feed(parser, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhimore", 4);
  EXPECT_EQ(outcome.last, Event::done);
  EXPECT_EQ(outcome.body, "hi");
  parser.reset();
  outcome =
      feed(parser, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 5);
  EXPECT_EQ(outcome.last, Event::done);
  EXPECT_EQ(outcome.body, "hi");
  EXPECT_TRUE(parser.head().keep_alive);
  parser.reset();
  outcome = feed(parser, "HTTP/1.1 200 OK\r\n\r\nhi", 5);
  EXPECT_EQ(outcome.last, Event::need_more);
  EXPECT_EQ(outcome.body, "hi");
  EXPECT_FALSE(parser.head().keep_alive);
  EXPECT_EQ(parser.finish(), Event::done);
}

TEST(ResponseParser, SkipsInformationAndKnowsBodilessAnswers) {
  ResponseParser parser;
  Outcome outcome = feed(parser,
                         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                         "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
                         7);
  EXPECT_EQ(outcome.last, Event::done);
  EXPECT_EQ(parser.head().status, 202);
  EXPECT_EQ(parser.head().fields.size(), 1u);
  for (const char* head :
       {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n"}) {
    parser.reset();
    EXPECT_EQ(feed(parser, head, 100).last, Event::done) << head;
  }
  parser.reset(true);
  EXPECT_EQ(feed(parser, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 100).last, Event::done);
}

TEST(ResponseParser, FailsWhenThePeerClosesEarlyOrUpgrades) {
  ResponseParser parser;
  EXPECT_EQ(parser.finish(), Event::failed);
  for (const char* message : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
                              "HTTP/1.1 200 OK\r\nContent-Le"}) {
    parser.reset();
    EXPECT_EQ(feed(parser, message, 100).last, Event::need_more) << message;
    EXPECT_EQ(parser.finish(), Event::failed) << message;
    EXPECT_EQ(parser.failure().status, 502);
  }
  parser.reset();
  EXPECT_EQ(feed(parser, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 100).last,
            Event::failed);
  for (const char* message :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 99 X\r\n\r\n", "ICY 200 OK\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\r\n\r\n"}) {
    parser.reset();
    EXPECT_EQ(feed(parser, message, 100).last, Event::failed) << message;
  }
}

TEST(Http1, HelpersFollowTheGrammar) {
  char buffer[20];
  EXPECT_EQ(chunk_prefix(0, buffer), "0\r\n");
  EXPECT_EQ(chunk_prefix(26, buffer), "1a\r\n");
  EXPECT_EQ(chunk_prefix(0x7fffffffffffffff, buffer), "7fffffffffffffff\r\n");
  EXPECT_TRUE(has_token("a, B ,c", "b"));
  EXPECT_FALSE(has_token("ab, c", "b"));
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_TRUE(is_header_value("a\tb \xc3\xa4"));
  EXPECT_FALSE(is_header_value("a\r\nb"));
}

}  // namespace
}  // namespace sigil::http1
