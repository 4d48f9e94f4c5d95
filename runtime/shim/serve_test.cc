#include "runtime/shim/serve.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

namespace sigil::shim {
namespace {

constexpr const char* kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
    "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000 10001\n"
    "   1: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 10001\n"
    "   2: 0100007F:1F40 0100007F:C350 01 00000000:00000000 00:00000000 00000000 10001\n"
    "   3: 0B00007F:8D3B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n";

TEST(Listeners, AreReadFromTheTable) {
  const auto sockets = parse_listening(kTable, false);
  ASSERT_EQ(sockets.size(), 2U);
  EXPECT_EQ(sockets[0], (ListeningSocket{8000, true, false}));
  EXPECT_EQ(sockets[1], (ListeningSocket{3000, false, false}));
  EXPECT_TRUE(parse_listening("", false).empty());
  EXPECT_TRUE(parse_listening("rubbish\n 1: : : 0A\n", false).empty());
}

TEST(Listeners, CallsAreCarriedWhereTheServerIsNotOnItsPort) {
  EXPECT_FALSE(socket_to_reach({}, 8080));
  EXPECT_FALSE(socket_to_reach({{8080, false, false}, {3000, true, false}}, 8080));
  EXPECT_EQ(socket_to_reach({{8080, true, false}}, 8080)->port, 8080);
  EXPECT_EQ(socket_to_reach({{9229, true, false}, {3000, false, false}}, 8080)->port, 3000);
  EXPECT_TRUE(socket_to_reach({{8000, true, true}}, 8080)->is_v6);
}

struct Pair {
  Descriptor ours, theirs;
  Pair() {
    int sockets[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets), 0);
    ours = Descriptor(sockets[0]);
    theirs = Descriptor(sockets[1]);
  }
};

TEST(Relay, CarriesMoreThanOneBufferAndTheEnd) {
  Loop loop(system_clock());
  Pair client;
  Pair server;
  bool has_ended = false;
  Relay relay(loop, std::move(client.theirs), std::move(server.theirs),
              [&](Relay*) { has_ended = true; });
  const std::string sent(300'000, 'x');
  std::string got;
  std::size_t written = 0;
  for (int round = 0; round < 10'000 && got.size() < sent.size(); ++round) {
    const auto count = write(client.ours.get(), sent.data() + written, sent.size() - written);
    if (count > 0) written += static_cast<std::size_t>(count);
    loop.run_once(std::chrono::milliseconds(1));
    char buffer[4096];
    for (auto n = read(server.ours.get(), buffer, sizeof(buffer)); n > 0;
         n = read(server.ours.get(), buffer, sizeof(buffer)))
      got.append(buffer, static_cast<std::size_t>(n));
  }
  EXPECT_EQ(got, sent);
  client.ours.close();
  server.ours.close();
  for (int round = 0; round < 1'000 && !has_ended; ++round)
    loop.run_once(std::chrono::milliseconds(1));
  EXPECT_TRUE(has_ended);
}

}  // namespace
}  // namespace sigil::shim
