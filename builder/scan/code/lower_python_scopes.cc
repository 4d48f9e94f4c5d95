// Functions, classes, branches and modules of Python.
#include "builder/scan/code/lower_python.h"

namespace sigil::scan {

void PythonLowering::parameter(NodeId at, Made& made) {
  const std::string_view what = kind(at);
  Param param;
  NodeId own_name = at;
  NodeId value = kNoNode;
  if (what == "default_parameter" || what == "typed_default_parameter") {
    own_name = child(at, "name");
    value = child(at, "value");
    param.type = type_of(child(at, "type"));
  } else if (what == "typed_parameter") {
    own_name = first(at);
    param.type = type_of(child(at, "type"));
  } else if (what == "keyword_separator" || what == "positional_separator") {
    return;
  }
  if (own_name == kNoNode) return;
  if (kind(own_name) == "list_splat_pattern" || kind(own_name) == "dictionary_splat_pattern") {
    param.is_rest = kind(own_name) == "list_splat_pattern";
    param.is_keyword_rest = !param.is_rest;
    own_name = first(own_name);
    if (own_name == kNoNode) return;
  }
  if (kind(own_name) != "identifier") return;
  if (made.params.empty() && (text(own_name) == "self" || text(own_name) == "cls")) return;
  param.name = name_of(own_name);
  made.params.push_back(param);
  if (value == kNoNode) return;
  Piece& into = made.prologue;
  append(into, value);
  const Arg args[] = {{load(into, at, param.name), kNoName, 0}, {value_of(value), kNoName, 0}};
  Instr instr;
  instr.op = Op::either;
  store(into, at, param.name, emit(into, at, instr, args), kDeclares);
}

NameId PythonLowering::doc_of(NodeId body) {
  if (body == kNoNode || kind(body) != "block") return kNoName;
  const std::vector<NodeId> statements = children(body);
  if (statements.empty() || kind(statements[0]) != "expression_statement") return kNoName;
  const NodeId inside = first(statements[0]);
  return inside != kNoNode && kind(inside) == "string" ? name(string_value(inside)) : kNoName;
}

void PythonLowering::function(NodeId id) {
  Made made;
  made.name = name_of(child(id, "name"));
  made.result_type = type_of(child(id, "return_type"));
  const NodeId list = child(id, "parameters");
  if (list != kNoNode) {
    for (const NodeId at : children(list)) parameter(at, made);
  }
  const NodeId body = child(id, "body");
  made.returns_value = kind(id) == "lambda";
  made.doc = doc_of(body);
  const FunctionId function = make_function(id, made, body == kNoNode ? Piece{} : piece(body));
  Piece out;
  const bool is_named = kind(id) == "function_definition";
  const std::uint8_t flags = is_named ? kHoisted : std::uint8_t{0};
  out.reg = function_value(out, id, function, flags);
  if (is_named) store(out, id, made.name, out.reg, kHoisted | kDeclares);
  piece(id) = out;
}

void PythonLowering::decorated(NodeId id) {
  Piece out;
  const NodeId definition = child(id, "definition");
  append(out, definition);
  out.reg = value_of(definition);
  const auto made = functions().find(definition);
  for (const NodeId at : children(id)) {
    if (kind(at) != "decorator") continue;
    NodeId called = first(at);
    if (called != kNoNode && kind(called) == "call") called = child(called, "function");
    if (made != functions().end()) function_at(made->second).decorators.push_back(name_of(called));
    append(out, at);
    const Arg args[] = {{out.reg, kNoName, 0}};
    Instr instr;
    instr.op = Op::call;
    instr.a = value_of(at);
    emit(out, at, instr, args);
  }
  piece(id) = out;
}

void PythonLowering::class_member(NodeId at, ClassId cls, Piece& fields) {
  NodeId definition = at;
  if (kind(at) == "decorated_definition") definition = child(at, "definition");
  if (definition != kNoNode && kind(definition) == "function_definition") {
    add_method(cls, name_of(child(definition, "name")), functions()[definition]);
    append(fields, at);
    return;
  }
  append(fields, at);
  if (kind(at) != "expression_statement" || first(at) == kNoNode || kind(first(at)) != "assignment")
    return;
  const NodeId assigned = first(at);
  const NodeId left = child(assigned, "left");
  const NodeId right = child(assigned, "right");
  const NodeId type = child(assigned, "type");
  if (left == kNoNode || kind(left) != "identifier") return;
  if (type != kNoNode) class_at(cls).field_types.emplace_back(name_of(left), type_of(type));
  if (right == kNoNode) return;
  emit(fields, at, Op::set_member, name_of(left), load(fields, at, name("this")), value_of(right));
}

void PythonLowering::class_of(NodeId id) {
  const ClassId cls = make_class(id, name_of(child(id, "name")));
  const NodeId bases = child(id, "superclasses");
  if (bases != kNoNode) {
    for (const NodeId at : children(bases)) {
      if (kind(at) != "keyword_argument") class_at(cls).bases.push_back(name_of(at));
    }
  }
  Piece fields;
  const NodeId body = child(id, "body");
  for (const NodeId at : body == kNoNode ? std::vector<NodeId>{} : children(body)) {
    class_member(at, cls, fields);
  }
  Made made;
  made.name = name("<init>");
  made.cls = cls;
  if (body != kNoNode) class_at(cls).initializer = make_function(body, made, fields);
  Piece out;
  out.reg = class_value(out, id, cls);
  store(out, id, class_at(cls).name, out.reg, kDeclares);
  piece(id) = out;
}

void PythonLowering::if_statement(NodeId id) {
  if (kind(id) == "elif_clause") return nothing(id);  // its pieces are put in place by the if
  Piece out;
  const NodeId condition = child(id, "condition");
  const NodeId yes = child(id, "consequence");
  append(out, condition);
  // The alternatives follow one another: each elif is the else of the one before it.
  std::vector<NodeId> others;
  for (const NodeId at : children(id)) {
    if (tree().field(at) == "alternative") others.push_back(at);
  }
  Piece no;
  std::size_t open = 0;
  for (const NodeId at : others) {
    if (kind(at) != "elif_clause") {
      append(no, at);
      continue;
    }
    append(no, child(at, "condition"));
    emit(no, at, Op::branch, kNoName, value_of(child(at, "condition")));
    append(no, child(at, "consequence"));
    emit(no, at, Op::otherwise, kNoName);
    ++open;
  }
  for (; open > 0; --open) emit(no, id, Op::join, kNoName);
  branch(id, out, value_of(condition), yes == kNoNode ? Piece{} : piece(yes), no);
  piece(id) = out;
}

void PythonLowering::for_loop(NodeId id) {
  Piece out;
  const NodeId right = child(id, "right");
  append(out, right);
  Piece inside;
  const Reg element = emit(inside, id, Op::element, kNoName, value_of(right));
  bind(inside, child(id, "left"), element, kDeclares);
  append(inside, child(id, "body"));
  branch(id, out, kNoReg, inside, {});
  append(out, child(id, "alternative"));
  piece(id) = out;
}

void PythonLowering::while_loop(NodeId id) {
  Piece out;
  const NodeId condition = child(id, "condition");
  append(out, condition);
  Piece inside;
  append(inside, child(id, "body"));
  branch(id, out, value_of(condition), inside, {});
  piece(id) = out;
}

void PythonLowering::match(NodeId id) {
  Piece out;
  const NodeId subject = child(id, "subject");
  append(out, subject);
  const NodeId body = child(id, "body");
  for (const NodeId at : body == kNoNode ? std::vector<NodeId>{} : children(body)) {
    const NodeId consequence = child(at, "consequence");
    Reg same = kNoReg;
    const NodeId pattern = tree().child_of_kind(at, "case_pattern");
    const NodeId label = pattern == kNoNode ? kNoNode : first(pattern);
    if (label != kNoNode && kind(label) == "string") {
      append(out, label);
      same = emit(out, at, Op::compare, name("=="), value_of(subject), value_of(label));
    }
    branch(at, out, same, consequence == kNoNode ? Piece{} : piece(consequence), {});
  }
  piece(id) = out;
}

void PythonLowering::leave(NodeId id) {
  Piece out;
  const std::vector<NodeId> inside = children(id);
  const NodeId value = inside.empty() ? kNoNode : inside[0];
  append(out, value);
  const std::string_view what = kind(id);
  const Op op = what == "return_statement"  ? Op::ret
                : what == "raise_statement" ? Op::raise
                                            : Op::leave;
  emit(out, id, op, kNoName, op == Op::leave ? kNoReg : value_of(value));
  piece(id) = out;
}

void PythonLowering::assertion(NodeId id) {
  Piece out;
  const std::vector<NodeId> inside = children(id);
  if (inside.empty()) return nothing(id);
  append(out, inside[0]);
  const Reg failed = emit(out, id, Op::negate, name("!"), value_of(inside[0]));
  Piece stop;
  emit(stop, id, Op::raise, kNoName);
  branch(id, out, failed, stop, {});
  piece(id) = out;
}

void PythonLowering::handler_clause(NodeId id) {
  Piece out;
  Piece inside;
  append(inside, tree().child_of_kind(id, "block"));
  branch(id, out, kNoReg, inside, {});
  piece(id) = out;
}

void PythonLowering::with_item(NodeId id) {
  Piece out;
  const NodeId value = child(id, "value");
  if (value != kNoNode && kind(value) == "as_pattern") {
    const std::vector<NodeId> parts = children(value);
    if (!parts.empty()) {
      append(out, parts[0]);
      bind(out, child(value, "alias"), value_of(parts[0]), 0);
    }
  } else {
    append(out, value);
  }
  piece(id) = out;
}

void PythonLowering::import_module(NodeId id) {
  nothing(id);
  const std::uint32_t line = tree().nodes[id].line;
  for (const NodeId at : children(id)) {
    if (kind(at) == "aliased_import") {
      unit().imports.push_back(
          {name_of(child(at, "alias")), name_of(child(at, "name")), name("*"), line});
    } else if (kind(at) == "dotted_name") {
      const std::string_view whole = text(at);
      const NameId head = name(whole.substr(0, whole.find('.')));
      unit().imports.push_back({head, head, name("*"), line});
      if (whole.find('.') != std::string_view::npos) {
        unit().imports.push_back({kNoName, name(whole), name("*"), line});
      }
    }
  }
}

void PythonLowering::import_from(NodeId id) {
  nothing(id);
  const NodeId from = child(id, "module_name");
  const std::uint32_t line = tree().nodes[id].line;
  if (from == kNoNode) return;
  const NameId module = name_of(from);
  if (tree().child_of_kind(id, "wildcard_import") != kNoNode) {
    unit().imports.push_back({name("*"), module, name("*"), line});
    return;
  }
  for (const NodeId at : children(id)) {
    if (tree().field(at) != "name") continue;
    if (kind(at) == "aliased_import") {
      unit().imports.push_back(
          {name_of(child(at, "alias")), module, name_of(child(at, "name")), line});
    } else {
      unit().imports.push_back({name_of(at), module, name_of(at), line});
    }
  }
}

}  // namespace sigil::scan
