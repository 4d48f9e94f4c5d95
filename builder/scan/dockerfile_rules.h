// DOCK-001 to DOCK-005, and NET-002 in Dockerfiles and compose files. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builder/scan/issue.h"

namespace sigil::scan {

struct DockerInstruction {
  int line = 0;
  std::string name;  // upper case
  std::string text;  // continuation lines joined
};
// At most 5,000 instructions; here-documents belong to their instruction.
std::vector<DockerInstruction> docker_instructions(std::string_view text);

bool is_dockerfile(std::string_view path);
bool is_compose_file(std::string_view path);

// `npmrc_is_harmless`: the tree's .npmrc holds no credential.
std::vector<Issue> dockerfile_issues(const std::string& path, std::string_view text,
                                     bool npmrc_is_harmless);
std::vector<Issue> compose_issues(const std::string& path, std::string_view text);

// "curl … | sh" and its kin.
bool is_download_and_run(std::string_view command);

}  // namespace sigil::scan
