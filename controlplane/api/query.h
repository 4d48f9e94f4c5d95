// The query of a request: decoded once, in order, repeated names kept.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sigil::api {

class Query {
 public:
  // invalid_argument: a broken escape, NUL, bytes that are not UTF-8, more than 100 parameters.
  // '+' is a space, as browsers write it.
  static Result<Query> parse(std::string_view raw);

  const std::vector<std::pair<std::string, std::string>>& all() const { return parameters_; }
  bool has(std::string_view name) const;
  // First value; nullopt when absent.
  std::optional<std::string> get(std::string_view name) const;
  std::vector<std::string> get_all(std::string_view name) const;

  // The number, or `fallback` when absent; invalid_argument naming the parameter when it is not a
  // whole number or out of range.
  Result<std::int64_t> number(std::string_view name, std::int64_t fallback, std::int64_t min,
                              std::int64_t max) const;
  Result<bool> boolean(std::string_view name, bool fallback) const;
  // RFC 3339; a plus sign that arrived as a space is put back.
  Result<std::optional<WallTime>> time(std::string_view name) const;
  // invalid_argument naming the first parameter that is not in `known`, and what is.
  Result<void> refuse_unknown(const std::vector<std::string_view>& known) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

// The Error of a bad parameter: reason invalid_parameter, details {"/query/NAME": message}.
Error bad_parameter(std::string_view name, std::string message);

std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace sigil::api
