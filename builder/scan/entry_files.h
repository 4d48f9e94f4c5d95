// Which files the server starts with, as far as manifest, Dockerfile and package.json name them:
// folders that hold one are looked into even where they would be skipped. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scan/manifest_facts.h"

namespace sigil::scan {

std::vector<std::string> entry_files(const ManifestFacts& facts, const std::string& base,
                                     const std::function<std::string(const std::string&)>& read);

// A package file or lock file names an MCP SDK.
bool names_mcp_sdk(std::string_view path, std::string_view text);

}  // namespace sigil::scan
