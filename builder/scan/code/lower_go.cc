#include "builder/scan/code/lower_go.h"

namespace sigil::scan {

const std::unordered_map<std::string_view, GoLowering::Handler>& GoLowering::handlers() {
  using G = GoLowering;
  static const std::unordered_map<std::string_view, Handler> table = {
      {"source_file", &G::in_sequence},
      {"block", &G::in_sequence},
      {"expression_statement", &G::in_sequence},
      {"var_declaration", &G::in_sequence},
      {"const_declaration", &G::in_sequence},
      {"type_declaration", &G::in_sequence},
      {"import_declaration", &G::in_sequence},
      {"parenthesized_expression", &G::inner},
      {"literal_element", &G::inner},
      {"variadic_argument", &G::inner},
      {"type_assertion_expression", &G::inner},
      {"identifier", &G::identifier},
      {"nil", &G::literal},
      {"true", &G::literal},
      {"false", &G::literal},
      {"int_literal", &G::literal},
      {"float_literal", &G::literal},
      {"rune_literal", &G::literal},
      {"interpreted_string_literal", &G::string},
      {"raw_string_literal", &G::string},
      {"selector_expression", &G::selector},
      {"index_expression", &G::index},
      {"slice_expression", &G::slice},
      {"call_expression", &G::call},
      {"type_conversion_expression", &G::inner},
      {"composite_literal", &G::composite},
      {"literal_value", &G::literal_value},
      {"binary_expression", &G::binary},
      {"unary_expression", &G::unary},
      {"short_var_declaration", &G::assignment},
      {"assignment_statement", &G::assignment},
      {"inc_statement", &G::count},
      {"var_spec", &G::variable},
      {"const_spec", &G::variable},
      {"function_declaration", &G::function},
      {"func_literal", &G::function},
      {"method_declaration", &G::method},
      {"type_spec", &G::type_spec},
      {"if_statement", &G::if_statement},
      {"for_statement", &G::for_statement},
      {"expression_switch_statement", &G::switch_statement},
      {"type_switch_statement", &G::switch_statement},
      {"return_statement", &G::leave},
      {"break_statement", &G::leave},
      {"continue_statement", &G::leave},
      {"import_spec", &G::import_spec},
      {"package_clause", &G::package},
      {"parameter_list", &G::skip},
      {"type_identifier", &G::skip},
      {"qualified_type", &G::skip},
      {"pointer_type", &G::skip},
      {"slice_type", &G::skip},
      {"map_type", &G::skip},
      {"struct_type", &G::skip},
      {"interface_type", &G::skip},
      {"field_identifier", &G::skip},
      {"package_identifier", &G::skip},
  };
  return table;
}

void GoLowering::lower(NodeId id) {
  const auto found = handlers().find(kind(id));
  if (found == handlers().end()) {
    combined(id);
  } else {
    (this->*found->second)(id);
  }
}

void GoLowering::inner(NodeId id) {
  NodeId operand = child(id, "operand");
  if (operand == kNoNode) operand = first(id);
  pass(id, operand);
}

void GoLowering::identifier(NodeId id) { read_name(id, name_of(id)); }

void GoLowering::literal(NodeId id) {
  const bool is_number = kind(id).ends_with("_literal");
  read_constant(id, text(id), is_number ? LiteralKind::number : LiteralKind::word);
}

std::string GoLowering::string_value(NodeId id) const {
  const std::string_view written = text(id);
  if (written.size() < 2) return "";
  const std::string_view inside = written.substr(1, written.size() - 2);
  return kind(id) == "raw_string_literal" ? std::string(inside) : unescaped(inside);
}

void GoLowering::string(NodeId id) { read_constant(id, string_value(id), LiteralKind::text); }

void GoLowering::selector(NodeId id) {
  read_member(id, child(id, "operand"), name_of(child(id, "field")));
}

void GoLowering::index(NodeId id) {
  const NodeId base = child(id, "operand");
  const NodeId at = child(id, "index");
  if (at != kNoNode && kind(at) == "interpreted_string_literal")
    return read_member(id, base, name(string_value(at)));
  Piece out;
  append(out, base);
  append(out, at);
  out.reg = emit(out, id, Op::index, kNoName, value_of(base), value_of(at));
  piece(id) = out;
}

void GoLowering::slice(NodeId id) {
  Piece out;
  append(out, child(id, "operand"));
  out.reg = value_of(child(id, "operand"));
  piece(id) = out;
}

void GoLowering::call(NodeId id) {
  Piece out;
  const NodeId callee = child(id, "function");
  append(out, callee);
  std::vector<Arg> args;
  const NodeId list = child(id, "arguments");
  for (const NodeId at : list == kNoNode ? std::vector<NodeId>{} : children(list)) {
    append(out, at);
    const std::uint8_t flags = kind(at) == "variadic_argument" ? kSpread : std::uint8_t{0};
    args.push_back({value_of(at), kNoName, flags});
  }
  Instr instr;
  instr.op = Op::call;
  instr.a = value_of(callee);
  out.reg = emit(out, id, instr, args);
  piece(id) = out;
}

void GoLowering::literal_value(NodeId id) {
  Piece out;
  std::vector<Arg> args;
  bool has_keys = false;
  for (const NodeId at : children(id)) {
    if (kind(at) == "keyed_element") {
      const NodeId key = child(at, "key");
      const NodeId value = child(at, "value");
      has_keys = true;
      append(out, value);
      const NodeId label = key == kNoNode ? kNoNode : first(key);
      const bool is_text = label != kNoNode && kind(label) == "interpreted_string_literal";
      args.push_back({value_of(value), is_text ? name(string_value(label)) : name_of(key), 0});
    } else {
      append(out, at);
      args.push_back({value_of(at), kNoName, 0});
    }
  }
  Instr instr;
  instr.op = has_keys ? Op::object : Op::array;
  out.reg = emit(out, id, instr, args);
  piece(id) = out;
}

// A literal of a named type is a call of that type as a constructor, so that its class is known.
void GoLowering::composite(NodeId id) {
  Piece out;
  const NodeId type = child(id, "type");
  const NodeId body = child(id, "body");
  append(out, body);
  out.reg = value_of(body);
  const bool is_named =
      type != kNoNode && (kind(type) == "type_identifier" || kind(type) == "qualified_type");
  if (is_named) {
    Reg callee = kNoReg;
    if (kind(type) == "qualified_type") {
      const Reg base = load(out, type, name_of(child(type, "package")));
      callee = emit(out, type, Op::member, name_of(child(type, "name")), base);
    } else {
      callee = load(out, type, name_of(type));
    }
    const Arg args[] = {{out.reg, kNoName, 0}};
    Instr instr;
    instr.op = Op::call;
    instr.flags = kIsNew;
    instr.a = callee;
    out.reg = emit(out, id, instr, args);
  }
  piece(id) = out;
}

void GoLowering::binary(NodeId id) {
  Piece out;
  const NodeId left = child(id, "left");
  const NodeId right = child(id, "right");
  const std::string_view operation = text(child(id, "operator"));
  append(out, left);
  append(out, right);
  const Reg a = value_of(left);
  const Reg b = value_of(right);
  if (operation == "&&" || operation == "||") {
    out.reg = emit(out, id, operation == "&&" ? Op::both : Op::any, kNoName, a, b);
  } else if (operation.find_first_of("=<>!") != std::string_view::npos && operation != "<<" &&
             operation != ">>") {
    out.reg = emit(out, id, Op::compare, name(operation), a, b);
  } else {
    out.reg =
        operate(out, id, operation == "+" ? Op::concat : Op::combine, {a, b}, name(operation));
  }
  piece(id) = out;
}

void GoLowering::unary(NodeId id) {
  const NodeId operand = child(id, "operand");
  if (text(child(id, "operator")) != "!") return pass(id, operand);
  Piece out;
  append(out, operand);
  out.reg = emit(out, id, Op::negate, name("!"), value_of(operand));
  piece(id) = out;
}

void GoLowering::bind(Piece& into, NodeId target, Reg value, std::uint8_t flags) {
  if (target == kNoNode) return;
  const std::string_view what = kind(target);
  if (what == "identifier") {
    if (text(target) != "_") store(into, target, name_of(target), value, flags);
  } else if (what == "selector_expression") {
    append(into, child(target, "operand"));
    emit(into, target, Op::set_member, name_of(child(target, "field")),
         value_of(child(target, "operand")), value);
  } else if (what == "index_expression") {
    const NodeId at = child(target, "index");
    append(into, child(target, "operand"));
    append(into, at);
    if (at != kNoNode && kind(at) == "interpreted_string_literal") {
      emit(into, target, Op::set_member, name(string_value(at)), value_of(child(target, "operand")),
           value);
      return;
    }
    Instr instr;
    instr.op = Op::set_index;
    instr.a = value_of(child(target, "operand"));
    instr.b = value_of(at);
    const Arg args[] = {{value, kNoName, 0}};
    emit(into, target, instr, args);
  } else if (what == "unary_expression") {
    bind(into, child(target, "operand"), value, flags);
  }
}

void GoLowering::bind_all(Piece& into, NodeId at, NodeId left, NodeId right, std::uint8_t flags) {
  if (left == kNoNode || right == kNoNode) return;
  std::vector<NodeId> targets =
      kind(left) == "expression_list" ? children(left) : std::vector<NodeId>{left};
  std::vector<NodeId> values =
      kind(right) == "expression_list" ? children(right) : std::vector<NodeId>{right};
  for (const NodeId value : values) append(into, value);
  const bool one_each = targets.size() == values.size();
  for (std::size_t i = 0; i < targets.size() && !values.empty(); ++i) {
    // `value, err := f()`: the error is no carrier of what we follow.
    if (!one_each && i > 0 && (text(targets[i]) == "err" || text(targets[i]) == "ok")) {
      store(into, at, name_of(targets[i]), kNoReg, flags);
      continue;
    }
    const auto made = one_each ? functions().find(values[i]) : functions().end();
    if (made != functions().end() && function_at(made->second).name == kNoName) {
      function_at(made->second).name = name_of(targets[i]);
    }
    bind(into, targets[i], value_of(one_each ? values[i] : values[0]), flags);
  }
}

void GoLowering::assignment(NodeId id) {
  Piece out;
  const bool declares = kind(id) == "short_var_declaration";
  const NodeId operation = child(id, "operator");
  std::uint8_t flags = declares ? kDeclares : std::uint8_t{0};
  if (operation != kNoNode && text(operation) != "=") flags = kAugmented;
  bind_all(out, id, child(id, "left"), child(id, "right"), flags);
  piece(id) = out;
}

void GoLowering::count(NodeId id) {
  Piece out;
  const NodeId operand = first(id);
  append(out, operand);
  const Reg value = operate(out, id, Op::combine, {value_of(operand)}, kNoName, kIsCounter);
  bind(out, operand, value, kAugmented);
  piece(id) = out;
}

void GoLowering::variable(NodeId id) {
  Piece out;
  const NodeId value = child(id, "value");
  append(out, value);
  std::vector<NodeId> values = value == kNoNode ? std::vector<NodeId>{} : children(value);
  std::size_t i = 0;
  for (const NodeId at : children(id)) {
    if (tree().field(at) != "name" || kind(at) != "identifier") continue;
    const Reg reg = values.empty() ? kNoReg : value_of(values[i < values.size() ? i : 0]);
    store(out, at, name_of(at), reg, kDeclares);
    ++i;
  }
  piece(id) = out;
}

void lower_go(const SyntaxTree& tree, Program& program, Unit& unit, std::uint32_t file) {
  GoLowering(tree, program, unit, file).run();
}

}  // namespace sigil::scan
