#include "controlplane/redactor.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace sigil::controlplane {
namespace {

Secrets secrets_of(const char* value) {
  Secrets secrets;
  secrets.emplace("K", Secret(value));
  return secrets;
}

TEST(Redactor, TakesEveryOccurrenceOut) {
  const Redactor redactor(secrets_of("hunter2-hunter2"));
  EXPECT_EQ(redactor.clean("a hunter2-hunter2 b hunter2-hunter2"), "a [redacted] b [redacted]");
  EXPECT_EQ(redactor.clean("nothing here"), "nothing here");
}

TEST(Redactor, KnowsOtherSpellings) {
  const Redactor redactor(secrets_of("pa\"ss w\\rd/+x"));
  EXPECT_EQ(redactor.clean(R"({"k":"pa\"ss w\\rd/+x"})"), R"({"k":"[redacted]"})");
  EXPECT_EQ(redactor.clean("?k=" + percent_encode("pa\"ss w\\rd/+x")), "?k=[redacted]");
  EXPECT_EQ(redactor.clean(to_base64("pa\"ss w\\rd/+x")).find("cGEic3Mg"), std::string::npos);
}

TEST(Redactor, TakesLinesOfKeyFilesOut) {
  const Redactor redactor(secrets_of("-----BEGIN KEY-----\nMIIabcdefghijk\n-----END KEY-----"));
  EXPECT_EQ(redactor.clean("x MIIabcdefghijk y"), "x [redacted] y");
}

TEST(Redactor, LeavesShortValuesAlone) {
  EXPECT_EQ(Redactor(secrets_of("yes")).clean("yes sir"), "yes sir");
}

}  // namespace
}  // namespace sigil::controlplane
