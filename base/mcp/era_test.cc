#include "base/mcp/era.h"

#include <gtest/gtest.h>

namespace sigil::mcp {
namespace {

RequestFacts modern_call() {
  RequestFacts facts;
  facts.http_method = "POST";
  facts.body_method = "tools/call";
  facts.is_request = true;
  facts.version = {1, kModernVersion};
  facts.mcp_method = {1, "tools/call"};
  facts.mcp_name = {1, "echo"};
  facts.meta_version = JsonKind::string;
  facts.meta_version_text = kModernVersion;
  facts.meta_capabilities = JsonKind::object;
  facts.name = JsonKind::string;
  facts.name_text = "echo";
  return facts;
}

struct Row {
  const char* why;
  void (*change)(RequestFacts&);
  Era era;
  int code;  // 0: passes
};

TEST(Era, ClassifiesEveryRowOfTheTable) {
  const Row rows[] = {
      {"a whole modern call", [](RequestFacts&) {}, Era::modern, 0},
      {"initialize",
       [](RequestFacts& f) {
         f = {};
         f.http_method = "POST";
         f.body_method = "initialize";
       },
       Era::legacy, 0},
      {"initialize with a modern header",
       [](RequestFacts& f) {
         f.body_method = "initialize";
         f.meta_version = JsonKind::absent;
       },
       Era::legacy, 0},
      {"initialize as a whole modern request",
       [](RequestFacts& f) {
         f.body_method = "initialize";
         f.mcp_method = {1, "initialize"};
       },
       Era::modern, 0},
      {"GET", [](RequestFacts& f) { f.http_method = "GET"; }, Era::legacy, 0},
      {"a response",
       [](RequestFacts& f) {
         f.body_method = {};
         f.is_request = false;
       },
       Era::legacy, 0},
      {"no envelope under a modern header",
       [](RequestFacts& f) { f.meta_version = JsonKind::absent; }, Era::modern, kInvalidParams},
      {"a version that is no text", [](RequestFacts& f) { f.meta_version = JsonKind::other; },
       Era::modern, kInvalidParams},
      {"header and body differ", [](RequestFacts& f) { f.version.value = "2025-11-25"; },
       Era::modern, kHeaderMismatch},
      {"unknown version",
       [](RequestFacts& f) {
         f.version.value = "2031-01-01";
         f.meta_version_text = "2031-01-01";
       },
       Era::modern, kUnsupportedVersion},
      {"a legacy version in the envelope",
       [](RequestFacts& f) {
         f.version.value = "2025-11-25";
         f.meta_version_text = "2025-11-25";
       },
       Era::modern, kUnsupportedVersion},
      {"no Mcp-Method", [](RequestFacts& f) { f.mcp_method = {}; }, Era::modern, kHeaderMismatch},
      {"Mcp-Method of another case", [](RequestFacts& f) { f.mcp_method.value = "Tools/Call"; },
       Era::modern, kHeaderMismatch},
      {"no Mcp-Name", [](RequestFacts& f) { f.mcp_name = {}; }, Era::modern, kHeaderMismatch},
      {"two Mcp-Name", [](RequestFacts& f) { f.mcp_name.count = 2; }, Era::modern, kHeaderMismatch},
      {"another Mcp-Name", [](RequestFacts& f) { f.mcp_name.value = "Echo"; }, Era::modern,
       kHeaderMismatch},
      {"Mcp-Name in Base64", [](RequestFacts& f) { f.mcp_name.value = "=?base64?ZWNobw==?="; },
       Era::modern, 0},
      {"broken Base64", [](RequestFacts& f) { f.mcp_name.value = "=?base64?ZWNobw?="; },
       Era::modern, kHeaderMismatch},
      {"no capabilities", [](RequestFacts& f) { f.meta_capabilities = JsonKind::absent; },
       Era::modern, kInvalidParams},
      {"stray keys under a legacy header",
       [](RequestFacts& f) {
         f.version.value = "2025-06-18";
         f.meta_version = JsonKind::absent;
       },
       Era::legacy, 0},
      {"stray keys without a header",
       [](RequestFacts& f) {
         f.version = {};
         f.meta_version = JsonKind::absent;
       },
       Era::modern, kHeaderMismatch},
      {"envelope without a header", [](RequestFacts& f) { f.version = {}; }, Era::modern,
       kHeaderMismatch},
      {"version header twice", [](RequestFacts& f) { f.version.count = 2; }, Era::modern,
       kHeaderMismatch},
      {"a notification may leave the headers out",
       [](RequestFacts& f) {
         f.is_request = false;
         f.body_method = "notifications/x";
         f.mcp_method = {};
         f.mcp_name = {};
         f.meta_version = JsonKind::absent;
       },
       Era::modern, 0},
      {"a headerless legacy call",
       [](RequestFacts& f) {
         f.version = {};
         f.meta_version = JsonKind::absent;
         f.meta_capabilities = JsonKind::absent;
       },
       Era::legacy, 0},
  };
  const std::vector<std::string> supported = {std::string(kModernVersion)};
  for (const auto& row : rows) {
    auto facts = modern_call();
    row.change(facts);
    const auto verdict = classify(facts, supported);
    EXPECT_EQ(verdict.era, row.era) << row.why;
    EXPECT_EQ(verdict.refusal ? verdict.refusal->code : 0, row.code) << row.why;
    EXPECT_TRUE(!verdict.refusal || verdict.refusal->status == 400) << row.why;
  }
}

TEST(Era, LetsAnyVersionPassWhereTheUpstreamIsUnknown) {
  for (const char* version : {"2027-03-01", "v999.0.0"}) {
    auto facts = modern_call();
    facts.version.value = facts.meta_version_text = version;
    EXPECT_FALSE(classify(facts).refusal) << version;
    EXPECT_EQ(classify(facts).era, Era::modern) << version;
  }
}

TEST(Era, OrdersVersionsByDate) {
  EXPECT_TRUE(is_modern_version("2026-07-28"));
  EXPECT_TRUE(is_modern_version("2027-01-01"));
  EXPECT_FALSE(is_modern_version("2025-11-25"));
  EXPECT_FALSE(is_modern_version("v999.0.0"));
  EXPECT_TRUE(is_legacy_version("2024-11-05"));
  EXPECT_FALSE(is_legacy_version("2026-07-28"));
}

TEST(Era, EncodesHeaderTextSoThatItComesBack) {
  for (const std::string text :
       {"plain", " leading", "trailing\t", "grüße", "=?base64?x?=", "a\nb", ""}) {
    EXPECT_EQ(decode_header_text(encode_header_text(text)), text);
  }
  EXPECT_FALSE(decode_header_text("=?base64?/w==?="));     // no UTF-8
  EXPECT_FALSE(decode_header_text("=?base64?SGVsbG8?="));  // padding is missing
  EXPECT_FALSE(decode_header_text("gr\xC3\xBC"));
  EXPECT_EQ(decode_header_text("=?base64?SGVsbG8="), "=?base64?SGVsbG8=");
}

}  // namespace
}  // namespace sigil::mcp
