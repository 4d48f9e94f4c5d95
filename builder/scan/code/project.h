// The program as a whole: which file an import means, which function a method is, and which names a
// file declares. Built once after all files are lowered; immutable afterwards but for the names.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "builder/scan/code/ir.h"

namespace sigil::scan {

struct ImportTarget {
  std::uint32_t unit = 0xFFFFFFFF;  // a file of ours
  NameId path = kNoName;            // or a library: "child_process.exec"
  NameId name = kNoName;            // what is taken of the file; "*": the module
};

class Project {
 public:
  explicit Project(Program& program);

  Program& program() { return program_; }
  const Program& program() const { return program_; }
  const Function& function(FunctionId id) const { return program_.functions[id]; }
  const Class& cls(ClassId id) const { return program_.classes[id]; }
  const std::string& text(NameId id) const { return program_.names.text(id); }
  NameId name(std::string_view text) { return program_.names.id(text); }
  NameId dotted(NameId base, NameId member);  // "base.member", cached
  NameId called(NameId path);                 // "path()"

  const ImportTarget* import_of(std::uint32_t unit, NameId local) const;
  // The file an import means in another file: `import('./x')`, `require('./x')`.
  std::optional<std::uint32_t> unit_of(std::uint32_t from, std::string_view module) const;
  NameId library_path(std::string_view module, std::string_view name);

  // Class by the name a file knows it by; kNoClass when it is not ours.
  ClassId class_named(std::uint32_t unit, std::string_view name) const;
  FunctionId method(ClassId cls, NameId name) const;  // own or inherited
  bool inherits(ClassId cls, std::string_view base) const;
  std::vector<ClassId> lineage(ClassId cls) const;
  // Functions of this name anywhere, methods included; at most a few are of use.
  const std::vector<FunctionId>& functions_named(NameId name) const;
  const std::vector<FunctionId>& nested_in(FunctionId id) const { return nested_[id]; }
  // Files of the same Go package.
  const std::vector<std::uint32_t>& package_of(std::uint32_t unit) const { return packages_[unit]; }

 private:
  void index_units();
  void index_functions();
  void resolve_imports();
  std::optional<std::uint32_t> find_file(const std::string& stem) const;
  std::optional<std::uint32_t> javascript_unit(std::uint32_t from, std::string_view module) const;
  std::optional<std::uint32_t> python_unit(std::uint32_t from, std::string_view module) const;
  std::optional<std::uint32_t> go_unit(std::string_view module) const;

  Program& program_;
  std::unordered_map<std::string, std::uint32_t> by_path_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> python_tails_;
  std::unordered_map<std::string, std::uint32_t> go_folders_;
  std::vector<std::unordered_map<NameId, ImportTarget>> imports_;
  std::unordered_map<NameId, std::vector<FunctionId>> by_name_;
  std::unordered_map<std::string, std::vector<ClassId>> classes_;
  std::vector<std::vector<FunctionId>> nested_;
  std::vector<std::vector<std::uint32_t>> packages_;
  std::unordered_map<std::uint64_t, NameId> dotted_;
  std::unordered_map<NameId, NameId> called_;
};

}  // namespace sigil::scan
