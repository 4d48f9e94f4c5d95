// Makes any Dockerfile, ours or a stranger's, build on this host: FROM (and COPY --from) through
// the base-image map, the company's CA and mirrors after every FROM, and where the classic builder
// must do it, without what only BuildKit understands. Keeps a map from new steps to old lines, so
// that messages speak of the author's file. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "builder/dockerfile/dockerfile.h"
#include "builder/dockerfile/image_names.h"

namespace sigil::builder {

struct RewriteOptions {
  BaseImages base_images;
  bool has_ca_bundle = false;                 // .sigil/ca.crt is in the context
  std::vector<std::string> arguments;         // names of build arguments for every stage
  std::map<std::string, std::string> labels;  // on every stage, so that no layer is nobody's
  bool is_classic = true;                     // take out what only BuildKit understands
};

struct Step {
  int line = 0;  // of the author's file; 0: a line of ours
  std::string text;
};

struct Rewritten {
  std::string text;
  std::vector<Step> steps;           // one an instruction, in order; steps[0] is "Step 1"
  std::vector<std::string> images;   // external images it starts or copies from, after mapping
  std::vector<std::string> remarks;  // what was changed and why
  std::vector<std::string>
      needs_buildkit;  // why the classic builder cannot build it; empty: it can
};

// Whether anything in the file asks for BuildKit.
bool wants_buildkit(const Dockerfile& file);

Rewritten rewrite_dockerfile(const Dockerfile& file, const RewriteOptions& options);

}  // namespace sigil::builder
