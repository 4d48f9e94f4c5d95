#include "builder/detect/compiled.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "builder/detect/loose_json.h"
#include "builder/detect/source_signs.h"
#include "builder/detect/system_packages.h"
#include "builder/detect/toml.h"
#include "builder/dockerfile/common.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

std::string go_module(std::string_view go_mod) {
  for (const auto line : lines_of(go_mod))
    if (begins_with(trimmed(line), "module ")) return std::string(trimmed(trimmed(line).substr(7)));
  return {};
}

bool has_main_package(const SourceTree& tree, const std::string& folder) {
  for (const auto& name : tree.names_in(folder)) {
    if (!ends_with(name, ".go") || ends_with(name, "_test.go")) continue;
    const auto text = tree.read(joined_path(folder, name), 512 * 1024).value_or("");
    for (const auto line : lines_of(text)) {
      const auto word = trimmed(line);
      if (begins_with(word, "package ")) {
        if (trimmed(word.substr(8)) == "main") return true;
        break;
      }
    }
  }
  return false;
}

// Folders with a package main, the shallowest first; those of examples and tools last.
std::vector<std::string> main_packages_below(const SourceTree& tree, const std::string& base) {
  std::vector<std::string> folders;
  for (const auto& path : tree.files_below(base, 5'000)) {
    const std::size_t slash = path.rfind('/');
    if (!ends_with(path, ".go") || slash == std::string::npos) continue;
    const auto folder = path.substr(0, slash);
    const auto relative = base == "." ? folder : folder.substr(base.size() + 1);
    if (std::find(folders.begin(), folders.end(), relative) == folders.end())
      folders.push_back(relative);
  }
  std::vector<std::string> mains;
  for (const auto& folder : folders)
    if (has_main_package(tree, joined_path(base, folder))) mains.push_back("./" + folder);
  const auto rank = [](const std::string& folder) {
    const bool is_aside = contains(folder, "example") || contains(folder, "tool") ||
                          contains(folder, "script") || contains(folder, "client");
    return std::count(folder.begin(), folder.end(), '/') + (is_aside ? 10 : 0);
  };
  std::stable_sort(mains.begin(), mains.end(),
                   [&](const std::string& a, const std::string& b) { return rank(a) < rank(b); });
  return mains;
}

// Many programs speak only after a subcommand; stdio is the one that needs no port.
std::string subcommand(const SourceTree& tree, const std::string& base,
                       std::initializer_list<const char*> endings) {
  for (const auto* word : {"stdio", "serve", "mcp"})
    for (const auto& path : tree.files_below(base, 3'000)) {
      const bool is_source = std::any_of(endings.begin(), endings.end(), [&](const char* ending) {
        return ends_with(path, ending);
      });
      if (!is_source) continue;
      const auto text = tree.read(path, 512 * 1024).value_or("");
      const auto quoted = std::string("\"") + word + "\"";
      if (contains(text, "Use:   " + quoted) || contains(text, "Use: " + quoted) ||
          contains(text, "Name: " + quoted))
        return word;
    }
  return {};
}

void set_transport(const SourceTree& tree, const std::string& base, const std::string& ending,
                   const PlanContext& context, Plan& plan) {
  if (!context.is_transport_open) return;
  const auto asked = transport_of_command(plan.argv);
  plan.transport = asked ? *asked : choose_transport(read_signs(tree, base, {ending}), plan);
}

// Both end in the same small runtime stage.
std::string runtime_stage(const std::string& image, const Plan& plan) {
  std::string text = "\nFROM " + image + "\n" + install_packages(plan.system_packages);
  text +=
      "ENV PATH=/usr/local/bin:/usr/bin:/bin PORT=" + std::to_string(plan.port) + " HOST=0.0.0.0\n";
  text += std::string("RUN mkdir -p /data && chmod 1777 /data && chown ") + kRuntimeUser +
          " /data\nVOLUME /data\n";
  text += std::string("WORKDIR /data\nUSER ") + kRuntimeUser + "\nEXPOSE " +
          std::to_string(plan.port) + "\n";
  text += "COPY --from=build /out/server /usr/local/bin/server\n";
  text += "CMD " + exec_form(plan.argv) + "\n";
  return text;
}

struct Crate {
  std::string package, binary;
};

// The binary to build: the one whose name contains mcp, else the first; of a workspace likewise.
Crate choose_crate(const SourceTree& tree, const std::string& base, const Json& cargo) {
  const auto name = string_or(member_of(cargo, "package"), "name");
  const auto& bins = member_of(cargo, "bin");
  if (bins.is_array() && !bins.empty()) {
    for (const auto& bin : bins)
      if (contains(lowered(string_or(bin, "name")), "mcp")) return {name, string_or(bin, "name")};
    return {name, string_or(bins.front(), "name", name)};
  }
  if (!name.empty() && tree.has_file(joined_path(base, "src/main.rs"))) return {name, name};
  const auto& members = member_of(member_of(cargo, "workspace"), "members");
  Crate first;
  if (members.is_array())
    for (const auto& member : members) {
      if (!member.is_string()) continue;
      auto folder = member.get<std::string>();
      std::vector<std::string> folders = {folder};
      if (ends_with(folder, "/*")) {
        folder.resize(folder.size() - 2);
        folders.clear();
        for (const auto& each : tree.names_in(joined_path(base, folder)))
          folders.push_back(joined_path(folder, each));
      }
      for (const auto& each : folders) {
        const auto path = joined_path(base, each);
        if (!tree.has_file(path + "/src/main.rs")) continue;
        std::string problem;
        const auto inner = parse_toml(tree.read(path + "/Cargo.toml").value_or(""), problem);
        const auto own = inner ? string_or(member_of(*inner, "package"), "name") : std::string();
        if (own.empty()) continue;
        if (contains(lowered(own), "mcp")) return {own, own};
        if (first.package.empty()) first = {own, own};
      }
    }
  return first;
}

}  // namespace

std::string go_version(std::string_view go_mod) {
  for (const auto line : lines_of(go_mod)) {
    const auto word = trimmed(line);
    if (!begins_with(word, "go ")) continue;
    const auto parts = split(trimmed(word.substr(3)), '.');
    return parts.size() >= 2 ? parts[0] + "." + parts[1] : std::string(trimmed(word.substr(3)));
  }
  return {};
}

std::string go_main_package(const SourceTree& tree, const std::string& base) {
  if (has_main_package(tree, base)) return ".";
  std::vector<std::string> mains;
  for (const auto& name : tree.names_in(joined_path(base, "cmd")))
    if (has_main_package(tree, joined_path(base, "cmd/" + name))) mains.push_back("./cmd/" + name);
  if (mains.empty()) mains = main_packages_below(tree, base);
  if (mains.size() == 1) return mains[0];
  for (const auto* word : {"mcp", "server"})
    for (const auto& each : mains)
      if (contains(lowered(each), word)) return each;
  return mains.empty() ? "" : mains[0];
}

Result<void> plan_go(const SourceTree& tree, const std::string& base, const PlanContext& context,
                     Plan& plan) {
  const auto go_mod = tree.read(joined_path(base, "go.mod")).value_or("");
  const auto package = go_main_package(tree, base);
  const auto signs = read_signs(tree, base, {".go"});
  if (!contains(go_mod, "mcp") && !signs.is_mcp && plan.manifest_path.empty())
    return fail(ErrorCode::invalid_argument, "E_NOT_MCP", "go.mod requires no MCP SDK",
                "name the server's folder with --path, or describe it in an mcp.yaml");
  if (package.empty())
    return fail(ErrorCode::invalid_argument, "E_NO_BUILD_PLAN",
                "there is no package main, neither here nor in cmd/*",
                "name the folder with --path, or bring a Dockerfile");
  const auto module = go_module(go_mod);
  plan.language = Language::go;
  plan.language_version = go_version(go_mod);
  const auto lines = mapped_versions(context.base_images, "golang");
  if (plan.language_version.empty() || (!lines.empty() && lines[0] != plan.language_version))
    plan.language_version = lines.empty() ? "1" : lines[0];
  plan.package_name = module;
  if (plan.name.empty()) plan.name = module.substr(module.rfind('/') + 1);
  plan.why.push_back("Go " + plan.language_version + ", package " + package);
  if (plan.argv.empty()) {
    plan.argv = {"server"};
    if (const auto word = subcommand(tree, base, {".go"}); !word.empty()) plan.argv.push_back(word);
  }
  set_transport(tree, base, ".go", context, plan);
  plan.context_path = base;
  choose_system_packages(tree, base, plan);
  plan.dockerfile =
      "# Generated by Sigil from go.mod.\nFROM golang:" + plan.language_version +
      " AS build\nWORKDIR /src\nENV CGO_ENABLED=0 GOFLAGS=-mod=mod GOTOOLCHAIN=local\n" +
      (tree.has_file(joined_path(base, "go.sum")) ? "COPY go.mod go.sum ./\n"
                                                  : "COPY go.mod ./\n") +
      "RUN go mod download\nCOPY . .\nRUN go build -trimpath -o /out/server " +
      shell_quoted(package) + "\n" + runtime_stage("debian:bookworm-slim", plan);
  return {};
}

Result<void> plan_rust(const SourceTree& tree, const std::string& base, const PlanContext& context,
                       Plan& plan) {
  std::string problem;
  const auto cargo = parse_toml(tree.read(joined_path(base, "Cargo.toml")).value_or(""), problem);
  if (!cargo)
    return fail(ErrorCode::invalid_argument, "E_NO_BUILD_PLAN",
                joined_path(base, "Cargo.toml") + " cannot be read: " + problem,
                "mend the file, or bring a Dockerfile");
  const auto signs = read_signs(tree, base, {".rs", "Cargo.toml"});
  if (!signs.is_mcp && plan.manifest_path.empty())
    return fail(ErrorCode::invalid_argument, "E_NOT_MCP", "Cargo.toml requires no MCP SDK",
                "name the server's folder with --path, or describe it in an mcp.yaml");
  const bool has_lock = tree.has_file(joined_path(base, "Cargo.lock"));
  const auto crate = choose_crate(tree, base, *cargo);
  if (crate.binary.empty())
    return fail(ErrorCode::invalid_argument, "E_NO_BUILD_PLAN", "Cargo.toml builds no program",
                "name the crate's folder with --path, or bring a Dockerfile");
  plan.language = Language::rust;
  const auto lines = mapped_versions(context.base_images, "rust");
  plan.language_version = lines.empty() ? "1" : lines[0];
  plan.package_name = crate.package;
  const auto& package = member_of(*cargo, "package");
  if (plan.name.empty()) plan.name = crate.package;
  if (plan.version.empty()) plan.version = string_or(package, "version");
  if (plan.description.empty()) plan.description = string_or(package, "description");
  plan.why.push_back("Rust " + plan.language_version + ", binary " + crate.binary);
  if (plan.argv.empty()) plan.argv = {"server"};
  set_transport(tree, base, ".rs", context, plan);
  plan.context_path = base;
  choose_system_packages(tree, base, plan);
  const std::string locked = has_lock ? " --locked" : "";
  plan.dockerfile = "# Generated by Sigil from Cargo.toml.\nFROM rust:" + plan.language_version +
                    "-slim AS build\nWORKDIR /src\nCOPY . .\nRUN cargo build --release" + locked +
                    " --package " + shell_quoted(crate.package) + " --bin " +
                    shell_quoted(crate.binary) + " && mkdir -p /out && cp target/release/" +
                    shell_quoted(crate.binary) + " /out/server\n" +
                    runtime_stage("debian:bookworm-slim", plan);
  return {};
}

}  // namespace sigil::builder
