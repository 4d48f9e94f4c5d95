// One page of a list (console §2.1). Cursors are opaque base64url text without padding, hold the
// sort they were made under, survive restarts and inserts (keyset), and are refused
// (invalid_argument, reason "bad_cursor") under another sort.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace sigil::db {

inline constexpr int kPageLimitMax = 200;

struct PageRequest {
  std::string sort;    // "name", "-created_at"; empty: the store's own order
  std::string cursor;  // next_cursor of the page before; empty: first page
  int limit = 50;      // 1..kPageLimitMax
};

template <typename T>
struct Page {
  std::vector<T> items;
  std::string next_cursor;  // empty: this was the last page
  std::int64_t total = 0;   // exact, under the same filters
  WallTime as_of;
};

}  // namespace sigil::db
