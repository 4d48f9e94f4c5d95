// Reads members of a manifest with their types; a wrong type is E_MANIFEST_SCHEMA with the place,
// what was found and what was expected. One file, one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "builder/manifest/yaml_guard.h"

namespace sigil::builder {

class ManifestReader {
 public:
  explicit ManifestReader(const YamlDocument& document) : document_(document) {}

  // Values at "/startCommand/type"; null where there is none.
  const Json& value(std::string_view pointer) const;
  bool has(std::string_view pointer) const;

  // Empty or fallback where absent; numbers and booleans are taken as text.
  Result<std::string> text(std::string_view pointer) const;
  Result<std::int64_t> integer(std::string_view pointer, std::int64_t fallback) const;
  Result<std::vector<std::string>> texts(std::string_view pointer) const;
  Result<std::map<std::string, std::string>> text_map(std::string_view pointer) const;
  // "256Mi", "1Gi", "64M", "1000" -> bytes.
  Result<std::int64_t> size(std::string_view pointer) const;
  // 0.5, "500m" -> thousandths of a CPU.
  Result<std::int64_t> cpu(std::string_view pointer) const;

  tl::unexpected<Error> wrong(std::string_view pointer, const std::string& expected) const;
  tl::unexpected<Error> refuse(std::string_view pointer, const std::string& reason,
                               const std::string& message, const std::string& hint = {}) const;

 private:
  const YamlDocument& document_;
};

// Number, boolean or string as text; nullopt otherwise.
std::optional<std::string> scalar_text(const Json& value);

}  // namespace sigil::builder
