#include "builder/scan/packages.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/encoding.h"
#include "builder/text.h"

namespace sigil::scan {

std::string_view osv_name(Ecosystem ecosystem) {
  switch (ecosystem) {
    case Ecosystem::npm:
      return "npm";
    case Ecosystem::pypi:
      return "PyPI";
    case Ecosystem::go:
      return "Go";
    case Ecosystem::cargo:
      return "crates.io";
  }
  return "";
}

std::string normal_name(Ecosystem ecosystem, std::string_view name) {
  if (ecosystem != Ecosystem::pypi) return std::string(name);
  std::string out;
  for (const char each : builder::lowered(name)) {
    const bool is_separator = each == '-' || each == '_' || each == '.';
    if (!is_separator) {
      out += each;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  return out;
}

std::string purl_of(const Package& package) {
  const char* type = package.ecosystem == Ecosystem::npm    ? "npm"
                     : package.ecosystem == Ecosystem::pypi ? "pypi"
                     : package.ecosystem == Ecosystem::go   ? "golang"
                                                            : "cargo";
  std::string name;
  for (const auto& part : builder::split(normal_name(package.ecosystem, package.name), '/'))
    name += (name.empty() ? "" : "/") + percent_encode(part);
  return "pkg:" + std::string(type) + "/" + name + "@" + percent_encode(package.version);
}

Json sbom_json(const std::vector<Package>& packages, const std::string& name,
               const std::string& version) {
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (const auto& package : packages)
    seen.emplace(purl_of(package), package.name, package.version);
  auto components = Json::array();
  for (const auto& [purl, package, exact] : seen)
    components.push_back({{"type", "library"},
                          {"bom-ref", purl},
                          {"name", package},
                          {"version", exact},
                          {"purl", purl}});
  return {{"$schema", "http://cyclonedx.org/schema/bom-1.5.schema.json"},
          {"bomFormat", "CycloneDX"},
          {"specVersion", "1.5"},
          {"version", 1},
          {"metadata",
           {{"component",
             {{"type", "application"},
              {"bom-ref", "server"},
              {"name", name.empty() ? "server" : name},
              {"version", version}}},
            {"tools",
             {{"components", Json::array({{{"type", "application"}, {"name", "sigil-scan"}}})}}}}},
          {"components", components}};
}

}  // namespace sigil::scan
