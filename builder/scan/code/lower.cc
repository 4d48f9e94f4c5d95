#include "builder/scan/code/lower.h"

#include <algorithm>

namespace sigil::scan {
namespace {

constexpr std::size_t kTypeTextMax = 200;

bool has_register_a(Op op) {
  return op != Op::constant && op != Op::load && op != Op::function && op != Op::klass;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | (code >> 6));
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | (code >> 12));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x110000) {
    byte(0xF0 | (code >> 18));
    byte(0x80 | ((code >> 12) & 0x3F));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

// Reads up to `digits` hexadecimal digits from `at`; how many there were.
std::size_t read_hex(std::string_view text, std::size_t at, std::size_t digits,
                     std::uint32_t& code) {
  std::size_t count = 0;
  code = 0;
  while (count < digits && at + count < text.size()) {
    const char c = text[at + count];
    std::uint32_t value = 0;
    if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      value = static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
    } else {
      break;
    }
    code = code * 16 + value;
    ++count;
  }
  return count;
}

}  // namespace

std::string unescaped(std::string_view inside) {
  std::string out;
  out.reserve(inside.size());
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\' || i + 1 == inside.size()) {
      out.push_back(inside[i]);
      continue;
    }
    const char c = inside[++i];
    std::uint32_t code = 0;
    if (c == 'n') {
      out.push_back('\n');
    } else if (c == 't') {
      out.push_back('\t');
    } else if (c == 'r') {
      out.push_back('\r');
    } else if (c == '\n') {
      continue;
    } else if (c == 'u' && i + 1 < inside.size() && inside[i + 1] == '{') {
      i += 1 + read_hex(inside, i + 2, 6, code) + 1;
      append_utf8(out, code);
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const std::size_t digits = c == 'x' ? 2U : c == 'u' ? 4U : 8U;
      i += read_hex(inside, i + 1, digits, code);
      append_utf8(out, code);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

Lowering::Lowering(const SyntaxTree& tree, Program& program, Unit& unit, std::uint32_t file)
    : tree_(tree), program_(program), unit_(unit), file_(file), pieces_(tree.nodes.size()) {}

void Lowering::run() {
  for (auto id = static_cast<NodeId>(tree_.nodes.size()); id-- > 0;) {
    if (!is_comment(id)) lower(id);
  }
  Made made;
  made.name = name("<module>");
  unit_.module = make_function(0, made, tree_.nodes.empty() ? Piece{} : pieces_[0]);
  function_at(unit_.module).is_module = true;
}

std::vector<NodeId> Lowering::children(NodeId id) const {
  std::vector<NodeId> out;
  if (id == kNoNode) return out;
  for (NodeId at = tree_.nodes[id].first_child; at != kNoNode; at = tree_.nodes[at].next) {
    if (!is_comment(at)) out.push_back(at);
  }
  return out;
}

NameId Lowering::type_of(NodeId id) {
  if (id == kNoNode) return kNoName;
  std::string_view written = text(id);
  while (!written.empty() && (written.front() == ':' || written.front() == ' ')) {
    written.remove_prefix(1);
  }
  return name(written.substr(0, kTypeTextMax));
}

void Lowering::append(Piece& into, const Piece& what) {
  if (what.head == kNoReg) return;
  if (into.head == kNoReg) {
    into.head = what.head;
  } else {
    raw_[into.tail].next = what.head;
  }
  into.tail = what.tail;
}

Reg Lowering::emit(Piece& into, NodeId at, Instr instr, std::span<const Arg> args) {
  const Node& node = tree_.nodes[at == kNoNode ? 0 : at];
  instr.line = node.line;
  instr.column = node.column;
  instr.end_line = node.end_line;
  instr.args = static_cast<std::uint32_t>(raw_args_.size());
  instr.arg_count = static_cast<std::uint32_t>(args.size());
  raw_args_.insert(raw_args_.end(), args.begin(), args.end());
  const auto reg = static_cast<Reg>(raw_.size());
  raw_.push_back({instr, kNoReg});
  append(into, Piece{reg, reg, reg});
  return reg;
}

Reg Lowering::emit(Piece& into, NodeId at, Op op, NameId id, Reg a, Reg b) {
  Instr instr;
  instr.op = op;
  instr.name = id;
  instr.a = a;
  instr.b = b;
  return emit(into, at, instr);
}

Reg Lowering::constant(Piece& into, NodeId at, std::string_view value, LiteralKind literal) {
  Instr instr;
  instr.op = Op::constant;
  instr.name = name(value);
  instr.literal = literal;
  return emit(into, at, instr);
}

void Lowering::store(Piece& into, NodeId at, NameId id, Reg value, std::uint8_t flags) {
  Instr instr;
  instr.op = Op::store;
  instr.name = id;
  instr.a = value;
  instr.flags = flags;
  emit(into, at, instr);
}

void Lowering::sequence(NodeId id) {
  Piece out;
  for (const NodeId at : children(id)) append(out, at);
  pieces_[id] = out;
}

void Lowering::combined(NodeId id, Op op) {
  Piece out;
  std::vector<Arg> args;
  for (const NodeId at : children(id)) {
    append(out, at);
    if (value_of(at) != kNoReg) args.push_back({value_of(at), kNoName, 0});
  }
  if (args.size() == 1 && op == Op::combine) {
    out.reg = args[0].value;
  } else if (!args.empty()) {
    Instr instr;
    instr.op = op;
    out.reg = emit(out, id, instr, args);
  }
  pieces_[id] = out;
}

void Lowering::pass(NodeId id, NodeId inner) {
  pieces_[id] = inner == kNoNode ? Piece{} : pieces_[inner];
}

Reg Lowering::operate(Piece& into, NodeId at, Op op, std::initializer_list<Reg> operands, NameId id,
                      std::uint8_t flags) {
  std::vector<Arg> args;
  args.reserve(operands.size());
  for (const Reg operand : operands) args.push_back({operand, kNoName, 0});
  Instr instr;
  instr.op = op;
  instr.name = id;
  instr.flags = flags;
  return emit(into, at, instr, args);
}

void Lowering::read_name(NodeId id, NameId named) {
  Piece out;
  out.reg = load(out, id, named);
  piece(id) = out;
}

void Lowering::read_constant(NodeId id, std::string_view value, LiteralKind literal) {
  Piece out;
  out.reg = constant(out, id, value, literal);
  piece(id) = out;
}

void Lowering::read_member(NodeId id, NodeId base, NameId member) {
  Piece out;
  append(out, base);
  out.reg = emit(out, id, Op::member, member, value_of(base));
  piece(id) = out;
}

std::vector<Arg> Lowering::arguments_of(Piece& into, NodeId list, std::string_view kind_of_spread) {
  std::vector<Arg> args;
  for (const NodeId at : children(list)) {
    append(into, at);
    const std::uint8_t flags = kind(at) == kind_of_spread ? kSpread : std::uint8_t{0};
    args.push_back({value_of(at), kNoName, flags});
  }
  return args;
}

void Lowering::read_list(NodeId id, std::string_view kind_of_spread) {
  Piece out;
  const std::vector<Arg> args = arguments_of(out, id, kind_of_spread);
  Instr instr;
  instr.op = Op::array;
  out.reg = emit(out, id, instr, args);
  piece(id) = out;
}

void Lowering::read_choice(NodeId id, NodeId condition, NodeId yes, NodeId no) {
  Piece out;
  append(out, condition);
  branch(id, out, value_of(condition), piece(yes), piece(no));
  out.reg = operate(out, id, Op::either, {value_of(yes), value_of(no)});
  piece(id) = out;
}

void Lowering::mark_awaited(Reg reg) {
  if (reg != kNoReg) raw_[reg].instr.flags |= kIsAwait;
}

void Lowering::branch(NodeId id, Piece& into, Reg condition, const Piece& yes, const Piece& no) {
  emit(into, id, Op::branch, kNoName, condition);
  append(into, yes);
  emit(into, id, Op::otherwise, kNoName);
  append(into, no);
  emit(into, id, Op::join, kNoName);
}

std::vector<std::uint32_t> Lowering::order_of(const Piece& piece) const {
  std::vector<std::uint32_t> hoisted;
  std::vector<std::uint32_t> rest;
  for (std::uint32_t at = piece.head; at != kNoReg; at = raw_[at].next) {
    ((raw_[at].instr.flags & kHoisted) != 0 ? hoisted : rest).push_back(at);
    if (at == piece.tail || hoisted.size() + rest.size() > raw_.size()) break;
  }
  hoisted.insert(hoisted.end(), rest.begin(), rest.end());
  return hoisted;
}

void Lowering::adopt(const Instr& instr, FunctionId owner) {
  if (instr.op == Op::function) function_at(instr.a).parent = owner;
  if (instr.op != Op::klass) return;
  Class& made = class_at(instr.a);
  for (const auto& method : made.methods) function_at(method.second).parent = owner;
  if (made.initializer != kNoFunction) function_at(made.initializer).parent = owner;
}

FunctionId Lowering::make_function(NodeId at, const Made& made, const Piece& body) {
  Piece whole = made.prologue;
  append(whole, body);
  if (made.returns_value && body.reg != kNoReg) emit(whole, at, Op::ret, kNoName, body.reg);
  Function function;
  function.name = made.name;
  function.file = file_;
  function.cls = made.cls;
  function.params = made.params;
  function.doc = made.doc;
  function.result_type = made.result_type;
  if (at < tree_.nodes.size()) {
    function.line = tree_.nodes[at].line;
    function.end_line = tree_.nodes[at].end_line;
  }
  const auto id = static_cast<FunctionId>(program_.functions.size());
  const std::vector<std::uint32_t> order = order_of(whole);
  std::unordered_map<std::uint32_t, Reg> slots;
  slots.reserve(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) slots.emplace(order[i], static_cast<Reg>(i));
  const auto slot = [&](Reg reg) {
    const auto found = slots.find(reg);
    return found == slots.end() ? kNoReg : found->second;
  };
  program_.functions.push_back({});
  function.code.reserve(order.size());
  for (const std::uint32_t from : order) {
    Instr instr = raw_[from].instr;
    adopt(instr, id);
    if (has_register_a(instr.op)) instr.a = slot(instr.a);
    instr.b = slot(instr.b);
    const std::uint32_t args = instr.args;
    instr.args = static_cast<std::uint32_t>(function.args.size());
    for (std::uint32_t i = 0; i < instr.arg_count; ++i) {
      Arg arg = raw_args_[args + i];
      arg.value = slot(arg.value);
      function.args.push_back(arg);
    }
    function.code.push_back(instr);
  }
  program_.facts += function.code.size();
  program_.functions[id] = std::move(function);
  functions_[at] = id;
  return id;
}

Reg Lowering::function_value(Piece& into, NodeId at, FunctionId function, std::uint8_t flags) {
  Instr instr;
  instr.op = Op::function;
  instr.a = function;
  instr.flags = flags;
  return emit(into, at, instr);
}

ClassId Lowering::make_class(NodeId at, NameId id) {
  Class made;
  made.name = id;
  made.file = file_;
  made.line = tree_.nodes[at].line;
  program_.classes.push_back(std::move(made));
  return static_cast<ClassId>(program_.classes.size() - 1);
}

Reg Lowering::class_value(Piece& into, NodeId at, ClassId cls) {
  Instr instr;
  instr.op = Op::klass;
  instr.a = cls;
  return emit(into, at, instr);
}

void Lowering::add_method(ClassId cls, NameId id, FunctionId function) {
  class_at(cls).methods.emplace_back(id, function);
  function_at(function).cls = cls;
}

}  // namespace sigil::scan
