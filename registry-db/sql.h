// How stores speak SQL: transactions, parameters, rows. Internal to registry-db: pqxx must not
// reach other folders.
#pragma once

#include <chrono>
#include <concepts>
#include <initializer_list>
#include <optional>
#include <pqxx/result>
#include <pqxx/transaction>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/enum_names.h"
#include "base/ids.h"
#include "base/result.h"
#include "registry-db/connection_pool.h"
#include "registry-db/database.h"
#include "registry-db/feed_notes.h"
#include "registry-db/sql_error.h"
#include "registry-db/text.h"

namespace sigil::db {

// One parameter as text; PostgreSQL reads it by the type the statement wants. A NUL byte is refused
// here, because libpq would silently end the text there.
class Param {
 public:
  Param(std::string text) : text_(std::move(text)) { refuse_nul(); }  // NOLINT(*-explicit-*)
  Param(std::string_view text) : Param(std::string(text)) {}          // NOLINT(*-explicit-*)
  Param(const char* text) : Param(std::string(text)) {}               // NOLINT(*-explicit-*)
  Param(bool value) : text_(value ? "true" : "false") {}              // NOLINT(*-explicit-*)
  Param(WallTime time) : text_(time_literal(time)) {}                 // NOLINT(*-explicit-*)
  Param(const std::vector<std::string>& items) : Param(array_literal(items)) {}  // NOLINT
  template <std::integral N>
  requires(!std::same_as<N, bool>) Param(N value)  // NOLINT(*-explicit-*)
      : text_(std::to_string(value)) {}
  template <typename Tag>
  Param(const Id<Tag>& id) : Param(id.text()) {}  // NOLINT(*-explicit-*)
  template <typename T>
  Param(const std::optional<T>& value)  // NOLINT(*-explicit-*): nullopt is null
      : Param(value ? Param(*value) : null()) {}

  static Param null() { return Param(); }
  bool is_null() const { return is_null_; }
  const std::string& text() const { return text_; }

 private:
  Param() : is_null_(true) {}
  void refuse_nul() const {
    if (text_.find('\0') != std::string::npos) throw BadParameter{"text must not hold a NUL byte"};
  }
  std::string text_;
  bool is_null_ = false;
};

// Empty text and empty ids are null in the database where a column may be.
inline Param text_or_null(const std::string& text) {
  return text.empty() ? Param::null() : Param(text);
}
template <typename Tag>
Param id_or_null(const Id<Tag>& id) {
  return text_or_null(id.text());
}

// Enumerators as stored, for `= any ($1::text[])`.
template <typename Enum>
std::vector<std::string> words(const std::vector<Enum>& values) {
  std::vector<std::string> names;
  names.reserve(values.size());
  for (const auto value : values) names.emplace_back(name_of(value));
  return names;
}

class Transaction {
 public:
  Transaction(Connection& connection, std::string_view role)
      : connection_(connection), role_(role), work_(connection.session()) {}

  // A statement that is the same each time: prepared.
  pqxx::result exec(std::string_view sql, const std::vector<Param>& params = {});
  // One that was put together for this call.
  pqxx::result exec_once(const std::string& sql, const std::vector<Param>& params = {});

  void note(FeedNote note) { notes_.add(std::move(note)); }
  const FeedNotes& notes() const { return notes_; }
  // A statement failed: PostgreSQL will roll back whatever COMMIT says.
  void mark_failed() { is_failed_ = true; }
  bool is_failed() const { return is_failed_; }
  void set_role(std::string_view role) { role_ = role; }
  bool is_worker() const;
  void commit() { work_.commit(); }

 private:
  Connection& connection_;
  std::string_view role_;
  pqxx::work work_;
  FeedNotes notes_;
  bool is_failed_ = false;
};

inline constexpr std::string_view kAppRole = "sigil_app";
inline constexpr std::string_view kWorkerRole = "sigil_worker";

// What every store call is wrapped in: joins the shared transaction or makes one of its own.
template <typename Function>
std::invoke_result_t<Function&, Transaction&> run(const Access& access, Function&& function) {
  if (access.transaction() == nullptr)
    return access.database()->transact(access.caller(), std::forward<Function>(function));
  Transaction& tx = *access.transaction();
  try {
    return function(tx);
  } catch (...) {
    tx.mark_failed();
    return fail(error_in_flight());
  }
}

// Reads the columns of a row one after the other, in the order of the select list.
class Reader {
 public:
  explicit Reader(const pqxx::row& row) : row_(row) {}

  std::string text() { return std::string(view()); }
  std::int64_t integer();
  int small_integer() { return static_cast<int>(integer()); }
  bool boolean() { return view() == "t"; }
  WallTime time() { return time_of_microseconds(integer()); }
  std::optional<WallTime> optional_time();
  std::optional<int> optional_small_integer();
  std::vector<std::string> texts();  // text[]
  template <typename IdType>
  IdType id() {
    return IdType(text());
  }
  // The check constraints allow no other word, so an unknown one is a bug.
  template <typename Enum, std::size_t N>
  Enum word(const EnumNames<Enum, N>& names) {
    const auto value = value_in(names, view());
    if (!value) throw std::out_of_range("the database holds a word this program does not know");
    return *value;
  }
  bool is_null() const { return row_[place_].is_null(); }
  void skip() { ++place_; }

 private:
  std::string_view view() {
    const auto field = row_[place_++];
    return field.is_null() ? std::string_view() : std::string_view(field.c_str(), field.size());
  }
  pqxx::row row_;
  pqxx::row::size_type place_ = 0;
};

// Microseconds since 1970 as a select list item.
#define SIGIL_SQL_TIME(column) "(extract(epoch from " column ") * 1000000)::bigint"

}  // namespace sigil::db
