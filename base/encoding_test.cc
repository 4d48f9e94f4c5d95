#include "base/encoding.h"

#include <gtest/gtest.h>

namespace sigil {
namespace {

TEST(Encoding, WritesTheBase64VectorsOfRfc4648) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& vector : vectors) {
    EXPECT_EQ(to_base64(vector.first), vector.second);
    EXPECT_EQ(from_base64(vector.second), vector.first);
  }
}

TEST(Encoding, Base64UrlHasItsOwnAlphabetAndNoPadding) {
  const std::string bytes = "\xfb\xff\xfe\x01";
  EXPECT_EQ(to_base64(bytes), "+//+AQ==");
  EXPECT_EQ(to_base64url(bytes), "-__-AQ");
  EXPECT_EQ(from_base64url("-__-AQ"), bytes);
  EXPECT_EQ(from_base64url("-__-AQ=="), bytes);
  EXPECT_FALSE(from_base64("-__-AQ==").has_value());
}

TEST(Encoding, RefusesBrokenBase64) {
  for (const char* text : {"A", "AAAAA", "Zg=", "Z===", "Zh==", "Zm9v Zm9v", "Zm=v", "===="})
    EXPECT_FALSE(from_base64(text).has_value()) << text;
}

TEST(Encoding, HexGoesBothWays) {
  EXPECT_EQ(to_hex(std::string_view("\x00\xab\x7f", 3)), "00ab7f");
  EXPECT_EQ(from_hex("00AB7f"), std::string("\x00\xab\x7f", 3));
  EXPECT_FALSE(from_hex("0").has_value());
  EXPECT_FALSE(from_hex("zz").has_value());
}

TEST(Encoding, PercentEncodesAllButUnreserved) {
  EXPECT_EQ(percent_encode("a/b c~1.-_\xc3\xa9"), "a%2Fb%20c~1.-_%C3%A9");
  EXPECT_EQ(percent_decode("a%2Fb%20+%c3%A9"), "a/b +\xc3\xa9");
  for (const char* text : {"%", "%2", "%zz", "a%"})
    EXPECT_FALSE(percent_decode(text).has_value()) << text;
}

TEST(Encoding, KnowsWellFormedUtf8) {
  for (const char* text :
       {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbf"})
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  for (const char* text : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                           "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe2\x82"})
    EXPECT_FALSE(is_valid_utf8(text));
}

TEST(Encoding, RepairsOnlyTheBrokenPieces) {
  EXPECT_EQ(repair_utf8("a\xff\xc3\xa9\xe2\x82"), "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace sigil
