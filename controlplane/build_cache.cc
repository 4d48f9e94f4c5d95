#include "controlplane/build_cache.h"

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/json.h"

namespace sigil::controlplane {

namespace {

bool has_tag(const Json& image) {
  const auto tags = image.find("RepoTags");
  if (tags == image.end() || !tags->is_array()) return false;
  for (const auto& tag : *tags)
    if (tag.is_string() && tag.get_ref<const std::string&>() != "<none>:<none>") return true;
  return false;
}

bool is_cache(const Json& image) {
  if (!image.is_object() || has_tag(image)) return false;
  const auto labels = image.find("Labels");
  return labels != image.end() && labels->is_object() && !labels->contains("io.sigil.deployment");
}

}  // namespace

Result<int> prune_build_cache(const engine::Engine& engine, const std::string& instance,
                              std::chrono::seconds age) {
  SIGIL_TRY(const auto images, engine.list_images({{"io.sigil.instance", instance}}));
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      system_clock().wall_now().time_since_epoch());
  int count = 0;
  for (const auto& image : images) {
    if (!is_cache(image) || integer_or(image, "Created", 0) > (now - age).count()) continue;
    // One that something still stands on is refused by the engine and stays.
    if (engine.remove_image(string_or(image, "Id"))) ++count;
  }
  return count;
}

}  // namespace sigil::controlplane
