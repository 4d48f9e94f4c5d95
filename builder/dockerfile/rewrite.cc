#include "builder/dockerfile/rewrite.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr const char* kCaFile = "/etc/sigil/ca.crt";

using Variables = std::map<std::string, std::string>;

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// ${NAME}, ${NAME:-default}, ${NAME-default}, $NAME with the values of the ARGs before the first
// FROM.
std::string expanded(std::string_view text, const Variables& variables) {
  std::string result;
  const auto value = [&](std::string_view name) {
    const auto found = variables.find(std::string(name));
    return found == variables.end() ? std::string() : found->second;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 >= text.size()) {
      result += text[i];
      continue;
    }
    if (text[i + 1] == '{') {
      const std::size_t end = text.find('}', i);
      if (end == std::string_view::npos) return std::string(text);
      const auto inside = text.substr(i + 2, end - i - 2);
      std::size_t name_end = 0;
      while (name_end < inside.size() && is_name_character(inside[name_end])) ++name_end;
      auto found = value(inside.substr(0, name_end));
      const std::size_t dash = inside.find('-', name_end);
      if (found.empty() && dash != std::string_view::npos) found = inside.substr(dash + 1);
      result += found;
      i = end;
    } else {
      std::size_t end = i + 1;
      while (end < text.size() && is_name_character(text[end])) ++end;
      result += value(text.substr(i + 1, end - i - 1));
      i = end - 1;
    }
  }
  return result;
}

std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
      text.back() == text.front())
    return std::string(text.substr(1, text.size() - 2));
  return std::string(text);
}

Variables global_arguments(const Dockerfile& file) {
  Variables variables;
  for (const auto& instruction : file.instructions) {
    if (instruction.keyword == "FROM") break;
    if (instruction.keyword != "ARG") continue;
    const std::size_t equals = instruction.arguments.find('=');
    if (equals == std::string::npos) continue;
    variables[std::string(trimmed(instruction.arguments.substr(0, equals)))] =
        expanded(unquoted(trimmed(instruction.arguments.substr(equals + 1))), variables);
  }
  return variables;
}

