// Builds one Dockerfile through the engine: base images, context, classic builder or BuildKit, live
// log with the author's line numbers, and nothing left behind when it fails. Any thread.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "base/engine/engine.h"
#include "base/result.h"
#include "builder/builder.h"
#include "builder/context/ignore_rules.h"

namespace sigil::builder {

struct ImageBuild {
  std::string dockerfile;    // text
  std::string file_name;     // how messages call it: "Dockerfile", "the generated Dockerfile"
  std::string context_root;  // folder on disk
  IgnoreRules ignored;
};

// The id of an untagged image. E_BUILD with details "step", "line" and "log_tail"; E_LIMIT when the
// time is over; E_CANCELLED.
Result<std::string> build_image(const engine::Engine& engine, const ImageBuild& build,
                                const BuildSettings& settings, const LogSink& log,
                                std::stop_token stop);

// Makes sure an image is there: a stand-in of ours is built, any other is pulled.
Result<void> ensure_image(const engine::Engine& engine, const std::string& image,
                          const BuildSettings& settings, const LogSink& log, std::stop_token stop);

// The image with labels, the shim and its health check, under `tag`.
struct FinishedImage {
  std::string image;  // reference it starts from; already tagged where it is ours
  std::string tag;
  std::map<std::string, std::string> labels;
  bool needs_shim = false;
};
Result<std::string> finish_image(const engine::Engine& engine, const FinishedImage& finish,
                                 const BuildSettings& settings, std::stop_token stop);

// Labels that every layer of ours carries: those of the settings that do not change from build to
// build, so that the cache stays useful.
std::map<std::string, std::string> lasting_labels(const BuildSettings& settings);

}  // namespace sigil::builder
