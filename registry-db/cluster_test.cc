#include "registry-db/cluster.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>

#include "base/clock.h"
#include "registry-db/postmaster.h"
#include "tests/support/postgres_fixture.h"

namespace sigil::db {
namespace {

using std::chrono::seconds;

class ClusterTest : public ::testing::Test {
 protected:
  ~ClusterTest() override { (void)Cluster::stop_at(directory(), seconds(20)); }

  std::string directory() const { return folder_.path() + "/postgres"; }
  Result<Cluster> start() {
    ClusterOptions options;
    options.directory = directory();
    options.shared_buffers_mb = 16;
    return Cluster::start(std::move(options), {});
  }
  static std::string show(const Cluster& cluster, const std::string& setting) {
    pqxx::connection connection(cluster.url().reveal());
    pqxx::nontransaction tx(connection);
    return tx.exec1("show " + setting)[0].as<std::string>();
  }

  sigil::testing::TemporaryDirectory folder_;
};

TEST_F(ClusterTest, StartsIsAdoptedAndStops) {
  auto first = start();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->was_adopted());
  EXPECT_TRUE(first->is_ready());
  EXPECT_EQ(show(*first, "fsync"), "on");
  EXPECT_EQ(show(*first, "data_checksums"), "on");
  EXPECT_EQ(show(*first, "listen_addresses"), "");
  struct stat about {};
  ASSERT_EQ(::stat((directory() + "/data").c_str(), &about), 0);
  EXPECT_NE(about.st_uid, 0U) << "PostgreSQL must not own its files as root";

  auto second = start();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(second->was_adopted());
  EXPECT_EQ(second->pid(), first->pid());

  ASSERT_TRUE(second->stop());
  EXPECT_FALSE(second->is_ready());
  EXPECT_TRUE(second->stop()) << "stopping what is stopped is fine";
}

TEST_F(ClusterTest, ComesBackAfterSigkill) {
  auto cluster = start();
  ASSERT_TRUE(cluster) << cluster.error().message;
  ::kill(cluster->pid(), SIGKILL);
  auto again = start();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(again->was_adopted());
  EXPECT_NE(again->pid(), cluster->pid());
  EXPECT_TRUE(again->is_ready());
}

TEST_F(ClusterTest, OutlivesTheProcessThatStartedIt) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::setpgid(0, 0);
    const bool is_up = start().has_value();
    if (!is_up) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child did not get the cluster up";
  const auto adopted = start();
  ASSERT_TRUE(adopted) << adopted.error().message;
  EXPECT_TRUE(adopted->was_adopted());
}

TEST_F(ClusterTest, ForgetsAnInitdbThatWasCutOff) {
  ::mkdir(directory().c_str(), 0755);
  ::mkdir((directory() + "/data.new").c_str(), 0700);
  std::ofstream(directory() + "/data.new/PG_VERSION") << "15\n";
  const auto cluster = start();
  ASSERT_TRUE(cluster) << cluster.error().message;
  EXPECT_TRUE(cluster->is_ready());
}

TEST_F(ClusterTest, PutsTheSocketElsewhereWhenThePathIsTooLong) {
  ClusterOptions options;
  options.directory = directory() + "-" + std::string(90, 'x');
  options.run_directory_root = folder_.path();
  auto cluster = Cluster::start(options, {});
  ASSERT_TRUE(cluster) << cluster.error().message;
  EXPECT_LE(cluster->socket_directory().size(), 100U);
  EXPECT_TRUE(cluster->is_ready());
  EXPECT_TRUE(cluster->stop());
}

TEST_F(ClusterTest, NamesTheFolderThatCannotBePassed) {
  if (::geteuid() != 0) return;  // only root has a server user other than itself
  ::chmod(folder_.path().c_str(), 0700);
  const auto cluster = start();
  ASSERT_FALSE(cluster);
  EXPECT_EQ(cluster.error().reason, "database_folder");
  EXPECT_NE(cluster.error().message.find(folder_.path()), std::string::npos);
}

TEST_F(ClusterTest, IgnoresAPidThatBelongsToSomebodyElse) {
  auto cluster = start();
  ASSERT_TRUE(cluster) << cluster.error().message;
  ASSERT_TRUE(cluster->stop());
  EXPECT_FALSE(is_postmaster_of(::getpid(), directory() + "/data"));
  // As after a reboot: the file is there, the number is ours.
  std::ofstream(directory() + "/data/postmaster.pid") << ::getpid() << "\n"
                                                      << directory() << "/data\n";
  EXPECT_TRUE(Cluster::stop_at(directory(), seconds(1))) << "must not interrupt this test";
}

}  // namespace
}  // namespace sigil::db
