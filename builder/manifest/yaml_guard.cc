#include "builder/manifest/yaml_guard.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "base/encoding.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr std::size_t kBytesMax = 256 * 1024;
constexpr std::size_t kDepthMax = 32;
constexpr std::size_t kNodesMax = 100'000;

struct Refused {
  std::string reason;
  std::string message;
  std::string hint;
  Position at;
};

Position position_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// [-+]?[0-9]+ and the forms of floating point numbers; nullopt-like null when it is text.
Json number_of(const std::string& text) {
  std::string_view digits = text;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  if (is_digits(digits) && digits.size() <= 18) return std::stoll(text);
  const bool looks_like_number =
      !digits.empty() && ((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.') &&
      digits.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
      digits.find_first_of("0123456789") != std::string_view::npos && text.size() < 40;
  if (!looks_like_number) return nullptr;
  std::istringstream in(text);
  in.imbue(std::locale::classic());
  double value = 0;
  in >> value;
  return in && in.peek() == std::istringstream::traits_type::eof() ? Json(value) : Json(nullptr);
}

// YAML 1.2 core schema, for plain scalars.
Json scalar_of(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  auto number = number_of(text);
  return number.is_null() ? Json(text) : number;
}

class Handler final : public YAML::EventHandler {
 public:
  explicit Handler(std::map<std::string, Position, std::less<>>& positions)
      : positions_(positions) {}

  Json take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(nullptr, mark, "null"); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{"E_MANIFEST_LIMIT", "aliases (*name) are not read", "write the value out",
                  position_of(mark)};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    const bool is_plain = tag == "?" || tag.empty();
    add(is_plain ? scalar_of(value) : Json(value), mark, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(Json::array(), mark);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(Json::object(), mark);
  }
  void OnMapEnd() override { close(); }

 private:
  // NOLINTNEXTLINE(bugprone-exception-escape): moving a Json does not throw.
  struct Level {
    Json value;
    std::string pointer;
    std::string key;
    bool has_key = false;
    std::map<std::string, Position> seen;
  };

  void count(const YAML::Mark& mark) {
    if (++nodes_ > kNodesMax)
      throw Refused{"E_MANIFEST_LIMIT", "more than 100,000 values", {}, position_of(mark)};
  }

  bool is_key_next() const {
    return !levels_.empty() && levels_.back().value.is_object() && !levels_.back().has_key;
  }

  void open(Json empty, const YAML::Mark& mark) {
    count(mark);
    if (levels_.size() >= kDepthMax)
      throw Refused{"E_MANIFEST_LIMIT", "nested deeper than 32 levels", {}, position_of(mark)};
    if (is_key_next())
      throw Refused{"E_MANIFEST_SYNTAX", "a key must be plain text", "quote this key",
                    position_of(mark)};
    Level level;
    level.pointer = next_pointer();
    level.value = std::move(empty);
    positions_.emplace(level.pointer, position_of(mark));
    levels_.push_back(std::move(level));
  }

  void close() {
    Level done = std::move(levels_.back());
    levels_.pop_back();
    place(std::move(done.value));
  }

  std::string next_pointer() const {
    if (levels_.empty()) return {};
    const Level& level = levels_.back();
    return level.pointer + "/" +
           (level.value.is_array() ? std::to_string(level.value.size()) : pointer_token(level.key));
  }

  void add(Json value, const YAML::Mark& mark, const std::string& text) {
    count(mark);
    if (is_key_next()) {
      take_key(text, mark);
      return;
    }
    positions_.emplace(next_pointer(), position_of(mark));
    place(std::move(value));
  }

  void take_key(const std::string& key, const YAML::Mark& mark) {
    Level& level = levels_.back();
    const auto [before, is_new] = level.seen.emplace(key, position_of(mark));
    if (!is_new)
      throw Refused{"E_MANIFEST_SYNTAX",
                    "\"" + excerpt(key, 60) + "\" is there twice: in line " +
                        std::to_string(before->second.line) + " and in line " +
                        std::to_string(mark.line + 1),
                    "keep one of them", position_of(mark)};
    level.key = key;
    level.has_key = true;
    key_position_ = position_of(mark);
  }

  void place(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = levels_.back();
    if (level.value.is_array()) {
      level.value.push_back(std::move(value));
    } else {
      level.value[level.key] = std::move(value);
      level.has_key = false;
    }
  }

  std::map<std::string, Position, std::less<>>& positions_;
  std::vector<Level> levels_;
  Json root_;
  std::size_t nodes_ = 0;
  Position key_position_;
};

std::string line_at(std::string_view text, int line) {
  const auto lines = lines_of(text);
  const auto at = static_cast<std::size_t>(std::max(line - 1, 0));
  return at < lines.size() ? std::string(lines[at]) : std::string();
}

// The one mistake that real files make (three of four broken ones): an unquoted ": ".
std::string syntax_hint(std::string_view text, int line) {
  const auto source = line_at(text, line);
  const std::size_t first = source.find(": ");
  if (first != std::string::npos && source.find(": ", first + 2) != std::string::npos)
    return "quote this value: it holds \": \"";
  if (source.find('\t') != std::string::npos) return "indent with spaces, not with tabs";
  if (contains(source, "<%") || contains(source, "{{"))
    return "templates are not read; write the value out";
  if (begins_with(source, "<<<<<<<") || begins_with(source, "=======")) return "resolve this merge";
  return "check the indentation and the quotes of this line";
}

tl::unexpected<Error> refuse(const std::string& file, const Refused& refused) {
  Error error{ErrorCode::invalid_argument,
              refused.reason,
              file + ":" + std::to_string(refused.at.line) + ":" +
                  std::to_string(refused.at.column) + ": " + refused.message,
              refused.hint,
              {}};
  error.details["file"] = file;
  error.details["line"] = std::to_string(refused.at.line);
  error.details["column"] = std::to_string(refused.at.column);
  return fail(std::move(error));
}

}  // namespace

std::string pointer_token(std::string_view name) {
  return replaced(replaced(std::string(name), "~", "~0"), "/", "~1");
}

const Json& YamlDocument::root() const { return *root_; }

std::string YamlDocument::at(std::string_view pointer) const {
  while (true) {
    const auto found = positions_.find(pointer);
    if (found != positions_.end())
      return file_ + ":" + std::to_string(found->second.line) + ":" +
             std::to_string(found->second.column);
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return file_;
    pointer = pointer.substr(0, slash);
  }
}

Result<YamlDocument> YamlDocument::parse(std::string_view text, std::string file) {
  YamlDocument document;
  document.file_ = std::move(file);
  if (text.size() > kBytesMax)
    return refuse(document.file_, {"E_MANIFEST_LIMIT", "larger than 256 KiB", {}, {1, 1}});
  if (!is_valid_utf8(text) || text.find('\0') != std::string_view::npos)
    return refuse(document.file_,
                  {"E_MANIFEST_SYNTAX", "not valid UTF-8", "save the file as UTF-8", {1, 1}});
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    Handler handler(document.positions_);
    if (!parser.HandleNextDocument(handler)) {
      document.root_ = std::make_shared<const Json>();
      return document;
    }
    document.root_ = std::make_shared<const Json>(handler.take_root());
    std::map<std::string, Position, std::less<>> ignored;
    Handler second(ignored);
    if (parser.HandleNextDocument(second) && !second.take_root().is_null())
      return refuse(document.file_, {"E_MANIFEST_SYNTAX",
                                     "a second document follows",
                                     "keep one document in the file",
                                     {1, 1}});
    return document;
  } catch (const Refused& refused) {
    return refuse(document.file_, refused);
  } catch (const YAML::Exception& error) {
    const auto at = position_of(error.mark);
    return refuse(document.file_,
                  {"E_MANIFEST_SYNTAX", excerpt(error.msg, 200), syntax_hint(text, at.line), at});
  } catch (const std::exception& error) {
    return refuse(document.file_, {"E_MANIFEST_SYNTAX", excerpt(error.what(), 200), {}, {1, 1}});
  }
}

}  // namespace sigil::builder
