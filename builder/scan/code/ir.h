// What is kept of a file after parsing: functions as straight lists of instructions in the order of
// execution, the same for all languages, with marks where branches begin and end. An instruction's
// result is named by its index in the function, so operands always lie before their use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "builder/scan/code/code_scan.h"

namespace sigil::scan {

using NameId = std::uint32_t;
constexpr NameId kNoName = 0;  // the empty text

// Every text is kept once; equal texts have equal ids.
class Names {
 public:
  Names();
  NameId id(std::string_view text);
  NameId find(std::string_view text) const;  // kNoName when it was never interned
  const std::string& text(NameId id) const { return *texts_[id]; }
  NameId size() const { return static_cast<NameId>(texts_.size()); }
  // Names up to here come from the scanned program, later ones from the scanner itself.
  void end_of_program() { program_size_ = size(); }
  bool is_known(NameId id) const { return id >= program_size_; }

 private:
  std::unordered_map<std::string, NameId> ids_;
  std::vector<const std::string*> texts_;
  NameId program_size_ = 0;
};

using Reg = std::uint32_t;
constexpr Reg kNoReg = 0xFFFFFFFF;
using FunctionId = std::uint32_t;
constexpr FunctionId kNoFunction = 0xFFFFFFFF;
using ClassId = std::uint32_t;
constexpr ClassId kNoClass = 0xFFFFFFFF;

enum class Op : std::uint8_t {
  constant,    // name: the text; a: LiteralKind
  load,        // name
  store,       // name = a; flag augmented: keeps what was there
  member,      // a.name
  index,       // a[b]
  set_member,  // a.name = b
  set_index,   // a[b] = args[0]
  call,        // a(args); flags is_new, is_template
  concat,      // args in order: string building
  either,      // args: one of them (||, ??, ternary)
  combine,     // args: anything computed of them
  compare,     // name: operator; a, b
  negate,      // !a
  both,        // a && b
  any,         // a || b as condition and value
  object,      // args with keys, or spread
  array,       // args
  function,    // fn
  klass,       // cls
  element,     // one element of a
  ret,         // a
  raise,       // a
  leave,       // break, continue
  branch,      // if a
  otherwise,
  join,
};

enum class LiteralKind : std::uint8_t { text, number, regex, word };

constexpr std::uint8_t kSpread = 1;     // argument: spread
constexpr std::uint8_t kIsNew = 2;      // call: constructor
constexpr std::uint8_t kAugmented = 4;  // store: += and the like
constexpr std::uint8_t kHoisted = 8;    // function declared for its whole scope
constexpr std::uint8_t kIsAwait = 16;
constexpr std::uint8_t kDeclares = 32;   // store: a new name of this scope (const, let, :=)
constexpr std::uint8_t kIsCounter = 64;  // combine: x++, x += 1

struct Arg {
  Reg value = kNoReg;
  NameId key = kNoName;
  std::uint8_t flags = 0;
};

struct Instr {
  Op op = Op::constant;
  std::uint8_t flags = 0;
  LiteralKind literal = LiteralKind::text;
  NameId name = kNoName;
  Reg a = kNoReg;
  Reg b = kNoReg;
  std::uint32_t args = 0;  // first of `arg_count` in Function::args
  std::uint32_t arg_count = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t end_line = 0;
};

struct Param {
  NameId name = kNoName;
  NameId type = kNoName;  // annotation as written
  bool is_rest = false;
  bool is_keyword_rest = false;
};

struct Function {
  NameId name = kNoName;
  std::uint32_t file = 0;
  FunctionId parent = kNoFunction;
  ClassId cls = kNoClass;
  std::vector<Param> params;
  std::vector<Instr> code;
  std::vector<Arg> args;
  std::vector<NameId> decorators;  // as written, without arguments: "mcp.tool"
  NameId doc = kNoName;            // Python docstring
  NameId result_type = kNoName;
  std::uint32_t line = 0;
  std::uint32_t end_line = 0;
  bool is_module = false;
  bool is_exported = false;
};

struct Class {
  NameId name = kNoName;
  std::uint32_t file = 0;
  std::vector<NameId> bases;
  std::vector<std::pair<NameId, FunctionId>> methods;
  std::vector<std::pair<NameId, NameId>> field_types;
  std::vector<NameId> decorators;
  FunctionId initializer = kNoFunction;  // holds field initial values
  std::uint32_t line = 0;
};

struct Import {
  NameId local = kNoName;
  NameId module = kNoName;
  NameId name = kNoName;  // "*" for the module itself, "default"
  std::uint32_t line = 0;
};

struct Export {
  NameId name = kNoName;    // "*": everything of `module`
  NameId local = kNoName;   // local name, or name in `module`
  NameId module = kNoName;  // empty: of this file
};

struct Unit {
  std::string path;
  Language language = Language::none;
  FunctionId module = kNoFunction;
  NameId package = kNoName;  // Go
  std::vector<Import> imports;
  std::vector<Export> exports;
};

struct Program {
  Names names;
  std::vector<Unit> units;
  std::vector<Function> functions;
  std::vector<Class> classes;
  std::size_t facts = 0;
};

}  // namespace sigil::scan
