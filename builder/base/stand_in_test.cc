#include "builder/base/stand_in.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "builder/dockerfile/dockerfile.h"

namespace sigil::builder {
namespace {

const BaseImages kHost = {{"debian:bookworm-slim", "sigil-base/debian:12"},
                          {"node:22-slim", "sigil-base/node:22"},
                          {"node:22-alpine", "sigil-base/node:22"},
                          {"python:3.11-slim", "sigil-base/python:3.11"}};

std::string mapped(const std::string& name) {
  const auto found = map_image(with_stand_ins(kHost), name);
  return found ? found->ours : std::string();
}

TEST(StandIn, ServesPublicNamesThatNobodyMapped) {
  EXPECT_EQ(mapped("python:3.13-slim"), "sigil-base/python:3.13");
  EXPECT_EQ(mapped("python:3.12.4-slim-bookworm"), "sigil-base/python:3.12");
  EXPECT_EQ(mapped("golang:1.24-alpine"), "sigil-base/golang:1-alpine");
  EXPECT_EQ(mapped("golang:1.23.4"), "sigil-base/golang:1");
  EXPECT_EQ(mapped("rust:1.83-slim"), "sigil-base/rust:1");
  EXPECT_EQ(mapped("ghcr.io/astral-sh/uv:python3.12-bookworm-slim"), "sigil-base/python:3.12");
  EXPECT_EQ(mapped("ghcr.io/astral-sh/uv:0.8.3"), "sigil-base/uv:1");
  EXPECT_EQ(mapped("node:24-slim"), "sigil-base/node:24");
  EXPECT_EQ(mapped("alpine:3.20"), "sigil-base/debian:12-alpine");
}

TEST(StandIn, KeepsWhatTheHostMaps) {
  EXPECT_EQ(mapped("node:22-slim"), "sigil-base/node:22");
  EXPECT_EQ(mapped("python:3.11-slim"), "sigil-base/python:3.11");
}

TEST(StandIn, AlpineNamesGetAlpinesWords) {
  EXPECT_EQ(mapped("node:22-alpine"), "sigil-base/node:22-alpine");
  EXPECT_EQ(mapped("node:22.12-alpine3.20"), "sigil-base/node:22-alpine");
}

TEST(StandIn, IsForHostsThatLiveOnStandInsOnly) {
  const BaseImages mirrored = {{"node:22-slim", "mirror.example/node:22-slim"}};
  EXPECT_EQ(with_stand_ins(mirrored), mirrored);
  EXPECT_FALSE(has_stand_ins({}));
}

TEST(StandIn, EveryNameItServesHasARecipeOrAScript) {
  const std::vector<std::string> made_by_script = {"sigil-base/debian:12", "sigil-base/node:22",
                                                   "sigil-base/python:3.11"};
  for (const auto& [name, ours] : with_stand_ins(kHost)) {
    const bool is_script =
        std::find(made_by_script.begin(), made_by_script.end(), ours) != made_by_script.end();
    EXPECT_TRUE(is_script || stand_in_dockerfile(ours)) << name << " -> " << ours;
  }
}

TEST(StandIn, RecipesStartFromStandIns) {
  for (const auto* image : {"sigil-base/node:24", "sigil-base/python:3.12", "sigil-base/golang:1",
                            "sigil-base/rust:1", "sigil-base/uv:1", "sigil-base/bun:1-alpine"}) {
    const auto text = stand_in_dockerfile(image);
    ASSERT_TRUE(text) << image;
    for (const auto& instruction : parse_dockerfile(*text).instructions)
      if (instruction.keyword == "FROM") {
        EXPECT_EQ(from_parts(instruction).image.rfind("sigil-base/", 0), 0U) << *text;
      }
  }
  EXPECT_FALSE(stand_in_dockerfile("sigil-base/python:2.7"));
  EXPECT_FALSE(stand_in_dockerfile("python:3.12"));
}

}  // namespace
}  // namespace sigil::builder
