#include "builder/scan/code/lower_javascript.h"

namespace sigil::scan {

const std::unordered_map<std::string_view, JavascriptLowering::Handler>
    JavascriptLowering::kHandlers = {
        {"program", &JavascriptLowering::in_sequence},
        {"statement_block", &JavascriptLowering::in_sequence},
        {"expression_statement", &JavascriptLowering::in_sequence},
        {"lexical_declaration", &JavascriptLowering::in_sequence},
        {"variable_declaration", &JavascriptLowering::in_sequence},
        {"try_statement", &JavascriptLowering::in_sequence},
        {"finally_clause", &JavascriptLowering::in_sequence},
        {"else_clause", &JavascriptLowering::in_sequence},
        {"labeled_statement", &JavascriptLowering::in_sequence},
        {"catch_clause", &JavascriptLowering::catch_clause},
        {"await_expression", &JavascriptLowering::inner},
        {"parenthesized_expression", &JavascriptLowering::inner},
        {"as_expression", &JavascriptLowering::inner},
        {"satisfies_expression", &JavascriptLowering::inner},
        {"non_null_expression", &JavascriptLowering::inner},
        {"type_assertion", &JavascriptLowering::inner},
        {"spread_element", &JavascriptLowering::inner},
        {"sequence_expression", &JavascriptLowering::last},
        {"yield_expression", &JavascriptLowering::inner},
        {"template_substitution", &JavascriptLowering::inner},
        {"computed_property_name", &JavascriptLowering::inner},
        {"decorator", &JavascriptLowering::inner},
        {"identifier", &JavascriptLowering::identifier},
        {"this", &JavascriptLowering::identifier},
        {"super", &JavascriptLowering::identifier},
        {"undefined", &JavascriptLowering::literal},
        {"import", &JavascriptLowering::identifier},
        {"shorthand_property_identifier", &JavascriptLowering::identifier},
        {"string", &JavascriptLowering::string},
        {"template_string", &JavascriptLowering::template_string},
        {"number", &JavascriptLowering::literal},
        {"true", &JavascriptLowering::literal},
        {"false", &JavascriptLowering::literal},
        {"null", &JavascriptLowering::literal},
        {"regex", &JavascriptLowering::literal},
        {"object", &JavascriptLowering::object},
        {"array", &JavascriptLowering::array},
        {"member_expression", &JavascriptLowering::member},
        {"subscript_expression", &JavascriptLowering::subscript},
        {"call_expression", &JavascriptLowering::call},
        {"new_expression", &JavascriptLowering::call},
        {"assignment_expression", &JavascriptLowering::assignment},
        {"augmented_assignment_expression", &JavascriptLowering::augmented},
        {"binary_expression", &JavascriptLowering::binary},
        {"unary_expression", &JavascriptLowering::unary},
        {"update_expression", &JavascriptLowering::update},
        {"ternary_expression", &JavascriptLowering::ternary},
        {"variable_declarator", &JavascriptLowering::declarator},
        {"function_declaration", &JavascriptLowering::function},
        {"generator_function_declaration", &JavascriptLowering::function},
        {"function_expression", &JavascriptLowering::function},
        {"generator_function", &JavascriptLowering::function},
        {"arrow_function", &JavascriptLowering::function},
        {"method_definition", &JavascriptLowering::function},
        {"class_declaration", &JavascriptLowering::class_of},
        {"abstract_class_declaration", &JavascriptLowering::class_of},
        {"class", &JavascriptLowering::class_of},
        {"if_statement", &JavascriptLowering::if_statement},
        {"switch_statement", &JavascriptLowering::switch_statement},
        {"for_in_statement", &JavascriptLowering::for_in},
        {"for_statement", &JavascriptLowering::loop},
        {"while_statement", &JavascriptLowering::loop},
        {"do_statement", &JavascriptLowering::loop},
        {"return_statement", &JavascriptLowering::leave},
        {"throw_statement", &JavascriptLowering::leave},
        {"break_statement", &JavascriptLowering::leave},
        {"continue_statement", &JavascriptLowering::leave},
        {"import_statement", &JavascriptLowering::import_statement},
        {"export_statement", &JavascriptLowering::export_statement},
        {"enum_declaration", &JavascriptLowering::enumeration},
        {"type_annotation", &JavascriptLowering::skip},
        {"type_arguments", &JavascriptLowering::skip},
        {"type_parameters", &JavascriptLowering::skip},
        {"interface_declaration", &JavascriptLowering::skip},
        {"type_alias_declaration", &JavascriptLowering::skip},
        {"implements_clause", &JavascriptLowering::skip},
        {"function_signature", &JavascriptLowering::skip},
        {"regex_pattern", &JavascriptLowering::skip},
        {"property_identifier", &JavascriptLowering::skip},
};

void JavascriptLowering::lower(NodeId id) {
  const auto found = kHandlers.find(kind(id));
  if (found == kHandlers.end()) {
    combined(id);
  } else {
    (this->*found->second)(id);
  }
}

void JavascriptLowering::inner(NodeId id) {
  // The expression comes first; a type may follow. An assertion `<T>x` has it last.
  Piece out;
  for (const NodeId at : children(id)) {
    if (piece(at).head == kNoReg) continue;
    append(out, at);
    if (out.reg == kNoReg) out.reg = value_of(at);
    if (kind(id) != "parenthesized_expression" && kind(id) != "type_assertion") break;
  }
  if (kind(id) == "await_expression") mark_awaited(out.reg);
  piece(id) = out;
}

// (0, child_process_1.exec)(…): what compilers write for a call of an imported function.
void JavascriptLowering::last(NodeId id) {
  Piece out;
  for (const NodeId at : children(id)) {
    append(out, at);
    out.reg = value_of(at);
  }
  piece(id) = out;
}

void JavascriptLowering::identifier(NodeId id) { read_name(id, name_of(id)); }

std::string JavascriptLowering::string_value(NodeId id) const {
  const std::string_view written = text(id);
  if (written.size() < 2) return "";
  const std::string_view inside = written.substr(1, written.size() - 2);
  return inside.find('\\') == std::string_view::npos ? std::string(inside) : unescaped(inside);
}

void JavascriptLowering::string(NodeId id) {
  read_constant(id, string_value(id), LiteralKind::text);
}

void JavascriptLowering::literal(NodeId id) {
  const LiteralKind literal_kind = kind(id) == "number"  ? LiteralKind::number
                                   : kind(id) == "regex" ? LiteralKind::regex
                                                         : LiteralKind::word;
  read_constant(id, text(id), literal_kind);
}

void JavascriptLowering::template_string(NodeId id) {
  Piece out;
  std::vector<Arg> args;
  std::size_t at = tree().nodes[id].start + 1;
  const auto text_until = [&](std::size_t end) {
    if (end <= at) return;
    const Reg reg =
        constant(out, id, unescaped(tree().text.substr(at, end - at)), LiteralKind::text);
    args.push_back({reg, kNoName, 0});
  };
  for (const NodeId hole : children(id)) {
    if (kind(hole) != "template_substitution") continue;
    text_until(tree().nodes[hole].start);
    at = tree().nodes[hole].end;
    append(out, hole);
    if (value_of(hole) != kNoReg) args.push_back({value_of(hole), kNoName, 0});
  }
  if (tree().nodes[id].end > 0) text_until(tree().nodes[id].end - 1);
  if (args.size() == 1 && first(id) != kNoNode && kind(first(id)) != "template_substitution") {
    out.reg = args[0].value;
  } else if (args.empty()) {
    out.reg = constant(out, id, "", LiteralKind::text);
  } else {
    Instr instr;
    instr.op = Op::concat;
    out.reg = emit(out, id, instr, args);
  }
  piece(id) = out;
}

NameId JavascriptLowering::property_name(NodeId id) {
  if (id == kNoNode) return kNoName;
  if (kind(id) == "string") return name(string_value(id));
  if (kind(id) == "computed_property_name") {
    const NodeId inside = first(id);
    return inside != kNoNode && kind(inside) == "string" ? name(string_value(inside)) : kNoName;
  }
  return name_of(id);
}

void JavascriptLowering::object(NodeId id) {
  Piece out;
  std::vector<Arg> args;
  for (const NodeId at : children(id)) {
    const std::string_view what = kind(at);
    if (what == "pair") {
      const NodeId value = child(at, "value");
      append(out, child(at, "key"));
      append(out, value);
      args.push_back({value_of(value), property_name(child(at, "key")), 0});
    } else if (what == "shorthand_property_identifier") {
      append(out, at);
      args.push_back({value_of(at), name_of(at), 0});
    } else if (what == "spread_element") {
      append(out, at);
      args.push_back({value_of(at), kNoName, kSpread});
    } else if (what == "method_definition") {
      const Reg value = function_value(out, at, functions()[at]);
      args.push_back({value, property_name(child(at, "name")), 0});
    }
  }
  Instr instr;
  instr.op = Op::object;
  out.reg = emit(out, id, instr, args);
  piece(id) = out;
}

std::vector<Arg> JavascriptLowering::arguments(Piece& into, NodeId list) {
  return arguments_of(into, list, "spread_element");
}

void JavascriptLowering::array(NodeId id) { read_list(id, "spread_element"); }

void JavascriptLowering::member(NodeId id) {
  read_member(id, child(id, "object"), name_of(child(id, "property")));
}

void JavascriptLowering::subscript(NodeId id) {
  const NodeId base = child(id, "object");
  const NodeId index = child(id, "index");
  if (index != kNoNode && kind(index) == "string")
    return read_member(id, base, name(string_value(index)));
  Piece out;
  append(out, base);
  append(out, index);
  out.reg = emit(out, id, Op::index, kNoName, value_of(base), value_of(index));
  piece(id) = out;
}

void JavascriptLowering::call(NodeId id) {
  Piece out;
  Instr instr;
  instr.op = Op::call;
  const bool is_new = kind(id) == "new_expression";
  const NodeId callee = child(id, is_new ? "constructor" : "function");
  const NodeId list = child(id, "arguments");
  append(out, callee);
  instr.a = value_of(callee);
  if (is_new) instr.flags = kIsNew;
  std::vector<Arg> args;
  if (list != kNoNode && kind(list) == "template_string") {
    append(out, list);
    args.push_back({value_of(list), kNoName, 0});
    instr.name = name("`");
  } else if (list != kNoNode) {
    args = arguments(out, list);
  }
  out.reg = emit(out, id, instr, args);
  piece(id) = out;
}

void JavascriptLowering::export_assignment(NodeId left, Reg value, Piece& into) {
  const std::string_view written = text(left);
  if (written == "module.exports") {
    store(into, left, name("default"), value);
    unit().exports.push_back({name("default"), name("default"), kNoName});
    return;
  }
  std::string_view rest;
  if (written.starts_with("exports.")) rest = written.substr(8);
  if (written.starts_with("module.exports.")) rest = written.substr(15);
  if (rest.empty() || rest.find_first_of(".[(") != std::string_view::npos) return;
  const NameId local = name("exports." + std::string(rest));
  store(into, left, local, value);
  unit().exports.push_back({name(rest), local, kNoName});
}

void JavascriptLowering::assignment(NodeId id) {
  Piece out;
  const NodeId left = child(id, "left");
  const NodeId right = child(id, "right");
  append(out, right);
  out.reg = value_of(right);
  if (left != kNoNode) {
    bind(out, left, out.reg, 0);
    if (kind(left) == "member_expression") export_assignment(left, out.reg, out);
  }
  piece(id) = out;
}

void JavascriptLowering::augmented(NodeId id) {
  Piece out;
  const NodeId left = child(id, "left");
  const NodeId right = child(id, "right");
  append(out, left);
  append(out, right);
  const std::string_view operation = text(child(id, "operator"));
  const bool counts = operation == "+=" && right != kNoNode && kind(right) == "number";
  const Op op = counts                  ? Op::combine
                : operation == "+="     ? Op::concat
                : operation.size() == 3 ? Op::either
                                        : Op::combine;
  out.reg = operate(out, id, op, {value_of(left), value_of(right)}, kNoName,
                    counts ? kIsCounter : std::uint8_t{0});
  if (left != kNoNode && kind(left) == "identifier") {
    store(out, id, name_of(left), out.reg, kAugmented);
  } else if (left != kNoNode && kind(left) == "member_expression") {
    emit(out, id, Op::set_member, name_of(child(left, "property")), value_of(child(left, "object")),
         out.reg);
  }
  piece(id) = out;
}

void JavascriptLowering::binary(NodeId id) {
  Piece out;
  const NodeId left = child(id, "left");
  const NodeId right = child(id, "right");
  const std::string_view operation = text(child(id, "operator"));
  append(out, left);
  append(out, right);
  const Reg a = value_of(left);
  const Reg b = value_of(right);
  if (operation == "&&") {
    out.reg = emit(out, id, Op::both, kNoName, a, b);
  } else if (operation == "||" || operation == "??") {
    out.reg = emit(out, id, Op::any, name(operation), a, b);
  } else if (operation == "+") {
    out.reg = operate(out, id, Op::concat, {a, b});
  } else if (operation.find_first_of("=<>!") != std::string_view::npos || operation == "in" ||
             operation == "instanceof") {
    out.reg = emit(out, id, Op::compare, name(operation), a, b);
  } else {
    out.reg = operate(out, id, Op::combine, {a, b}, name(operation));
  }
  piece(id) = out;
}

void JavascriptLowering::unary(NodeId id) {
  Piece out;
  const NodeId argument = child(id, "argument");
  const std::string_view operation = text(child(id, "operator"));
  append(out, argument);
  if (operation == "!" || operation == "typeof" || operation == "void" || operation == "delete") {
    out.reg = emit(out, id, Op::negate, name(operation), value_of(argument));
  } else {
    // "-" also for a unary plus: the value becomes a number.
    out.reg = operate(out, id, Op::combine, {value_of(argument)}, name("-"));
  }
  piece(id) = out;
}

void JavascriptLowering::update(NodeId id) {
  Piece out;
  const NodeId argument = child(id, "argument");
  append(out, argument);
  out.reg = operate(out, id, Op::combine, {value_of(argument)}, kNoName, kIsCounter);
  if (argument != kNoNode && kind(argument) == "identifier") {
    store(out, id, name_of(argument), out.reg, kAugmented);
  }
  piece(id) = out;
}

void JavascriptLowering::ternary(NodeId id) {
  const NodeId condition = child(id, "condition");
  const NodeId yes = child(id, "consequence");
  const NodeId no = child(id, "alternative");
  if (condition == kNoNode || yes == kNoNode || no == kNoNode) return combined(id);
  read_choice(id, condition, yes, no);
}

void JavascriptLowering::declarator(NodeId id) {
  Piece out;
  const NodeId pattern = child(id, "name");
  const NodeId value = child(id, "value");
  append(out, value);
  if (value != kNoNode) {
    // `const f = () => …`: the function takes the name it is known by.
    const auto made = functions().find(value);
    if (made != functions().end() && function_at(made->second).name == kNoName) {
      function_at(made->second).name = name_of(pattern);
    }
    bind(out, pattern, value_of(value), kDeclares);
  }
  piece(id) = out;
}

void JavascriptLowering::bind_object(Piece& into, NodeId pattern, Reg value,
                                     std::vector<std::pair<NodeId, Reg>>& open) {
  for (const NodeId at : children(pattern)) {
    const std::string_view what = kind(at);
    if (what == "shorthand_property_identifier_pattern") {
      const Reg field = emit(into, at, Op::member, name_of(at), value);
      store(into, at, name_of(at), field, kDeclares);
    } else if (what == "pair_pattern") {
      const Reg field = emit(into, at, Op::member, property_name(child(at, "key")), value);
      open.emplace_back(child(at, "value"), field);
    } else if (what == "object_assignment_pattern") {
      const NodeId left = child(at, "left");
      const NodeId right = child(at, "right");
      append(into, right);
      const Reg field = emit(into, at, Op::member, name_of(left), value);
      const Arg args[] = {{field, kNoName, 0}, {value_of(right), kNoName, 0}};
      Instr instr;
      instr.op = Op::either;
      const Reg chosen = emit(into, at, instr, args);
      store(into, at, name_of(left), chosen, kDeclares);
    } else if (what == "rest_pattern") {
      open.emplace_back(first(at), value);
    }
  }
}

void JavascriptLowering::bind(Piece& into, NodeId pattern, Reg value, std::uint8_t flags) {
  std::vector<std::pair<NodeId, Reg>> open = {{pattern, value}};
  while (!open.empty()) {
    const NodeId at = open.back().first;
    const Reg reg = open.back().second;
    open.pop_back();
    if (at == kNoNode) continue;
    const std::string_view what = kind(at);
    if (what == "identifier") {
      store(into, at, name_of(at), reg, flags);
    } else if (what == "object_pattern") {
      bind_object(into, at, reg, open);
    } else if (what == "array_pattern") {
      for (const NodeId item : children(at)) {
        open.emplace_back(item, emit(into, item, Op::element, kNoName, reg));
      }
    } else if (what == "assignment_pattern") {
      append(into, child(at, "right"));
      const Arg args[] = {{reg, kNoName, 0}, {value_of(child(at, "right")), kNoName, 0}};
      Instr instr;
      instr.op = Op::either;
      open.emplace_back(child(at, "left"), emit(into, at, instr, args));
    } else if (what == "rest_pattern") {
      open.emplace_back(first(at), reg);
    } else if (what == "member_expression") {
      append(into, child(at, "object"));
      emit(into, at, Op::set_member, name_of(child(at, "property")), value_of(child(at, "object")),
           reg);
    } else if (what == "subscript_expression") {
      const NodeId index = child(at, "index");
      append(into, child(at, "object"));
      if (index != kNoNode && kind(index) == "string") {
        emit(into, at, Op::set_member, name(string_value(index)), value_of(child(at, "object")),
             reg);
      } else {
        append(into, index);
        Instr instr;
        instr.op = Op::set_index;
        instr.a = value_of(child(at, "object"));
        instr.b = value_of(index);
        const Arg args[] = {{reg, kNoName, 0}};
        emit(into, at, instr, args);
      }
    } else if (what == "non_null_expression" || what == "parenthesized_expression") {
      open.emplace_back(first(at), reg);
    }
  }
}

}  // namespace sigil::scan
