#include "registry-db/list_query.h"

#include "base/encoding.h"

namespace sigil::db {
namespace {

constexpr std::string_view kCursorVersion = "1";
constexpr std::size_t kCursorBytesMax = 4096;

std::string cut_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string line(text.substr(0, end));
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

tl::unexpected<Error> bad_cursor() {
  return fail(ErrorCode::invalid_argument, "bad_cursor",
              "this cursor was not made by this list with this sort", "begin again without cursor");
}

}  // namespace

std::string to_cursor_text(const Cursor& cursor) {
  return to_base64url(std::string(kCursorVersion) + "\n" + cursor.sort + "\n" + cursor.id + "\n" +
                      cursor.value);
}

Result<Cursor> parse_cursor(const std::string& text) {
  if (text.size() > kCursorBytesMax) return bad_cursor();
  const auto plain = from_base64url(text);
  if (!plain || plain->find('\0') != std::string::npos || !is_valid_utf8(*plain))
    return bad_cursor();
  std::string_view rest = *plain;
  if (cut_line(rest) != kCursorVersion) return bad_cursor();
  Cursor cursor;
  cursor.sort = cut_line(rest);
  cursor.id = cut_line(rest);
  cursor.value = std::string(rest);
  return cursor;
}

void ListQuery::where(std::string_view condition) {
  conditions_ += " and (" + std::string(condition) + ")";
}

void ListQuery::where(std::string_view condition, const Param& param) {
  params_.push_back(param);
  page_params_.push_back(param);
  const std::string name = "$" + std::to_string(params_.size());
  std::string text(condition);
  for (auto place = text.find("$?"); place != std::string::npos; place = text.find("$?"))
    text.replace(place, 2, name);
  where(text);
}

std::string ListQuery::bind_for_order(const Param& param) {
  page_params_.push_back(param);
  return "$" + std::to_string(page_params_.size());
}

Result<const SortKey*> ListQuery::find_key(std::span<const SortKey> keys) const {
  const auto name = std::string_view(sort_).substr(is_descending_ ? 1 : 0);
  std::string allowed;
  for (const auto& key : keys) {
    if (key.name == name) return &key;
    allowed += (allowed.empty() ? "" : ", ") + std::string(key.name);
  }
  return fail(ErrorCode::invalid_argument, "bad_sort",
              "this list cannot be sorted by '" + std::string(name) + "'",
              "allowed: " + allowed + ", each also with a leading -");
}

Result<void> ListQuery::arrange(const PageRequest& page, std::span<const SortKey> keys,
                                std::string_view default_sort) {
  if (page.limit < 1 || page.limit > kPageLimitMax)
    return fail(ErrorCode::invalid_argument, "bad_limit",
                "limit must be 1 to " + std::to_string(kPageLimitMax));
  limit_ = page.limit;
  sort_ = page.sort.empty() ? std::string(default_sort) : page.sort;
  is_descending_ = sort_.starts_with('-');
  SIGIL_TRY(const auto* const key, find_key(keys));
  expression_ = key->expression;
  type_ = key->type;
  if (page.cursor.empty()) return {};
  return continue_after(page.cursor);
}

Result<void> ListQuery::continue_after(const std::string& text) {
  SIGIL_TRY(const auto cursor, parse_cursor(text));
  if (cursor.sort != sort_) return bad_cursor();
  page_params_.emplace_back(cursor.value);
  page_params_.emplace_back(cursor.id);
  const auto place = page_params_.size();
  after_ = " and (" + expression_ + ", " + id_ + ") " + (is_descending_ ? "<" : ">") + " ($" +
           std::to_string(place - 1) + "::" + type_ + ", $" + std::to_string(place) + ")";
  return {};
}

std::string ListQuery::page_sql() const {
  const std::string direction = is_descending_ ? " desc" : "";
  return "select " + columns_ + ", (" + expression_ + ")::text, " + id_ + " from " + from_ +
         " where " + conditions_ + after_ + " order by " + expression_ + direction + ", " + id_ +
         direction + " limit " + std::to_string(limit_ + 1);
}

std::string ListQuery::count_sql() const {
  return "select count(*) from " + from_ + " where " + conditions_;
}

std::string ListQuery::cursor_after(const pqxx::row& row) const {
  const auto last = row.size() - 1;
  return to_cursor_text({sort_, row[last].c_str(), row[last - 1].c_str()});
}

}  // namespace sigil::db
