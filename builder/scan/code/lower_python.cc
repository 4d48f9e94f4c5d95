#include "builder/scan/code/lower_python.h"

namespace sigil::scan {

const std::unordered_map<std::string_view, PythonLowering::Handler>& PythonLowering::handlers() {
  using P = PythonLowering;
  static const std::unordered_map<std::string_view, Handler> table = {
      {"module", &P::in_sequence},
      {"block", &P::in_sequence},
      {"expression_statement", &P::in_sequence},
      {"try_statement", &P::in_sequence},
      {"finally_clause", &P::in_sequence},
      {"else_clause", &P::in_sequence},
      {"with_statement", &P::in_sequence},
      {"with_clause", &P::in_sequence},
      {"with_item", &P::with_item},
      {"except_clause", &P::handler_clause},
      {"except_group_clause", &P::handler_clause},
      {"await", &P::inner},
      {"parenthesized_expression", &P::inner},
      {"yield", &P::inner},
      {"list_splat", &P::inner},
      {"dictionary_splat", &P::inner},
      {"decorator", &P::inner},
      {"interpolation", &P::inner},
      {"type", &P::skip},
      {"identifier", &P::identifier},
      {"integer", &P::literal},
      {"float", &P::literal},
      {"true", &P::literal},
      {"false", &P::literal},
      {"none", &P::literal},
      {"string", &P::string},
      {"concatenated_string", &P::joined_strings},
      {"list", &P::sequence_value},
      {"tuple", &P::sequence_value},
      {"set", &P::sequence_value},
      {"expression_list", &P::sequence_value},
      {"dictionary", &P::dictionary},
      {"attribute", &P::attribute},
      {"subscript", &P::subscript},
      {"call", &P::call},
      {"assignment", &P::assignment},
      {"augmented_assignment", &P::augmented},
      {"named_expression", &P::named},
      {"binary_operator", &P::binary},
      {"boolean_operator", &P::boolean},
      {"comparison_operator", &P::comparison},
      {"not_operator", &P::negation},
      {"conditional_expression", &P::conditional},
      {"list_comprehension", &P::comprehension},
      {"set_comprehension", &P::comprehension},
      {"dictionary_comprehension", &P::comprehension},
      {"generator_expression", &P::comprehension},
      {"function_definition", &P::function},
      {"lambda", &P::function},
      {"decorated_definition", &P::decorated},
      {"class_definition", &P::class_of},
      {"if_statement", &P::if_statement},
      {"elif_clause", &P::if_statement},
      {"for_statement", &P::for_loop},
      {"while_statement", &P::while_loop},
      {"match_statement", &P::match},
      {"return_statement", &P::leave},
      {"raise_statement", &P::leave},
      {"break_statement", &P::leave},
      {"continue_statement", &P::leave},
      {"assert_statement", &P::assertion},
      {"import_statement", &P::import_module},
      {"import_from_statement", &P::import_from},
      {"future_import_statement", &P::skip},
      {"global_statement", &P::skip},
      {"nonlocal_statement", &P::skip},
      {"string_content", &P::skip},
      {"string_start", &P::skip},
      {"string_end", &P::skip},
  };
  return table;
}

void PythonLowering::lower(NodeId id) {
  const auto found = handlers().find(kind(id));
  if (found == handlers().end()) {
    combined(id);
  } else {
    (this->*found->second)(id);
  }
}

void PythonLowering::inner(NodeId id) {
  const std::vector<NodeId> inside = children(id);
  pass(id, inside.empty() ? kNoNode : inside[0]);
  if (kind(id) == "await") mark_awaited(piece(id).reg);
}

NameId PythonLowering::identifier_name(NodeId id) {
  if (id == kNoNode) return kNoName;
  const std::string_view written = text(id);
  return name(written == "self" || written == "cls" ? "this" : written);
}

void PythonLowering::identifier(NodeId id) { read_name(id, identifier_name(id)); }

void PythonLowering::literal(NodeId id) {
  const bool is_number = kind(id) == "integer" || kind(id) == "float";
  read_constant(id, text(id), is_number ? LiteralKind::number : LiteralKind::word);
}

std::string PythonLowering::string_value(NodeId id) const {
  std::string out;
  bool is_raw = false;
  for (const NodeId at : children(id)) {
    if (kind(at) == "string_start") is_raw = text(at).find_first_of("rR") != std::string_view::npos;
    if (kind(at) == "string_content") out += is_raw ? std::string(text(at)) : unescaped(text(at));
  }
  return out;
}

void PythonLowering::string(NodeId id) {
  Piece out;
  std::vector<Arg> args;
  bool has_holes = false;
  for (const NodeId at : children(id)) {
    if (kind(at) == "string_content") {
      args.push_back({constant(out, at, unescaped(text(at)), LiteralKind::text), kNoName, 0});
    } else if (kind(at) == "interpolation") {
      has_holes = true;
      append(out, at);
      if (value_of(at) != kNoReg) args.push_back({value_of(at), kNoName, 0});
    }
  }
  if (!has_holes) {
    out = {};
    out.reg = constant(out, id, string_value(id), LiteralKind::text);
  } else {
    Instr instr;
    instr.op = Op::concat;
    out.reg = emit(out, id, instr, args);
  }
  piece(id) = out;
}

void PythonLowering::joined_strings(NodeId id) {
  bool is_plain = true;
  std::string whole;
  for (const NodeId at : children(id)) {
    if (kind(at) != "string" || tree().child_of_kind(at, "interpolation") != kNoNode)
      is_plain = false;
    if (kind(at) == "string") whole += string_value(at);
  }
  if (!is_plain) return combined(id, Op::concat);
  read_constant(id, whole, LiteralKind::text);
}

void PythonLowering::sequence_value(NodeId id) { read_list(id, "list_splat"); }

void PythonLowering::dictionary(NodeId id) {
  Piece out;
  std::vector<Arg> args;
  for (const NodeId at : children(id)) {
    if (kind(at) == "dictionary_splat") {
      append(out, at);
      args.push_back({value_of(at), kNoName, kSpread});
      continue;
    }
    if (kind(at) != "pair") continue;
    const NodeId key = child(at, "key");
    const NodeId value = child(at, "value");
    const bool is_named = key != kNoNode && kind(key) == "string";
    append(out, key);
    append(out, value);
    args.push_back({value_of(value), is_named ? name(string_value(key)) : kNoName, 0});
  }
  Instr instr;
  instr.op = Op::object;
  out.reg = emit(out, id, instr, args);
  piece(id) = out;
}

void PythonLowering::attribute(NodeId id) {
  read_member(id, child(id, "object"), name_of(child(id, "attribute")));
}

void PythonLowering::subscript(NodeId id) {
  const NodeId base = child(id, "value");
  const NodeId index = child(id, "subscript");
  if (index != kNoNode && kind(index) == "string" &&
      tree().child_of_kind(index, "interpolation") == kNoNode)
    return read_member(id, base, name(string_value(index)));
  Piece out;
  append(out, base);
  append(out, index);
  const bool is_slice = index != kNoNode && kind(index) == "slice";
  out.reg = is_slice ? operate(out, id, Op::either, {value_of(base)})
                     : emit(out, id, Op::index, kNoName, value_of(base), value_of(index));
  piece(id) = out;
}

void PythonLowering::call(NodeId id) {
  Piece out;
  const NodeId callee = child(id, "function");
  const NodeId list = child(id, "arguments");
  append(out, callee);
  std::vector<Arg> args;
  if (list != kNoNode && kind(list) != "argument_list") {
    append(out, list);
    args.push_back({value_of(list), kNoName, 0});
  } else if (list != kNoNode) {
    for (const NodeId at : children(list)) {
      if (kind(at) == "keyword_argument") {
        append(out, child(at, "value"));
        args.push_back({value_of(child(at, "value")), name_of(child(at, "name")), 0});
        continue;
      }
      append(out, at);
      const bool is_spread = kind(at) == "list_splat" || kind(at) == "dictionary_splat";
      args.push_back({value_of(at), kNoName, is_spread ? kSpread : std::uint8_t{0}});
    }
  }
  Instr instr;
  instr.op = Op::call;
  instr.a = value_of(callee);
  out.reg = emit(out, id, instr, args);
  piece(id) = out;
}

void PythonLowering::bind(Piece& into, NodeId pattern, Reg value, std::uint8_t flags) {
  std::vector<std::pair<NodeId, Reg>> open = {{pattern, value}};
  while (!open.empty()) {
    const NodeId at = open.back().first;
    const Reg reg = open.back().second;
    open.pop_back();
    if (at == kNoNode) continue;
    const std::string_view what = kind(at);
    if (what == "identifier") {
      store(into, at, identifier_name(at), reg, flags);
    } else if (what == "pattern_list" || what == "tuple_pattern" || what == "list_pattern") {
      for (const NodeId item : children(at)) {
        open.emplace_back(item, emit(into, item, Op::element, kNoName, reg));
      }
    } else if (what == "attribute") {
      append(into, child(at, "object"));
      emit(into, at, Op::set_member, name_of(child(at, "attribute")), value_of(child(at, "object")),
           reg);
    } else if (what == "subscript") {
      const NodeId index = child(at, "subscript");
      append(into, child(at, "value"));
      if (index != kNoNode && kind(index) == "string") {
        emit(into, at, Op::set_member, name(string_value(index)), value_of(child(at, "value")),
             reg);
        continue;
      }
      append(into, index);
      Instr instr;
      instr.op = Op::set_index;
      instr.a = value_of(child(at, "value"));
      instr.b = value_of(index);
      const Arg args[] = {{reg, kNoName, 0}};
      emit(into, at, instr, args);
    } else if (what == "as_pattern_target" || what == "list_splat_pattern" ||
               what == "parenthesized_expression") {
      open.emplace_back(first(at), reg);
    }
  }
}

void PythonLowering::assignment(NodeId id) {
  Piece out;
  const NodeId left = child(id, "left");
  const NodeId right = child(id, "right");
  append(out, right);
  out.reg = value_of(right);
  if (right != kNoNode) {
    const auto made = functions().find(right);
    if (made != functions().end() && left != kNoNode)
      function_at(made->second).name = name_of(left);
    bind(out, left, out.reg, 0);
  }
  piece(id) = out;
}

void PythonLowering::augmented(NodeId id) {
  Piece out;
  const NodeId left = child(id, "left");
  const NodeId right = child(id, "right");
  append(out, left);
  append(out, right);
  const std::string_view operation = text(child(id, "operator"));
  const bool counts = operation == "+=" && right != kNoNode && kind(right) == "integer";
  out.reg =
      operate(out, id, operation == "+=" && !counts ? Op::concat : Op::combine,
              {value_of(left), value_of(right)}, kNoName, counts ? kIsCounter : std::uint8_t{0});
  if (left != kNoNode && kind(left) == "identifier") {
    store(out, id, identifier_name(left), out.reg, kAugmented);
  } else if (left != kNoNode && kind(left) == "attribute") {
    emit(out, id, Op::set_member, name_of(child(left, "attribute")),
         value_of(child(left, "object")), out.reg);
  }
  piece(id) = out;
}

void PythonLowering::named(NodeId id) {
  Piece out;
  append(out, child(id, "value"));
  out.reg = value_of(child(id, "value"));
  bind(out, child(id, "name"), out.reg, 0);
  piece(id) = out;
}

void PythonLowering::binary(NodeId id) {
  Piece out;
  const NodeId left = child(id, "left");
  const NodeId right = child(id, "right");
  const std::string_view operation = text(child(id, "operator"));
  append(out, left);
  append(out, right);
  const bool is_text =
      left != kNoNode && (kind(left) == "string" || kind(left) == "concatenated_string");
  // `/` joins paths of pathlib; numbers do not matter to us.
  const bool joins = operation == "+" || operation == "/" || (operation == "%" && is_text);
  out.reg = operate(out, id, joins ? Op::concat : Op::combine, {value_of(left), value_of(right)},
                    name(operation));
  piece(id) = out;
}

void PythonLowering::boolean(NodeId id) {
  Piece out;
  const NodeId left = child(id, "left");
  const NodeId right = child(id, "right");
  append(out, left);
  append(out, right);
  const bool is_and = text(child(id, "operator")) == "and";
  out.reg = emit(out, id, is_and ? Op::both : Op::any, kNoName, value_of(left), value_of(right));
  piece(id) = out;
}

void PythonLowering::comparison(NodeId id) {
  Piece out;
  std::vector<Reg> operands;
  NameId operation = kNoName;
  for (const NodeId at : children(id)) {
    if (tree().field(at) == "operators") {
      if (operation == kNoName) operation = name(kind(at));
      continue;
    }
    append(out, at);
    operands.push_back(value_of(at));
  }
  operands.resize(2, kNoReg);
  out.reg = emit(out, id, Op::compare, operation, operands[0], operands[1]);
  piece(id) = out;
}

void PythonLowering::negation(NodeId id) {
  Piece out;
  append(out, child(id, "argument"));
  out.reg = emit(out, id, Op::negate, name("!"), value_of(child(id, "argument")));
  piece(id) = out;
}

void PythonLowering::conditional(NodeId id) {
  const std::vector<NodeId> parts = children(id);
  if (parts.size() != 3) return combined(id);
  read_choice(id, parts[1], parts[0], parts[2]);
}

void PythonLowering::comprehension(NodeId id) {
  Piece out;
  const NodeId body = child(id, "body");
  for (const NodeId at : children(id)) {
    if (at == body) continue;
    if (kind(at) != "for_in_clause") {
      append(out, at);
      continue;
    }
    const NodeId right = child(at, "right");
    append(out, right);
    const Reg element = emit(out, at, Op::element, kNoName, value_of(right));
    bind(out, child(at, "left"), element, kDeclares);
  }
  append(out, body);
  const Arg args[] = {{value_of(body), kNoName, 0}};
  Instr instr;
  instr.op = Op::array;
  out.reg = emit(out, id, instr, args);
  piece(id) = out;
}

void lower_python(const SyntaxTree& tree, Program& program, Unit& unit, std::uint32_t file) {
  PythonLowering(tree, program, unit, file).run();
}

}  // namespace sigil::scan
