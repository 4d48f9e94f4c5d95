// From syntax nodes to instructions. Each language derives from Lowering and handles one node at a
// time, children before parents: what the children became is in `piece(child)`, ready to be put in
// order. A kind without a handler becomes its children in sequence.
#pragma once

#include <initializer_list>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "builder/scan/code/ir.h"
#include "builder/scan/code/syntax.h"

namespace sigil::scan {

// A list of instructions under construction and the register of its value.
struct Piece {
  Reg reg = kNoReg;
  std::uint32_t head = kNoReg;
  std::uint32_t tail = kNoReg;
};

class Lowering {
 public:
  Lowering(const SyntaxTree& tree, Program& program, Unit& unit, std::uint32_t file);
  virtual ~Lowering() = default;
  Lowering(const Lowering&) = delete;
  Lowering& operator=(const Lowering&) = delete;

  // Visits every node and leaves the unit's module function in the program.
  void run();

 protected:
  virtual void lower(NodeId id) = 0;

  // -- reading
  const SyntaxTree& tree() const { return tree_; }
  std::string_view kind(NodeId id) const { return tree_.kind(id); }
  std::string_view text(NodeId id) const { return tree_.text_of(id); }
  NodeId child(NodeId id, std::string_view field) const { return tree_.child(id, field); }
  NodeId first(NodeId id) const { return id == kNoNode ? kNoNode : tree_.nodes[id].first_child; }
  NodeId next(NodeId id) const { return id == kNoNode ? kNoNode : tree_.nodes[id].next; }
  std::vector<NodeId> children(NodeId id) const;  // without comments
  bool is_comment(NodeId id) const { return kind(id) == "comment"; }
  NameId name(std::string_view text) { return program_.names.id(text); }
  NameId name_of(NodeId id) { return id == kNoNode ? kNoName : name(text(id)); }
  NameId type_of(NodeId id);  // annotation text, shortened

  // -- writing
  Piece& piece(NodeId id) { return id == kNoNode ? (missing_ = Piece{}) : pieces_[id]; }
  void append(Piece& into, const Piece& what);
  void append(Piece& into, NodeId id) {
    if (id != kNoNode) append(into, pieces_[id]);
  }
  Reg emit(Piece& into, NodeId at, Instr instr, std::span<const Arg> args = {});
  Reg emit(Piece& into, NodeId at, Op op, NameId id, Reg a = kNoReg, Reg b = kNoReg);
  Reg constant(Piece& into, NodeId at, std::string_view value, LiteralKind literal);
  Reg load(Piece& into, NodeId at, NameId id) { return emit(into, at, Op::load, id); }
  void store(Piece& into, NodeId at, NameId id, Reg value, std::uint8_t flags = 0);
  Reg value_of(NodeId id) const { return id == kNoNode ? kNoReg : pieces_[id].reg; }
  // Children in order; the value is that of the last one, or of all combined.
  void sequence(NodeId id);
  void combined(NodeId id, Op op = Op::combine);
  void nothing(NodeId id) { pieces_[id] = {}; }
  void pass(NodeId id, NodeId inner);
  void mark_awaited(Reg reg);
  // One instruction over registers.
  Reg operate(Piece& into, NodeId at, Op op, std::initializer_list<Reg> operands,
              NameId id = kNoName, std::uint8_t flags = 0);
  // What every language has, given where its grammar keeps the parts.
  void read_name(NodeId id, NameId named);
  void read_constant(NodeId id, std::string_view value, LiteralKind literal);
  void read_member(NodeId id, NodeId base, NameId member);
  void read_list(NodeId id, std::string_view kind_of_spread);
  void read_choice(NodeId id, NodeId condition, NodeId yes, NodeId no);
  std::vector<Arg> arguments_of(Piece& into, NodeId list, std::string_view kind_of_spread);
  // if (condition) yes else no
  void branch(NodeId id, Piece& into, Reg condition, const Piece& yes, const Piece& no);

  struct Made {
    NameId name = kNoName;
    std::vector<Param> params;
    Piece prologue;
    ClassId cls = kNoClass;
    NameId doc = kNoName;
    NameId result_type = kNoName;
    bool returns_value = false;  // the body is an expression
  };
  FunctionId make_function(NodeId at, const Made& made, const Piece& body);
  // The instruction that yields the function.
  Reg function_value(Piece& into, NodeId at, FunctionId function, std::uint8_t flags = 0);
  ClassId make_class(NodeId at, NameId id);
  Reg class_value(Piece& into, NodeId at, ClassId cls);
  void add_method(ClassId cls, NameId id, FunctionId function);
  Class& class_at(ClassId id) { return program_.classes[id]; }
  Function& function_at(FunctionId id) { return program_.functions[id]; }
  Unit& unit() { return unit_; }
  std::unordered_map<NodeId, FunctionId>& functions() { return functions_; }

 private:
  struct Raw {
    Instr instr;
    std::uint32_t next = kNoReg;
  };
  std::vector<std::uint32_t> order_of(const Piece& piece) const;
  void adopt(const Instr& instr, FunctionId owner);

  const SyntaxTree& tree_;
  Program& program_;
  Unit& unit_;
  std::uint32_t file_;
  std::vector<Piece> pieces_;
  Piece missing_;
  std::vector<Raw> raw_;
  std::vector<Arg> raw_args_;
  std::unordered_map<NodeId, FunctionId> functions_;  // node of a function -> what it became
};

void lower_javascript(const SyntaxTree& tree, Program& program, Unit& unit, std::uint32_t file);
void lower_python(const SyntaxTree& tree, Program& program, Unit& unit, std::uint32_t file);
void lower_go(const SyntaxTree& tree, Program& program, Unit& unit, std::uint32_t file);

// The characters a string literal's inside stands for: \n, \xHH, \uHHHH, \u{H…}; other escapes lose
// their backslash. What is not UTF-8 afterwards was not before.
std::string unescaped(std::string_view inside);

}  // namespace sigil::scan
