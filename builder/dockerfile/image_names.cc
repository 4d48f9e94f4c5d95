#include "builder/dockerfile/image_names.h"

#include <algorithm>

#include "builder/text.h"
#include "builder/version.h"

namespace sigil::builder {

namespace {

struct Name {
  std::string repository;
  std::string tag;
};

Name split_name(const std::string& normal) {
  const std::size_t slash = normal.rfind('/');
  const std::size_t colon = normal.find(':', slash == std::string::npos ? 0 : slash);
  if (colon == std::string::npos) return {normal, {}};
  return {normal.substr(0, colon), normal.substr(colon + 1)};
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

// "22.12.1" -> "22.12.1", "22.12", "22".
std::vector<std::string> shorter_versions(std::string version) {
  std::vector<std::string> versions = {version};
  for (auto dot = version.rfind('.'); dot != std::string::npos; dot = version.rfind('.')) {
    version.resize(dot);
    versions.push_back(version);
  }
  return versions;
}

std::vector<std::string> similar_tags(const std::string& tag) {
  const std::size_t dash = tag.find('-');
  const std::string version = tag.substr(0, dash);
  if (!is_number(version)) return {};
  std::string flavour = dash == std::string::npos ? "" : tag.substr(dash);
  std::vector<std::string> flavours = {flavour};
  // "-alpine3.20" is an "-alpine"; what is left of a flavour is tried before another one.
  while (!flavour.empty() && (is_number(flavour.substr(flavour.size() - 1)))) flavour.pop_back();
  flavours.push_back(flavour);
  flavours.insert(flavours.end(), {"-slim", ""});
  std::vector<std::string> tags;
  for (const auto& shorter : shorter_versions(version))
    for (const auto& each : flavours) tags.push_back(shorter + each);
  return tags;
}

}  // namespace

std::string normal_image(std::string_view name) {
  std::string text(name);
  for (const std::string_view prefix : {"docker.io/", "index.docker.io/", "library/"})
    if (begins_with(text, prefix)) text.erase(0, prefix.size());
  const std::size_t digest = text.find('@');
  if (digest != std::string::npos) {
    const auto before = text.substr(0, digest);
    // A digest alone names one image and no version: it stays.
    if (!split_name(before).tag.empty()) text = before;
  }
  if (split_name(text).tag.empty() && !contains(text, "@")) text += ":latest";
  return text;
}

std::optional<MappedImage> map_image(const BaseImages& images, std::string_view name) {
  const auto normal = normal_image(name);
  for (const auto& [key, ours] : images)
    if (normal_image(key) == normal) return MappedImage{ours, key};
  const auto parts = split_name(normal);
  for (const auto& tag : similar_tags(parts.tag))
    for (const auto& [key, ours] : images)
      if (normal_image(key) == parts.repository + ":" + tag) return MappedImage{ours, key};
  return std::nullopt;
}

std::vector<std::string> mapped_versions(const BaseImages& images, std::string_view repository) {
  std::vector<std::string> versions;
  for (const auto& [key, ours] : images) {
    const auto name = split_name(normal_image(key));
    const auto version =
        ends_with(name.tag, "-slim") ? name.tag.substr(0, name.tag.size() - 5) : name.tag;
    const bool is_known = std::find(versions.begin(), versions.end(), version) != versions.end();
    if (name.repository == repository && is_number(version) && !is_known)
      versions.push_back(version);
  }
  std::sort(versions.begin(), versions.end(),
            [](const std::string& a, const std::string& b) { return compare_versions(a, b) > 0; });
  return versions;
}

}  // namespace sigil::builder
