#include "registry-db/cluster_files.h"

#include <gtest/gtest.h>

namespace sigil::db {
namespace {

ClusterOptions options_for(const std::string& directory) {
  ClusterOptions options;
  options.directory = directory;
  options.run_directory_root = "/run";
  return options;
}

TEST(ClusterFiles, KeepsTheSocketNearUnlessThePathIsTooLong) {
  EXPECT_EQ(socket_directory_for(options_for("/var/lib/sigil/postgres")),
            "/var/lib/sigil/postgres/run");
  const auto far = socket_directory_for(options_for("/" + std::string(100, 'x')));
  EXPECT_TRUE(far.starts_with("/run/sigil-"));
  EXPECT_LE(far.size(), kSocketDirectoryMax);
  EXPECT_NE(far, socket_directory_for(options_for("/" + std::string(101, 'x'))));
}

TEST(ClusterFiles, OpensTheServerToNobodyButUs) {
  const auto texts = cluster_texts(options_for("/d"), "/d/run", "postgres", "root");
  EXPECT_NE(texts.configuration.find("listen_addresses = ''\n"), std::string::npos);
  EXPECT_NE(texts.configuration.find("unix_socket_permissions = 0700\n"), std::string::npos);
  EXPECT_NE(texts.configuration.find("fsync = on\n"), std::string::npos);
  EXPECT_EQ(texts.access, "local all sigil peer map=sigil\n");
  EXPECT_EQ(texts.identities, "sigil postgres sigil\nsigil root sigil\n");
  EXPECT_EQ(cluster_texts(options_for("/d"), "/d/run", "me", "me").identities, "sigil me sigil\n");
}

}  // namespace
}  // namespace sigil::db
