#include "cli/table.h"

#include <gtest/gtest.h>

namespace sigil::cli {
namespace {

TEST(Table, AlignsByWidthOfLetters) {
  EXPECT_EQ(table_text({{"NAME", "STATE"}, {{"grüße", "healthy"}, {"a", "failed"}}}, 0),
            "NAME   STATE\ngrüße  healthy\na      failed\n");
}

TEST(Table, CutsTheLastColumnAtTheEdge) {
  EXPECT_EQ(table_text({{"A", "TEXT"}, {{"x", "a rather long description"}}}, 20),
            "A  TEXT\nx  a rather long de…\n");
}

TEST(Table, LeavesItWholeWithoutATerminal) {
  EXPECT_EQ(table_text({{"A", "TEXT"}, {{"x", "a rather long description"}}}, 0),
            "A  TEXT\nx  a rather long description\n");
}

TEST(Table, RowsMayBeShortAndCellsHostile) {
  EXPECT_EQ(table_text({{"A", "B"}, {{"x"}, {"y\n\x1b[2Jz", "1"}}}, 0), "A    B\nx\ny z  1\n");
}

TEST(Facts, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(facts_text({{"name", "weather"}, {"reason", ""}, {"endpoint", "http://x"}}),
            "name:      weather\nendpoint:  http://x\n");
}

}  // namespace
}  // namespace sigil::cli
