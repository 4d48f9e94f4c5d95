#include "builder/dockerfile/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builder/text.h"

namespace sigil::builder {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const BaseImages kMap = {{"node:22-slim", "sigil-base/node:22"},
                         {"node:22-alpine", "sigil-base/node:22"},
                         {"python:3.12-slim", "sigil-base/python:3.12"},
                         {"debian:bookworm-slim", "sigil-base/debian:12"}};

Rewritten rewrite(std::string_view text, RewriteOptions options = {}) {
  if (options.base_images.empty()) options.base_images = kMap;
  return rewrite_dockerfile(parse_dockerfile(text), options);
}

struct Row {
  const char* before;
  const char* after;
};

TEST(RewriteDockerfile, SendsFromLinesThroughTheMap) {
  const Row table[] = {
      {"FROM node:22-slim", "FROM sigil-base/node:22\n"},
      {"from node:22-slim as build", "FROM sigil-base/node:22 AS build\n"},
      {"FROM docker.io/library/node:22-slim", "FROM sigil-base/node:22\n"},
      {"FROM node:22-slim@sha256:0123", "FROM sigil-base/node:22\n"},
      {"FROM node:22.12.0-alpine3.20", "FROM sigil-base/node:22\n"},
      {"FROM node:22.12-bookworm", "FROM sigil-base/node:22\n"},
      {"FROM node:18-slim", "FROM node:18-slim\n"},
      {"FROM scratch", "FROM scratch\n"},
      {"FROM registry.example/team/base:1", "FROM registry.example/team/base:1\n"},
      {"ARG V=22\nFROM node:${V}-slim", "ARG V=22\nFROM sigil-base/node:22\n"},
      {"ARG V\nFROM node:${V:-22}-slim", "ARG V\nFROM sigil-base/node:22\n"},
      {"ARG BASE=node:22-slim\nFROM $BASE", "ARG BASE=node:22-slim\nFROM sigil-base/node:22\n"},
      {"FROM --platform=$BUILDPLATFORM node:22-slim", "FROM sigil-base/node:22\n"},
      {"FROM --platform=linux/amd64 node:22-slim",
       "FROM --platform=linux/amd64 sigil-base/node:22\n"},
      {"FROM node:22-slim AS a\nFROM a AS b\nFROM b",
       "FROM sigil-base/node:22 AS a\nFROM a AS b\nFROM b\n"},
      {"FROM node:22-slim AS node\nFROM node", "FROM sigil-base/node:22 AS node\nFROM node\n"},
      {"FROM scratch\nCOPY --from=python:3.12-slim /a /b",
       "FROM scratch\nCOPY --from=sigil-base/python:3.12 /a /b\n"},
      {"FROM node:22-slim AS build\nFROM scratch\nCOPY --from=build /a /b\nCOPY --from=0 /c /d",
       "FROM sigil-base/node:22 AS build\nFROM scratch\nCOPY --from=build /a /b\nCOPY --from=0 /c "
       "/d\n"},
  };
  for (const auto& row : table) EXPECT_EQ(rewrite(row.before).text, row.after) << row.before;
}

TEST(RewriteDockerfile, InsertsCaAndMirrorsAfterEveryExternalFrom) {
  RewriteOptions options;
  options.has_ca_bundle = true;
  options.arguments = {"npm_config_registry"};
  options.labels = {{"io.sigil.instance", "abc"}};
  const auto result = rewrite(
      "# syntax=docker/dockerfile:1\nFROM node:22-slim AS a\nRUN x\nFROM a\nRUN y\n", options);
  EXPECT_EQ(result.text,
            "FROM sigil-base/node:22 AS a\n"
            "LABEL io.sigil.instance=\"abc\"\n"
            "COPY .sigil/ca.crt /etc/sigil/ca.crt\n"
            "ENV NODE_EXTRA_CA_CERTS=/etc/sigil/ca.crt SSL_CERT_FILE=/etc/sigil/ca.crt "
            "REQUESTS_CA_BUNDLE=/etc/sigil/ca.crt PIP_CERT=/etc/sigil/ca.crt "
            "CURL_CA_BUNDLE=/etc/sigil/ca.crt GIT_SSL_CAINFO=/etc/sigil/ca.crt "
            "CARGO_HTTP_CAINFO=/etc/sigil/ca.crt\n"
            "ARG npm_config_registry\n"
            "RUN x\n"
            "FROM a\n"
            "ARG npm_config_registry\n"
            "RUN y\n");
  std::vector<int> lines;
  for (const auto& step : result.steps) lines.push_back(step.line);
  EXPECT_THAT(lines, ElementsAre(2, 0, 0, 0, 0, 3, 4, 0, 5));
  EXPECT_THAT(result.images, ElementsAre("sigil-base/node:22"));
}

TEST(RewriteDockerfile, KeepsContinuedLinesCommentsAndEscapes) {
  const std::string text = "# escape=`\nFROM scratch\nRUN a `\n  # why\n\n  && b\nCMD [\"x\"]\n";
  const auto result = rewrite(text);
  EXPECT_EQ(result.text, text);
  EXPECT_EQ(result.steps[1].line, 3);
  EXPECT_EQ(result.steps[2].line, 7);
}

TEST(RewriteDockerfile, TakesOutWhatOnlyBuildKitKnowsWhereThatIsHarmless) {
  const auto result = rewrite(
      "FROM node:22-slim\n"
      "RUN --mount=type=cache,target=/root/.npm npm ci\n"
      "COPY --link --chmod=755 a b\n");
  EXPECT_THAT(result.text, HasSubstr("RUN  npm ci\n"));
  EXPECT_THAT(result.text, Not(HasSubstr("--link")));
  EXPECT_THAT(result.text, Not(HasSubstr("--chmod")));
  EXPECT_THAT(result.needs_buildkit, IsEmpty());
}

TEST(RewriteDockerfile, SaysWhatTheClassicBuilderCannotDo) {
  const auto result = rewrite(
      "FROM node:22-slim\n"
      "RUN --mount=type=bind,source=uv.lock,target=uv.lock uv sync\n"
      "RUN <<EOF\necho hi\nEOF\nCMD [\"x\"]\n");
  ASSERT_EQ(result.needs_buildkit.size(), 2u);
  EXPECT_THAT(result.needs_buildkit[0], HasSubstr("line 2: --mount=type=bind"));
  EXPECT_THAT(result.needs_buildkit[1], HasSubstr("line 3: a here-document"));
  EXPECT_EQ(result.steps.size(), 4u);
  EXPECT_EQ(result.steps[3].line, 6);
}

TEST(RewriteDockerfile, LeavesBuildKitFilesAloneForBuildKit) {
  RewriteOptions options;
  options.is_classic = false;
  const auto result =
      rewrite("FROM node:22-slim\nRUN --mount=type=cache,target=/x npm ci\n", options);
  EXPECT_THAT(result.text, HasSubstr("RUN --mount=type=cache,target=/x npm ci\n"));
}

TEST(RewriteDockerfile, DropsOnbuild) {
  EXPECT_THAT(rewrite("FROM scratch\nONBUILD RUN evil\n").text, Not(HasSubstr("evil")));
}

TEST(WantsBuildkit, SeesMountsAndHeredocs) {
  EXPECT_TRUE(wants_buildkit(parse_dockerfile("FROM a\nRUN --mount=type=cache,target=/x y\n")));
  EXPECT_TRUE(wants_buildkit(parse_dockerfile("FROM a\nCOPY --chmod=755 a b\n")));
  EXPECT_TRUE(wants_buildkit(parse_dockerfile("FROM a\nCOPY <<X /a\nhi\nX\n")));
  EXPECT_FALSE(wants_buildkit(parse_dockerfile("FROM a\nRUN cat <<<hi\nRUN echo $((1<<2))\n")));
  EXPECT_FALSE(wants_buildkit(parse_dockerfile("FROM a\nCOPY --from=b --chown=1:1 a b\n")));
}

TEST(ParseDockerfile, NeverEndsOnOddInput) {
  for (const auto* text :
       {"", "\n\n", "\\", "FROM", "FROM \\\n", "RUN <<", "RUN <<EOF\nno end", "# escape=`\n`",
        "\xEF\xBB\xBF"
        "FROM a"})
    (void)rewrite(text);
  EXPECT_EQ(parse_dockerfile("\xEF\xBB\xBF"
                             "FROM a")
                .instructions.at(0)
                .keyword,
            "FROM");
}

TEST(MappedVersions, AreNewestFirst) {
  EXPECT_THAT(mapped_versions({{"python:3.9-slim", "x"},
                               {"python:3.12-slim", "x"},
                               {"python:3.12", "x"},
                               {"python:latest", "x"},
                               {"node:22", "x"}},
                              "python"),
              ElementsAre("3.12", "3.9"));
}

TEST(CommandWords, ReadBothForms) {
  EXPECT_THAT(command_words("[\"node\", \"a b\"]"), ElementsAre("node", "a b"));
  EXPECT_THAT(command_words("node a.js"), ElementsAre("/bin/sh", "-c", "node a.js"));
  EXPECT_THAT(command_words("[broken"), ElementsAre("/bin/sh", "-c", "[broken"));
}

}  // namespace
}  // namespace sigil::builder
