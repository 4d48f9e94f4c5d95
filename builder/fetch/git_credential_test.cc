#include "builder/fetch/git_credential.h"

#include <gtest/gtest.h>

namespace sigil::builder {
namespace {

TEST(GitOrigin, IsASchemeAHostAndAPort) {
  EXPECT_EQ(git_origin("https://git.example.org").value_or(""), "https://git.example.org");
  EXPECT_EQ(git_origin("https://git.example.org:8443").value_or(""),
            "https://git.example.org:8443");
  EXPECT_EQ(git_origin("http://127.0.0.1:8080").value_or(""), "http://127.0.0.1:8080");
  for (const char* text : {"git.example.org", "https://git.example.org/team", "http://git.example",
                           "ssh://git@host", "https://user@host", "https://", "https://-host"})
    EXPECT_FALSE(git_origin(text).has_value()) << text;
}

TEST(GitOrigin, OfASourceForgetsPathUserAndTheUsualPort) {
  EXPECT_EQ(origin_of_source("https://Git.Example.org:443/a/b.git"), "https://git.example.org");
  EXPECT_EQ(origin_of_source("https://someone@git.example.org/a"), "https://git.example.org");
  EXPECT_FALSE(origin_of_source("ssh://git@git.example.org/a").has_value());
  EXPECT_FALSE(origin_of_source("file:///srv/a").has_value());
}

TEST(GitCredential, AnswersOnlyAboutItsOrigin) {
  const Secret token("t0ken");
  const auto answer = [&](const char* question) {
    return git_credential_answer(question, "https://git.example.org", token);
  };
  EXPECT_EQ(answer("protocol=https\nhost=git.example.org\n\n"),
            "username=x-access-token\npassword=t0ken\n");
  for (const char* question :
       {"protocol=http\nhost=git.example.org\n", "protocol=https\nhost=evil.example\n",
        "protocol=https\nhost=git.example.org:8443\n", "protocol=https\n", "",
        "host=git.example.org", "protocol=https\nhost=git.example.org.evil.example\n",
        "protocol=https\nhost=evil.example/git.example.org\n"})
    EXPECT_EQ(answer(question), "") << question;
}

TEST(GitCredential, ATokenMayNameItsUser) {
  EXPECT_EQ(git_credential_answer("protocol=https\nhost=h\n", "https://h", Secret("ci:a:b")),
            "username=ci\npassword=a:b\n");
  EXPECT_EQ(git_credential_answer("protocol=https\nhost=h\n", "https://h", Secret("a\nb")), "");
}

}  // namespace
}  // namespace sigil::builder
