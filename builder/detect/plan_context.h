// What detection may know besides the source: which language versions this host has base images
// for, and whether packages come from a mirror.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "builder/builder.h"
#include "builder/dockerfile/image_names.h"

namespace sigil::builder {

struct PlanContext {
  BaseImages base_images;
  // Lines of stand-ins that are made when a build asks for one; what is there goes before them.
  std::vector<std::string> node_stand_ins{}, python_stand_ins{};
  bool has_pip_mirror = false;
  bool is_transport_open = true;     // no manifest says how the server is reached
  bool is_smithery_runtime = false;  // forms C and D: the vendor's host starts the server
  std::string install_command{};     // shell texts of the manifest that replace ours
  std::string build_command{};
};

// Release lines to choose from: those of the map, else the ones the public images have.
std::vector<std::string> node_lines(const PlanContext& context);
std::vector<std::string> python_lines(const PlanContext& context);

// Sets plan.language_version to a line that fits and says why. E_NO_BUILD_PLAN never: where no line
// fits, the closest public image is named and the build says that it is missing.
void choose_node(const PlanContext& context, std::string_view pinned, std::string_view range,
                 Plan& plan);
void choose_python(const PlanContext& context, std::string_view pinned, std::string_view range,
                   Plan& plan);

}  // namespace sigil::builder
