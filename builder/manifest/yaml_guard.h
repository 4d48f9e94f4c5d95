// YAML from strangers as JSON with positions: 256 KiB, depth 32, 100,000 nodes, no aliases, no
// second document, duplicate keys refused with both lines. Scalars become what YAML 1.2's core
// schema says (so "yes" is text). Built from the parser's events, so nothing is ever expanded.
// Pure.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace sigil::builder {

struct Position {
  int line = 0;  // from 1
  int column = 0;
};

class YamlDocument {
 public:
  // `file`: how messages call it. E_MANIFEST_SYNTAX, E_MANIFEST_LIMIT.
  static Result<YamlDocument> parse(std::string_view text, std::string file);

  const Json& root() const;
  // "smithery.yaml:12:5" of the value at this JSON pointer, or of the nearest value around it.
  std::string at(std::string_view pointer) const;
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::shared_ptr<const Json> root_;
  std::map<std::string, Position, std::less<>> positions_;
};

// One name of a JSON pointer.
std::string pointer_token(std::string_view name);

}  // namespace sigil::builder
