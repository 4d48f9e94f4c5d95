// What the engine says about a finished image: start command, user, working directory.
#pragma once

#include <stop_token>
#include <string>

#include "base/engine/engine.h"
#include "base/json.h"
#include "base/result.h"
#include "builder/builder.h"

namespace sigil::builder {

// Entrypoint and Cmd of an inspected image.
std::vector<std::string> image_argv(const Json& inspected);

// `inspected`: answer of inspect_image. A user that is given by name is looked up inside the image,
// because its number decides whether it is root.
Result<BuiltImage> describe_image(const engine::Engine& engine, const Json& inspected,
                                  const Plan& plan, const BuildSettings& settings,
                                  std::stop_token stop);

}  // namespace sigil::builder
