// Public image names and the base-image map: "node:22-slim" -> "sigil-base/node:22". Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sigil::builder {

using BaseImages = std::map<std::string, std::string>;

// One spelling for one image: without the default host, "library/", a digest beside a tag; with
// ":latest" where nothing is said.
std::string normal_image(std::string_view name);

// What the map offers for an image: the exact name, or one of the same repository whose tag says
// the same with fewer details ("22.12-alpine" -> "22-alpine", "22-slim", "22"). nullopt: nothing.
struct MappedImage {
  std::string ours;
  std::string key;  // the name in the map
};
std::optional<MappedImage> map_image(const BaseImages& images, std::string_view name);

// Versions "3.12", "22" of a language for which the map has `repository:VERSION-slim` or
// `repository:VERSION`; newest first.
std::vector<std::string> mapped_versions(const BaseImages& images, std::string_view repository);

}  // namespace sigil::builder
