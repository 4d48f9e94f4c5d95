#include "builder/scan/rule_catalogue.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

namespace sigil::scan {
namespace {

TEST(RuleCatalogue, HasEveryRuleOfTheContractOnceAndComplete) {
  std::set<std::string_view> ids;
  for (const auto& rule : all_rules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    for (const auto field : {rule.title, rule.type, rule.languages, rule.why, rule.fix,
                             rule.references, rule.firing, rule.safe, rule.recommendation})
      EXPECT_FALSE(field.empty()) << rule.id;
    EXPECT_EQ(find_rule(rule.id), &rule);
  }
  EXPECT_EQ(ids.size(), 56U);
  EXPECT_EQ(find_rule("SIG-NONE-001"), nullptr);
}

TEST(RuleCatalogue, NamesItsWeaknesses) {
  EXPECT_EQ(weaknesses_of(*find_rule("SIG-CMD-001")), std::vector<std::string>{"CWE-78"});
}

// docs/rules is what people read in the tree; the control plane serves the same words.
TEST(RuleCatalogue, EveryRuleHasItsPage) {
  std::set<std::string> pages;
  for (const auto& rule : all_rules()) {
    const auto path = "docs/rules/" + std::string(rule.id) + ".md";
    pages.insert(path);
    if (std::getenv("SIGIL_REFRESH_GOLDEN") != nullptr) {
      std::filesystem::create_directories("docs/rules");
      std::ofstream(path) << rule_page_markdown(rule);
    }
    std::ifstream in(path);
    const std::string page((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(page, rule_page_markdown(rule)) << path << "; SIGIL_REFRESH_GOLDEN=1 rewrites it";
  }
  for (const auto& entry : std::filesystem::directory_iterator("docs/rules"))
    EXPECT_TRUE(pages.contains(entry.path().string())) << entry.path() << " belongs to no rule";
}

TEST(RuleCatalogue, PagesEscapeExamples) {
  const auto page = rule_page_html(*find_rule("SIG-POIS-001"));
  EXPECT_NE(page.find("&lt;important&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<important>"), std::string::npos);
}

}  // namespace
}  // namespace sigil::scan
