// Reads a JSON object from a request body member by member and collects everything that is wrong
// with it, so that one answer names all of it. Members nobody asked for are wrong too.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"

namespace sigil::api {

struct TextRule {
  bool is_required = false;
  std::size_t bytes_max = 4096;
};

class BodyReader {
 public:
  // invalid_argument: not JSON, not an object, text with NUL anywhere.
  static Result<BodyReader> parse(std::string_view body);
  // A reader of the object `name`, whose complaints are joined to ours by take_complaints().
  BodyReader child(std::string_view name, bool is_required);
  void take_complaints(BodyReader&& child);

  bool has(std::string_view name) const;
  std::string text(std::string_view name, const TextRule& rule = {});
  bool boolean(std::string_view name, bool fallback = false);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<std::vector<std::string>> texts(std::string_view name, std::size_t count_max);
  std::map<std::string, std::string> text_map(std::string_view name, std::size_t count_max);
  std::map<std::string, Secret> secret_map(std::string_view name, std::size_t count_max);
  // The object as JSON text; empty when absent.
  std::string object_text(std::string_view name);
  void complain(std::string_view name, std::string message);

  // Everything complained about, with unknown members; call it last.
  Result<void> finish();

 private:
  BodyReader(Json object, std::string pointer);
  const Json* member(std::string_view name);

  std::shared_ptr<const Json> object_;
  std::string pointer_;  // of this object in the body
  std::set<std::string, std::less<>> known_;
  std::map<std::string, std::string> complaints_;
};

}  // namespace sigil::api
