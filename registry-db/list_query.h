// Puts a list query together: filters, an order with the id as tie-breaker, and the keyset of the
// page before. Internal to registry-db; pure but for fetch_page.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "registry-db/page.h"
#include "registry-db/sql.h"

namespace sigil::db {

struct SortKey {
  std::string_view name;        // as people write it
  std::string_view expression;  // must not be null
  std::string_view type;        // to read the cursor's text back
};

struct Cursor {
  std::string sort, id, value;
};
std::string to_cursor_text(const Cursor& cursor);
Result<Cursor> parse_cursor(const std::string& text);

class ListQuery {
 public:
  // `from` may hold joins; `id` is the tie-breaking column, unique.
  ListQuery(std::string_view columns, std::string_view from, std::string_view id)
      : columns_(columns), from_(from), id_(id) {}

  // `condition` names its parameter $?.
  void where(std::string_view condition, const Param& param);
  void where(std::string_view condition);
  // A value that the order needs: returns its name, "$3". After the last condition.
  std::string bind_for_order(const Param& param);

  // invalid_argument "bad_sort", "bad_cursor", "bad_limit". Call it last.
  Result<void> arrange(const PageRequest& page, std::span<const SortKey> keys,
                       std::string_view default_sort);

  std::string page_sql() const;  // one row more than the page holds; ends with sort value and id
  std::string count_sql() const;
  const std::vector<Param>& page_params() const { return page_params_; }
  const std::vector<Param>& count_params() const { return params_; }
  int limit() const { return limit_; }
  std::string cursor_after(const pqxx::row& row) const;

 private:
  Result<const SortKey*> find_key(std::span<const SortKey> keys) const;
  Result<void> continue_after(const std::string& cursor);

  std::string columns_, from_, id_;
  std::string conditions_ = "true", after_;
  std::string sort_, expression_, type_;
  bool is_descending_ = false;
  int limit_ = 0;
  std::vector<Param> params_;       // of the conditions
  std::vector<Param> page_params_;  // of conditions, order and cursor
};

// Both statements and the reading of rows; `read(const pqxx::row&)` gives one item.
template <typename T, typename Read>
Page<T> fetch_page(Transaction& tx, const ListQuery& query, Read&& read) {
  Page<T> page;
  page.as_of = std::chrono::system_clock::now();
  const auto count = tx.exec_once(query.count_sql(), query.count_params());
  page.total = Reader(count[0]).integer();
  const auto rows = tx.exec_once(query.page_sql(), query.page_params());
  for (const auto& row : rows) {
    if (static_cast<int>(page.items.size()) == query.limit()) break;
    page.items.push_back(read(row));
    page.next_cursor = query.cursor_after(row);
  }
  if (static_cast<int>(rows.size()) <= query.limit()) page.next_cursor.clear();
  return page;
}

}  // namespace sigil::db
