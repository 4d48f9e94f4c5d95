#include "registry-db/sql.h"

#include <charconv>
#include <pqxx/array>
#include <pqxx/prepared_statement>

namespace sigil::db {
namespace {

std::vector<const char*> pointers_to(const std::vector<Param>& params) {
  std::vector<const char*> pointers;
  pointers.reserve(params.size());
  for (const auto& param : params)
    pointers.push_back(param.is_null() ? nullptr : param.text().c_str());
  return pointers;
}

}  // namespace

pqxx::result Transaction::exec(std::string_view sql, const std::vector<Param>& params) {
  const auto values = pointers_to(params);
  return work_.exec_prepared(connection_.prepared(role_, sql),
                             pqxx::prepare::make_dynamic_params(values));
}

pqxx::result Transaction::exec_once(const std::string& sql, const std::vector<Param>& params) {
  const auto values = pointers_to(params);
  return work_.exec_params(sql, pqxx::prepare::make_dynamic_params(values));
}

bool Transaction::is_worker() const { return role_ == kWorkerRole; }

std::int64_t Reader::integer() {
  const auto text = view();
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<WallTime> Reader::optional_time() {
  if (!is_null()) return time();
  skip();
  return std::nullopt;
}

std::optional<int> Reader::optional_small_integer() {
  if (!is_null()) return small_integer();
  skip();
  return std::nullopt;
}

std::vector<std::string> Reader::texts() {
  std::vector<std::string> items;
  if (is_null()) {
    skip();
    return items;
  }
  auto parser = row_[place_++].as_array();
  for (auto [juncture, value] = parser.get_next(); juncture != pqxx::array_parser::juncture::done;
       std::tie(juncture, value) = parser.get_next())
    if (juncture == pqxx::array_parser::juncture::string_value) items.push_back(value);
  return items;
}

}  // namespace sigil::db
