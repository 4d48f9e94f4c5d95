#include "builder/scan/code/code_scan.h"

#include <algorithm>
#include <tuple>

#include "builder/scan/code/engine.h"
#include "builder/scan/code/entries.h"
#include "builder/scan/code/lower.h"
#include "builder/scan/code/syntax.h"

namespace sigil::scan {
namespace {

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t more = byte < 0x80                   ? 0
                             : byte >= 0xC2 && byte < 0xE0 ? 1
                             : byte >= 0xE0 && byte < 0xF0 ? 2
                             : byte >= 0xF0 && byte < 0xF5 ? 3
                                                           : 9;
    if (more == 9 || i + more >= text.size() + (more == 0 ? 1 : 0)) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

// Columns for people count UTF-16 units; the trees count bytes.
int utf16_column(std::string_view text, std::uint32_t line, std::uint32_t byte_column) {
  std::size_t at = 0;
  for (std::uint32_t i = 1; i < line && at < text.size(); ++i) {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) return 1;
    at = end + 1;
  }
  int units = 0;
  for (std::size_t i = at; i < at + byte_column && i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) == 0x80) continue;
    units += byte >= 0xF0 ? 2 : 1;
  }
  return units + 1;
}

void lower(const SyntaxTree& tree, Program& program, Unit& unit, std::uint32_t file) {
  switch (tree.language) {
    case Language::python:
      return lower_python(tree, program, unit, file);
    case Language::go:
      return lower_go(tree, program, unit, file);
    case Language::none:
      return;
    default:
      return lower_javascript(tree, program, unit, file);
  }
}

class CodeScan {
 public:
  CodeScan(const std::vector<SourceFile>& files, const CodeOptions& options) : options_(options) {
    for (const SourceFile& file : files) files_.push_back(&file);
    std::sort(files_.begin(), files_.end(),
              [](const SourceFile* a, const SourceFile* b) { return a->path < b->path; });
  }

  CodeFindings run() {
    for (const SourceFile* file : files_) read(*file);
    Project project(program_);
    Engine engine(project, options_);
    find_declared_entries(engine);
    engine.run();
    take_issues(engine);
    take_entries(engine);
    take_rest(engine);
    return std::move(out_);
  }

 private:
  void gap(const SourceFile& file, std::string reason) {
    Issue issue;
    issue.rule = "SIG-SCAN-001";
    issue.severity = Severity::warning;
    issue.type = "scan";
    issue.file = file.path;
    issue.line = 1;
    issue.column = 1;
    issue.end_line = 1;
    issue.message =
        "This file was not analysed (" + reason + "), so nothing is known of what it does";
    issue.source = reason;
    issue.fixes.push_back({"Split the file, or exclude it in the policy when it is generated", ""});
    out_.issues.push_back(std::move(issue));
    out_.gaps.push_back({file.path, std::move(reason)});
  }

  void read(const SourceFile& file) {
    if (file.language == Language::none) return;
    if (file.text.size() > options_.file_bytes_max) return gap(file, "too large");
    if (!is_utf8(file.text)) return gap(file, "invalid encoding");
    if (program_.units.size() >= options_.files_max) return gap(file, "too many files");
    if (program_.facts >= options_.facts_max) return gap(file, "too many facts");
    const auto tree = parse(file.text, file.language, options_.parse_time_max);
    if (!tree.has_value()) return gap(file, tree.error().message);
    if (tree->too_deep) gap(file, "nested too deeply");
    const auto index = static_cast<std::uint32_t>(program_.units.size());
    Unit unit;
    unit.path = file.path;
    unit.language = file.language;
    lower(*tree, program_, unit, index);
    program_.units.push_back(std::move(unit));
    read_files_.push_back(&file);
    ++out_.files_parsed;
  }

  void take_issues(Engine& engine) {
    for (Finding& found : engine.findings()) {
      const Function& function = program_.functions[found.function];
      Issue issue;
      issue.rule = found.rule;
      issue.severity = found.severity;
      // A block of low confidence is no reason to refuse.
      if (found.confidence == Confidence::low && issue.severity == Severity::block)
        issue.severity = Severity::error;
      issue.confidence = found.confidence;
      issue.type = type_of(found.rule);
      issue.file = program_.units[function.file].path;
      issue.line = static_cast<int>(function.line);
      issue.end_line = issue.line;
      issue.column = 1;
      if (found.at < function.code.size()) {
        const Instr& at = function.code[found.at];
        issue.line = static_cast<int>(at.line);
        issue.end_line = static_cast<int>(at.end_line);
        issue.column = utf16_column(read_files_[function.file]->text, at.line, at.column);
      }
      issue.message = found.message;
      issue.function = program_.names.text(function.name);
      issue.sink = found.sink;
      issue.source = found.source;
      if (found.entry > 0 && found.entry <= engine.entries().size())
        issue.tool = engine.entries()[found.entry - 1].point.name;
      if (issue.tool == "(any)") issue.tool.clear();
      for (const Hop& hop : found.flow) {
        issue.flow.push_back({program_.units[hop.file].path, static_cast<int>(hop.line),
                              program_.names.text(hop.note)});
      }
      if (!found.fix.empty()) issue.fixes.push_back({found.fix, ""});
      out_.issues.push_back(std::move(issue));
    }
  }

