#include "tests/corpus/plan_text.h"

#include "builder/planner.h"
#include "builder/text.h"

namespace sigil::corpus {

namespace {

const char* name_of(builder::Transport transport) {
  switch (transport) {
    case builder::Transport::stdio:
      return "stdio";
    case builder::Transport::streamable_http:
      return "streamable_http";
    case builder::Transport::sse:
      return "sse";
  }
  return "";
}

const char* name_of(builder::Language language) {
  switch (language) {
    case builder::Language::node:
      return "node";
    case builder::Language::python:
      return "python";
    case builder::Language::go:
      return "go";
    case builder::Language::rust:
      return "rust";
    case builder::Language::container:
      return "container";
  }
  return "";
}

void line(std::string& text, const char* name, const std::string& value) {
  if (!value.empty()) text += std::string(name) + ": " + value + "\n";
}

std::string refused(const Error& error) {
  std::string text = "refused: " + error.reason + "\nmessage: " + error.message + "\n";
  line(text, "hint", error.hint);
  for (const auto& [pointer, sentence] : error.details)
    text += "detail " + pointer + ": " + sentence + "\n";
  return text;
}

std::string environment_text(const builder::Plan& plan) {
  std::string text;
  for (const auto& [name, value] : plan.environment) text += name + "=" + value + " ";
  return text;
}

}  // namespace

std::string plan_text(const std::string& folder, const std::string& path) {
  builder::FetchedSource source;
  source.root = folder;
  source.source.path = path;
  const auto planned = builder::plan_source(source, {}, {});
  if (!planned) return refused(planned.error());
  const auto& plan = *planned;
  std::string text;
  line(text, "manifest",
       plan.manifest_format + (plan.manifest_path.empty() ? "" : " ") + plan.manifest_path);
  line(text, "name", plan.name);
  line(text, "version", plan.version);
  line(text, "language", std::string(name_of(plan.language)) + " " + plan.language_version);
  line(text, "transport", name_of(plan.transport));
  if (plan.transport != builder::Transport::stdio)
    line(text, "reached", std::to_string(plan.port) + plan.endpoint_path);
  line(text, "start",
       plan.uses_image_command ? "the image's own command" : builder::joined(plan.argv, " "));
  line(text, "environment", environment_text(plan));
  line(text, "commandFunction", builder::excerpt(plan.command_function, 200));
  line(text, "configSchema", plan.config_schema);
  line(text, "launches", builder::joined(plan.launched_packages, " "));
  line(text, "context", plan.context_path);
  line(text, "dockerfile", plan.dockerfile_path);
  for (const auto& warning : plan.warnings) line(text, "warning", warning);
  for (const auto& reason : plan.why) line(text, "why", reason);
  if (!plan.dockerfile.empty()) text += "\n" + plan.dockerfile;
  return text;
}

}  // namespace sigil::corpus