bool is_stage_number(std::string_view text) {
  return !text.empty() && text.size() < 4 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string label_arguments(const std::map<std::string, std::string>& labels) {
  std::string text;
  for (const auto& [name, value] : labels)
    text += (text.empty() ? "" : " ") + name + "=" + to_text(Json(value));
  return text;
}

bool is_cache_mount(std::string_view flag) {
  return begins_with(flag, "--mount=") &&
         (contains(flag, "type=cache") || contains(flag, "type=tmpfs"));
}

class Rewriter {
 public:
  Rewriter(const Dockerfile& file, const RewriteOptions& options)
      : file_(file), options_(options), variables_(global_arguments(file)) {}

  Rewritten run() {
    keep_directives();
    for (const auto& instruction : file_.instructions) {
      if (instruction.keyword == "FROM")
        from(instruction);
      else
        other(instruction);
    }
    return std::move(result_);
  }

 private:
  // "# syntax=" would make the engine pull a frontend from a registry, and leave the limits.
  void keep_directives() {
    for (const auto& line : file_.directives) {
      if (contains(lowered(line), "escape"))
        result_.text += line + "\n";
      else
        remark("left out: " + line);
    }
  }

  void remark(std::string text) { result_.remarks.push_back(std::move(text)); }

  void add(int line, const std::string& text) {
    result_.text += text;
    if (text.empty() || text.back() != '\n') result_.text += '\n';
    result_.steps.push_back({line, std::string(trimmed(text))});
  }

  std::string mapped(const std::string& written, int line) {
    const auto image = expanded(written, variables_);
    const auto found = map_image(options_.base_images, image);
    const auto ours = found ? found->ours : image;
    if (lowered(ours) != "scratch" &&
        std::find(result_.images.begin(), result_.images.end(), ours) == result_.images.end())
      result_.images.push_back(ours);
    if (found)
      remark("line " + std::to_string(line) + ": " + image + " is " + ours + " here" +
             (normal_image(found->key) == normal_image(image)
                  ? " (base-image map)"
                  : " (nearest in the base-image map: " + found->key + ")"));
    return found ? ours : written;
  }

  bool is_stage(const std::string& name) const {
    return stages_.count(lowered(name)) > 0 || is_stage_number(name);
  }

  void from(const Instruction& instruction) {
    auto parts = from_parts(instruction);
    const auto image = expanded(parts.image, variables_);
    const bool is_external = stages_.count(lowered(image)) == 0;
    std::string text = "FROM ";
    for (const auto& flag : instruction.flags)
      if (!is_dropped_platform(flag)) text += flag + " ";
    text += is_external ? mapped(parts.image, instruction.first_line) : parts.image;
    if (!parts.stage.empty()) text += " AS " + parts.stage;
    add(instruction.first_line, text);
    if (!parts.stage.empty()) stages_.insert(parts.stage);
    // A stage that starts from an earlier one has all this already; build arguments end with it.
    after_from(is_external);
  }

  // The classic builder knows no BUILDPLATFORM, and there is one platform anyway.
  bool is_dropped_platform(const std::string& flag) {
    if (!options_.is_classic || !begins_with(flag, "--platform=") || !contains(flag, "$"))
      return false;
    remark("left out: " + flag);
    return true;
  }

  void after_from(bool is_external) {
    if (is_external && !options_.labels.empty())
      add(0, "LABEL " + label_arguments(options_.labels));
    if (is_external && options_.has_ca_bundle) {
      add(0, std::string("COPY .sigil/ca.crt ") + kCaFile);
      std::string names;
      for (const auto* name : {"NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
                               "PIP_CERT", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO"})
        names += std::string(" ") + name + "=" + kCaFile;
      add(0, "ENV" + names);
    }
    for (const auto& name : options_.arguments) add(0, "ARG " + name);
  }

  void other(const Instruction& instruction) {
    const auto external = flag_value(instruction, "from");
    const bool is_external = !external.empty() && !is_stage(external) && !contains(external, "$");
    auto copy = instruction;
    if (is_external) {
      const auto ours = mapped(external, instruction.first_line);
      for (auto& flag : copy.flags)
        if (begins_with(flag, "--from=")) flag = "--from=" + ours;
      replace_flags(copy, instruction.flags);
    }
    if (options_.is_classic) make_classic(copy);
    // An image that is served is nobody's base; ONBUILD would run when the shim is added.
    if (copy.keyword == "ONBUILD") {
      remark("line " + std::to_string(copy.first_line) + ": ONBUILD left out");
      return;
    }
    add(copy.first_line, copy.text);
  }

  // Flags stand at the front, so replacing each text once touches nothing else.
  static void replace_flags(Instruction& copy, const std::vector<std::string>& before) {
    for (std::size_t i = 0; i < before.size(); ++i) {
      const std::size_t at = copy.text.find(before[i]);
      if (at == std::string::npos) continue;
      if (copy.flags[i].empty())
        copy.text.erase(at, before[i].size());
      else
        copy.text.replace(at, before[i].size(), copy.flags[i]);
    }
  }

  void make_classic(Instruction& instruction) {
    const auto where = "line " + std::to_string(instruction.first_line) + ": ";
    const auto before = instruction.flags;
    for (auto& flag : instruction.flags) {
      const bool is_harmless = is_cache_mount(flag) || flag == "--link" ||
                               begins_with(flag, "--link=") || begins_with(flag, "--chmod=") ||
                               begins_with(flag, "--network=default");
      if (is_harmless) {
        remark(where + flag + " left out (classic builder)");
        flag.clear();
      } else if (begins_with(flag, "--mount=") || begins_with(flag, "--network=") ||
                 begins_with(flag, "--security=") || begins_with(flag, "--checksum=") ||
                 begins_with(flag, "--exclude=") || flag == "--parents") {
        result_.needs_buildkit.push_back(where + flag);
      }
    }
    if (before != instruction.flags) replace_flags(instruction, before);
    if (instruction.has_heredoc) result_.needs_buildkit.push_back(where + "a here-document");
  }

  const Dockerfile& file_;
  const RewriteOptions& options_;
  Variables variables_;
  std::set<std::string> stages_;
  Rewritten result_;
};

}  // namespace

bool wants_buildkit(const Dockerfile& file) {
  for (const auto& instruction : file.instructions) {
    if (instruction.has_heredoc) return true;
    for (const auto& flag : instruction.flags)
      for (const std::string_view name : {"--mount=", "--chmod=", "--link", "--checksum=",
                                          "--parents", "--exclude=", "--network=", "--security="})
        if (begins_with(flag, name)) return true;
  }
  return false;
}

Rewritten rewrite_dockerfile(const Dockerfile& file, const RewriteOptions& options) {
  return Rewriter(file, options).run();
}

}  // namespace sigil::builder
