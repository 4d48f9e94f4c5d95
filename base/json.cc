#include "base/json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/encoding.h"

namespace sigil {
namespace {

// Builds the value while it reads, so that nothing deeper or more ambiguous than allowed ever
// exists. nlohmann's own reader keeps the last of two equal keys, other parsers the first; we keep
// neither.
class GuardedReader final : public nlohmann::json_sax<Json> {
 public:
  explicit GuardedReader(int depth_max) : depth_max_(depth_max) {}

  bool null() override { return put(Json(nullptr)) != nullptr; }
  bool boolean(bool value) override { return put(Json(value)) != nullptr; }
  bool number_integer(number_integer_t value) override { return put(Json(value)) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return put(Json(value)) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override {
    return put(Json(value)) != nullptr;
  }
  bool string(string_t& value) override { return put(Json(std::move(value))) != nullptr; }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Json& object = *open_.back();
    if (object.contains(name)) {
      problem_ = "the key \"" + name + "\" appears twice";
      return false;
    }
    member_ = &object[name];
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    problem_ = "not valid JSON at byte " + std::to_string(position);
    return false;
  }

  Json take() { return std::move(root_); }
  const std::string& problem() const { return problem_; }

 private:
  Json* put(Json value) {
    Json* place = &root_;
    if (!open_.empty()) {
      if (open_.back()->is_array()) {
        open_.back()->push_back(nullptr);
        place = &open_.back()->back();
      } else {
        place = member_;
      }
    }
    *place = std::move(value);
    return place;
  }

  bool open(Json container) {
    if (static_cast<int>(open_.size()) >= depth_max_) {
      problem_ = "nested deeper than " + std::to_string(depth_max_) + " levels";
      return false;
    }
    open_.push_back(put(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  int depth_max_;
  Json root_;
  Json* member_ = nullptr;
  // Pointers stay good: a container only grows while it is the innermost open one.
  std::vector<Json*> open_;
  std::string problem_;
};

const Json* member(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max)
    return fail(ErrorCode::too_large,
                "JSON of more than " + std::to_string(limits.bytes_max) + " bytes");
  // The reader checks strings only; a byte order mark or a stray byte elsewhere is an error anyway.
  GuardedReader reader(limits.depth_max);
  bool is_good = false;
  try {
    is_good = Json::sax_parse(text.begin(), text.end(), &reader);
  } catch (const std::exception& thrown) {
    return fail(ErrorCode::invalid_argument, std::string("not valid JSON: ") + thrown.what());
  }
  if (!is_good)
    return fail(ErrorCode::invalid_argument,
                reader.problem().empty() ? "not valid JSON" : reader.problem());
  return reader.take();
}

std::string to_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string string_or(const Json& object, std::string_view key, std::string_view fallback) {
  const Json* value = member(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string(fallback);
}

std::int64_t integer_or(const Json& object, std::string_view key, std::int64_t fallback) {
  const Json* value = member(object, key);
  if (value == nullptr || !value->is_number_integer()) return fallback;
  if (value->is_number_unsigned() &&
      value->get<std::uint64_t>() >
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return fallback;
  return value->get<std::int64_t>();
}

bool bool_or(const Json& object, std::string_view key, bool fallback) {
  const Json* value = member(object, key);
  return value != nullptr && value->is_boolean() ? value->get<bool>() : fallback;
}

}  // namespace sigil
