// Base images without an image registry: recipes for images of ours that stand in for the public
// ones (node, python, golang, rust, uv, bun), made from packages of PyPI, npm, Go and Debian on top
// of sigil-base/debian:12 and built when a build first asks for one. Only on a host whose
// base-image map names such a stand-in for Debian; elsewhere images are pulled. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/dockerfile/image_names.h"

namespace sigil::builder {

// Whether this host lives on stand-ins.
bool has_stand_ins(const BaseImages& map);

// The map with the public names that recipes serve and nobody mapped yet.
BaseImages with_stand_ins(const BaseImages& map);

// The Dockerfile of "sigil-base/python:3.13"; nullopt: no recipe.
std::optional<std::string> stand_in_dockerfile(std::string_view image);

// Release lines that `sigil-base/LANGUAGE:…` can be made in; empty for an unknown language.
std::vector<std::string> stand_in_lines(std::string_view language);

}  // namespace sigil::builder