  static std::string type_of(std::string_view rule) {
    if (rule == "SIG-AUTH-001" || rule == "SIG-AUTH-002") return "token_passthrough";
    if (rule == "SIG-OAUTH-001" || rule == "SIG-OAUTH-002" || rule == "SIG-OAUTH-003")
      return "confused_deputy";
    if (rule.starts_with("SIG-AUTH") || rule.starts_with("SIG-OAUTH")) return "oauth_validation";
    if (rule.starts_with("SIG-SESS")) return "session_hijacking";
    if (rule.starts_with("SIG-NET")) return "transport_security";
    if (rule.starts_with("SIG-SECRET")) return "secrets";
    if (rule.starts_with("SIG-EXFIL")) return "exfiltration";
    if (rule.starts_with("SIG-PERM")) return "permissions";
    if (rule.starts_with("SIG-POIS")) return "tool_poisoning";
    if (rule.starts_with("SIG-SCAN")) return "scan";
    return "injection";
  }

  void take_entries(Engine& engine) {
    for (Entry& entry : engine.entries()) {
      if (entry.is_fallback) out_.fallback = true;
      if (entry.point.kind == "route") ++out_.routes;
      if (entry.point.kind == "tool" && entry.point.name != "(any)") ++out_.tools;
      if (entry.point.name == "(any)") entry.point.name.clear();
      out_.entries.push_back(std::move(entry.point));
    }
    for (EntryPoint& declared : engine.collected().declared) {
      const auto known =
          std::find_if(out_.entries.begin(), out_.entries.end(),
                       [&](const EntryPoint& entry) { return entry.name == declared.name; });
      if (known != out_.entries.end()) {
        known->texts.insert(known->texts.end(), declared.texts.begin(), declared.texts.end());
        continue;
      }
      ++out_.tools;
      out_.entries.push_back(std::move(declared));
    }
    EntryPoint server;
    server.kind = "server";
    server.texts = std::move(engine.collected().loose_texts);
    if (!server.texts.empty()) {
      server.file = server.texts.front().file;
      server.line = server.texts.front().line;
      out_.entries.push_back(std::move(server));
    }
    if (out_.fallback || (options_.expects_entry_points && out_.tools == 0 && out_.entries.empty()))
      no_entry();
  }

  void no_entry() {
    Issue issue;
    issue.rule = "SIG-SCAN-002";
    issue.type = "scan";
    issue.severity = Severity::warning;
    issue.file = read_files_.empty() ? "" : read_files_.front()->path;
    issue.line = issue.column = issue.end_line = 1;
    issue.message =
        "An MCP SDK is used, but no tool, resource, prompt or route was found, so flows from their "
        "arguments may be missed";
    issue.fixes.push_back({"Register tools in one of the SDK's own ways", ""});
    out_.issues.push_back(std::move(issue));
  }

  void take_rest(Engine& engine) {
    out_.capabilities = std::move(engine.collected().capabilities);
    out_.environment = std::move(engine.collected().environment);
    const auto by_place = [](const auto& a, const auto& b) {
      return std::tie(a.file, a.line) < std::tie(b.file, b.line);
    };
    std::stable_sort(out_.capabilities.begin(), out_.capabilities.end(), by_place);
    std::stable_sort(out_.environment.begin(), out_.environment.end(), by_place);
    std::stable_sort(out_.entries.begin(), out_.entries.end(), by_place);
    std::sort(out_.issues.begin(), out_.issues.end(), [](const Issue& a, const Issue& b) {
      return std::tie(a.file, a.line, a.column, a.rule, a.message) <
             std::tie(b.file, b.line, b.column, b.rule, b.message);
    });
  }

  const CodeOptions& options_;
  std::vector<const SourceFile*> files_;
  std::vector<const SourceFile*> read_files_;
  Program program_;
  CodeFindings out_;
};

}  // namespace

CodeFindings scan_code(const std::vector<SourceFile>& files, const CodeOptions& options) {
  return CodeScan(files, options).run();
}

}  // namespace sigil::scan
