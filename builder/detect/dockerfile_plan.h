// A repository that brings its own Dockerfile: which file, which context, and what the last stage
// says about how it is started.
#pragma once

#include <string>
#include <vector>

#include "builder/builder.h"
#include "builder/dockerfile/dockerfile.h"
#include "builder/source_tree.h"

namespace sigil::builder {

// Dockerfile in this folder, by its usual names; empty: none.
std::string find_dockerfile(const SourceTree& tree, const std::string& folder);

struct ImageCommand {
  std::vector<std::string> argv;  // ENTRYPOINT and CMD of the last stage
  std::vector<int> exposed;
  std::map<std::string, std::string> environment;
  std::string final_image;  // its last FROM
};
ImageCommand image_command(const Dockerfile& file);

// Transport, port and the reasons, from what the image says about itself. Pure.
void choose_image_transport(const ImageCommand& command, bool sources_have_stdio, Plan& plan);

// Sets dockerfile_path, context_path, uses_image_command, language container. `context` and
// `dockerfile` relative to the tree. E_MANIFEST_PATH when the file is not there.
Result<void> plan_dockerfile(const SourceTree& tree, const std::string& dockerfile,
                             const std::string& context, bool is_transport_open, Plan& plan);

}  // namespace sigil::builder
