#include "proxy/options.h"

#include <gtest/gtest.h>

namespace sigil::proxy {
namespace {

TEST(Options, ComeFromFlagsOverEnvironmentOverDefaults) {
  const auto options =
      read_options({"--listen", "127.0.0.1:1", "--workers=3"}, {{"SIGIL_LISTEN", "127.0.0.1:2"},
                                                                {"SIGIL_API_LISTEN", "127.0.0.1:3"},
                                                                {"SIGIL_DATA_DIR", "/data"}});
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->listen.port, 1);
  EXPECT_EQ(options->api.port, 3);
  EXPECT_EQ(options->control.text(), "127.0.0.1:7452");
  EXPECT_EQ(options->workers, 3u);
  EXPECT_EQ(options->data_dir, "/data");
  EXPECT_EQ(options->drain_max, std::chrono::seconds(20));
}

TEST(Options, AreComplainedAboutAllAtOnce) {
  const auto options = read_options(
      {"--listen=nonsense", "--workers=0", "--control=127.0.0.1:99999", "--what", "--api"}, {});
  ASSERT_FALSE(options.has_value());
  for (const char* fault :
       {"server.listen", "proxy.workers", "proxy.control_listen", "--what", "--api"})
    EXPECT_NE(options.error().message.find(fault), std::string::npos)
        << fault << " in " << options.error().message;
}

TEST(Options, StayOnLoopback) {
  const auto options = read_options({"--listen=0.0.0.0:7450", "--control=10.0.0.1:7452"}, {});
  ASSERT_FALSE(options.has_value());
  EXPECT_NE(options.error().message.find("server.listen"), std::string::npos);
  EXPECT_NE(options.error().message.find("proxy.control_listen"), std::string::npos);
  EXPECT_TRUE(read_options({"--listen=[::1]:7450"}, {}).has_value());
}

}  // namespace
}  // namespace sigil::proxy
