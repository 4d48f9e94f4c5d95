// The query part of an Engine API address, percent-encoded piece by piece.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace sigil::engine {

class Query {
 public:
  Query& add(std::string_view name, std::string_view value);
  Query& add_if(bool condition, std::string_view name, std::string_view value) {
    return condition ? add(name, value) : *this;
  }
  // "" or "?a=1&b=2".
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// {"label":["a=1","b"]}: a label without a value asks for its presence.
std::string label_filter(const std::map<std::string, std::string>& labels);

// {"a":"1"} as the API wants labels and build arguments.
std::string map_text(const std::map<std::string, std::string>& map);

}  // namespace sigil::engine
