#include "builder/fetch/git_fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/process/process.h"
#include "builder/test_tree.h"

namespace sigil::builder {
namespace {

using ::testing::HasSubstr;

class GitFetchTest : public ::testing::Test {
 protected:
  void git(std::vector<std::string> arguments) {
    ProcessOptions options;
    options.argv = {"git", "-C", repository_.root(), "-c", "user.name=t", "-c", "user.email=t@t"};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", ""}, {"GIT_CONFIG_NOSYSTEM", "1"}};
    const auto outcome = run_process(options, {});
    ASSERT_TRUE(outcome.has_value());
    ASSERT_EQ(outcome->exit_code, 0) << outcome->error_output;
    output_ = outcome->output.substr(0, outcome->output.find('\n'));
  }
  void SetUp() override {
    git({"init", "-q", "-b", "main"});
    repository_.write("a.txt", "one");
    git({"add", "."});
    git({"commit", "-q", "-m", "one"});
    git({"rev-parse", "HEAD"});
    first_ = output_;
    git({"tag", "v1"});
    repository_.write("a.txt", "two");
    git({"commit", "-q", "-a", "-m", "two"});
    git({"rev-parse", "HEAD"});
    second_ = output_;
  }
  Result<std::string> fetch(const std::string& ref, const std::string& url = {}) {
    GitFetch fetch;
    fetch.url = url.empty() ? "file://" + repository_.root() : url;
    fetch.ref = ref;
    fetch.target = target_.at("t" + std::to_string(++count_));
    return fetch_git(fetch, {}, {}, {});
  }
  std::string fetched() const { return target_.read("t" + std::to_string(count_) + "/a.txt"); }

  TestTree repository_, target_;
  std::string output_, first_, second_;
  int count_ = 0;
};

TEST_F(GitFetchTest, FetchesTheDefaultBranchATagAndACommit) {
  const auto head = fetch("");
  ASSERT_TRUE(head.has_value()) << head.error().message;
  EXPECT_EQ(*head, second_);
  EXPECT_EQ(fetched(), "two");
  EXPECT_FALSE(target_.has("t1/.git"));
  EXPECT_EQ(fetch("v1").value_or(""), first_);
  EXPECT_EQ(fetched(), "one");
  EXPECT_EQ(fetch("main").value_or(""), second_);
  EXPECT_EQ(fetch(first_).value_or(""), first_);
  EXPECT_EQ(fetched(), "one");
}

TEST_F(GitFetchTest, SaysWhatIsMissing) {
  const auto ref = fetch("no-such-branch");
  ASSERT_FALSE(ref.has_value());
  EXPECT_EQ(ref.error().reason, "E_FETCH");
  EXPECT_EQ(ref.error().code, ErrorCode::not_found);
  EXPECT_THAT(ref.error().message, HasSubstr("no-such-branch"));
  const auto repository = fetch("", "file:///no/such/repository");
  ASSERT_FALSE(repository.has_value());
  EXPECT_EQ(repository.error().code, ErrorCode::not_found);
}

TEST_F(GitFetchTest, RefusesOptionsInPlaceOfRefs) {
  for (const auto* ref :
       {"--upload-pack=touch /tmp/x", "a b", "a..b", "HEAD:x", "+x", "a^{}", "a@{1}"})
    EXPECT_EQ(fetch(ref).error().reason, "E_FETCH") << ref;
}

TEST_F(GitFetchTest, StaysWithinTheLimits) {
  FetchLimits limits;
  limits.bytes_max = 2;
  GitFetch fetch;
  fetch.url = "file://" + repository_.root();
  fetch.target = target_.at("small");
  EXPECT_EQ(fetch_git(fetch, limits, {}, {}).error().reason, "E_LIMIT");
  std::stop_source stopped;
  stopped.request_stop();
  fetch.target = target_.at("stopped");
  EXPECT_EQ(fetch_git(fetch, {}, {}, stopped.get_token()).error().code, ErrorCode::cancelled);
}

TEST_F(GitFetchTest, RunsNoHooksOfTheRepository) {
  repository_.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch " + target_.at("hooked") + "\n");
  std::filesystem::permissions(repository_.at(".git/hooks/post-checkout"),
                               std::filesystem::perms::owner_all);
  ASSERT_TRUE(fetch("").has_value());
  EXPECT_FALSE(target_.has("hooked"));
}

TEST(GitEnvironment, AllowsOneProtocolAndInheritsNothing) {
  GitFetch fetch;
  fetch.url = "https://host.example/a.git";
  fetch.ca_bundle = "/etc/ca.crt";
  const auto environment = git_environment(fetch);
  EXPECT_EQ(environment.at("GIT_ALLOW_PROTOCOL"), "https");
  EXPECT_EQ(environment.at("GIT_TERMINAL_PROMPT"), "0");
  EXPECT_EQ(environment.at("GIT_CONFIG_GLOBAL"), "/dev/null");
  std::map<std::string, std::string> config;
  for (int i = 0; i < std::stoi(environment.at("GIT_CONFIG_COUNT")); ++i)
    config[environment.at("GIT_CONFIG_KEY_" + std::to_string(i))] =
        environment.at("GIT_CONFIG_VALUE_" + std::to_string(i));
  EXPECT_EQ(config.at("http.followRedirects"), "false");
  EXPECT_EQ(config.at("protocol.allow"), "never");
  EXPECT_EQ(config.at("protocol.https.allow"), "always");
  EXPECT_EQ(config.at("core.hooksPath"), "/dev/null");
  EXPECT_EQ(config.at("http.sslCAInfo"), "/etc/ca.crt");
  EXPECT_EQ(config.at("credential.helper"), "");
}

TEST(GitError, TellsPeopleWhatToDo) {
  GitFetch fetch;
  fetch.url = "https://host.example/a.git";
  const struct {
    const char* text;
    const char* wants;
  } table[] = {
      {"fatal: could not read Username for 'https://x': terminal prompts disabled", "may not read"},
      {"fatal: unable to access 'x': server certificate verification failed", "not trusted"},
      {"fatal: unable to update url base from redirection", "redirect"},
      {"fatal: unable to access 'x': The requested URL returned error: 301", "redirect"},
      {"Host key verification failed.", "host key"},
      {"fatal: unable to access 'x': Could not resolve host: x", "no connection"},
      {"fatal: couldn't find remote ref HEAD", "no commit yet"},
      {"something else", "something else"},
  };
  for (const auto& row : table)
    EXPECT_THAT(git_error(fetch, row.text).message, HasSubstr(row.wants));
}

}  // namespace
}  // namespace sigil::builder
