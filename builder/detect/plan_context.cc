#include "builder/detect/plan_context.h"

#include <algorithm>

#include "builder/text.h"
#include "builder/version.h"

namespace sigil::builder {

namespace {

struct Choice {
  std::string language;     // "Node"
  std::string preferred;    // "22"
  std::string asked_by;     // "engines.node"
  std::string_view pinned;  // of a version file; empty: none
  std::string_view range;
  std::vector<std::string> lines;
  bool is_mapped = false;
  bool (*fits)(std::string_view, std::string_view) = nullptr;
};

std::string explained(const Choice& choice, const std::string& line) {
  std::string text = choice.language + " " + line;
  if (!choice.pinned.empty() && begins_with(choice.pinned, line))
    text += ", pinned by the source";
  else if (!choice.range.empty())
    text += ", because " + choice.asked_by + " is " + excerpt(choice.range, 60);
  else
    text += ", the default";
  if (choice.is_mapped) text += "; base images here: " + joined(choice.lines, ", ");
  return text;
}

std::string choose(const Choice& choice, Plan& plan) {
  if (!choice.pinned.empty()) {
    for (const auto& line : choice.lines)
      if (choice.pinned == line || begins_with(choice.pinned, line + ".")) {
        plan.why.push_back(explained(choice, line));
        return line;
      }
  }
  auto line = choose_line(choice.preferred, choice.lines, choice.range, choice.fits);
  if (!line.empty()) {
    plan.why.push_back(explained(choice, line));
    return line;
  }
  // The first number of the range is the oldest release the source knows to work.
  const std::size_t digit = choice.range.find_first_of("0123456789");
  line = choice.range.substr(std::min(digit, choice.range.size()));
  line = line.substr(0, line.find_first_not_of("0123456789."));
  plan.warnings.push_back("no " + choice.language + " here fits " + choice.asked_by + " " +
                          excerpt(choice.range, 60) +
                          "; base images here: " + joined(choice.lines, ", "));
  return line.empty() ? choice.preferred : line;
}

// What is here already goes before what would have to be made.
std::string preferred(const std::string& usual, const std::vector<std::string>& here) {
  const bool is_here = std::find(here.begin(), here.end(), usual) != here.end();
  return is_here || here.empty() ? usual : here.front();
}

}  // namespace

std::vector<std::string> node_lines(const PlanContext& context) {
  auto lines = mapped_versions(context.base_images, "node");
  lines.insert(lines.end(), context.node_stand_ins.begin(), context.node_stand_ins.end());
  return lines.empty() ? std::vector<std::string>{"24", "22", "20", "18"} : lines;
}

std::vector<std::string> python_lines(const PlanContext& context) {
  std::vector<std::string> lines;
  // "3" alone says too little to hold against a range.
  for (const auto& line : mapped_versions(context.base_images, "python"))
    if (contains(line, ".")) lines.push_back(line);
  lines.insert(lines.end(), context.python_stand_ins.begin(), context.python_stand_ins.end());
  return lines.empty() ? std::vector<std::string>{"3.13", "3.12", "3.14", "3.11", "3.10"} : lines;
}

void choose_node(const PlanContext& context, std::string_view pinned, std::string_view range,
                 Plan& plan) {
  while (begins_with(pinned, "v")) pinned.remove_prefix(1);
  plan.language = Language::node;
  const auto here = mapped_versions(context.base_images, "node");
  plan.language_version = choose({"Node", preferred("22", here), "engines.node", pinned, range,
                                  node_lines(context), !here.empty(), fits_node_range},
                                 plan);
}

void choose_python(const PlanContext& context, std::string_view pinned, std::string_view range,
                   Plan& plan) {
  plan.language = Language::python;
  auto here = mapped_versions(context.base_images, "python");
  // "3" alone says too little to hold against a range.
  here.erase(std::remove_if(here.begin(), here.end(),
                            [](const auto& line) { return !contains(line, "."); }),
             here.end());
  plan.language_version = choose({"Python", preferred("3.12", here), "requires-python", pinned,
                                  range, python_lines(context), !here.empty(), fits_python_range},
                                 plan);
}

}  // namespace sigil::builder
