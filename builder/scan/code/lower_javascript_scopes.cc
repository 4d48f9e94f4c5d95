// Functions, classes, branches and modules of JavaScript and TypeScript.
#include "builder/scan/code/lower_javascript.h"

namespace sigil::scan {

void JavascriptLowering::parameter(NodeId at, Made& made) {
  NodeId pattern = at;
  NodeId value = kNoNode;
  NodeId type = kNoNode;
  const std::string_view what = kind(at);
  if (what == "required_parameter" || what == "optional_parameter") {
    pattern = child(at, "pattern");
    value = child(at, "value");
    type = child(at, "type");
  } else if (what == "assignment_pattern") {
    pattern = child(at, "left");
    value = child(at, "right");
  }
  if (pattern == kNoNode || kind(pattern) == "this") return;
  Param param;
  if (kind(pattern) == "rest_pattern") {
    param.is_rest = true;
    pattern = first(pattern);
    if (pattern == kNoNode) return;
  }
  param.type = type_of(type);
  const bool is_plain = kind(pattern) == "identifier";
  param.name = is_plain ? name_of(pattern) : name("#" + std::to_string(made.params.size()));
  Piece& into = made.prologue;
  if (value != kNoNode) {
    append(into, value);
    const Arg args[] = {{load(into, at, param.name), kNoName, 0}, {value_of(value), kNoName, 0}};
    Instr instr;
    instr.op = Op::either;
    store(into, at, param.name, emit(into, at, instr, args), kDeclares);
  }
  if (!is_plain) bind(into, pattern, load(into, at, param.name), kDeclares);
  // constructor(private client: Client): the parameter becomes a field.
  if (tree().child_of_kind(at, "accessibility_modifier") != kNoNode ||
      text(at).starts_with("readonly ")) {
    emit(into, at, Op::set_member, param.name, load(into, at, name("this")),
         load(into, at, param.name));
  }
  made.params.push_back(param);
}

void JavascriptLowering::function(NodeId id) {
  Made made;
  const NodeId own_name = child(id, "name");
  made.name = kind(id) == "method_definition" ? property_name(own_name) : name_of(own_name);
  made.result_type = type_of(child(id, "return_type"));
  const NodeId single = child(id, "parameter");
  const NodeId list = child(id, "parameters");
  if (single != kNoNode) made.params.push_back({name_of(single), kNoName, false, false});
  if (list != kNoNode) {
    for (const NodeId at : children(list)) parameter(at, made);
  }
  const NodeId body = child(id, "body");
  made.returns_value = body != kNoNode && kind(body) != "statement_block";
  const FunctionId function = make_function(id, made, body == kNoNode ? Piece{} : piece(body));
  Piece out;
  const bool is_declaration = kind(id).ends_with("_declaration");
  if (kind(id) != "method_definition") {
    const std::uint8_t flags = is_declaration ? kHoisted : std::uint8_t{0};
    const Reg value = function_value(out, id, function, flags);
    if (is_declaration) {
      store(out, id, made.name, value, kHoisted | kDeclares);
    } else {
      out.reg = value;
    }
  }
  piece(id) = out;
}

void JavascriptLowering::class_member(NodeId at, ClassId cls, Piece& fields, Piece& decorations,
                                      const std::vector<NodeId>& decorators) {
  if (kind(at) == "method_definition") {
    const FunctionId function = functions()[at];
    add_method(cls, property_name(child(at, "name")), function);
    for (const NodeId decorator : decorators) {
      append(decorations, decorator);
      const Arg args[] = {{function_value(decorations, at, function), kNoName, 0}};
      Instr instr;
      instr.op = Op::call;
      instr.a = value_of(decorator);
      emit(decorations, decorator, instr, args);
    }
    return;
  }
  NodeId property = child(at, "property");
  if (property == kNoNode) property = child(at, "name");
  const NodeId value = child(at, "value");
  if (property == kNoNode) return append(fields, at);  // static block
  const NameId field = property_name(property);
  const NodeId type = child(at, "type");
  if (type != kNoNode) class_at(cls).field_types.emplace_back(field, type_of(type));
  if (value == kNoNode) return;
  const auto function = functions().find(value);
  if (function != functions().end()) {
    if (function_at(function->second).name == kNoName) function_at(function->second).name = field;
    add_method(cls, field, function->second);
  }
  append(fields, value);
  emit(fields, at, Op::set_member, field, load(fields, at, name("this")), value_of(value));
}

void JavascriptLowering::class_of(NodeId id) {
  const NodeId own_name = child(id, "name");
  const ClassId cls = make_class(id, name_of(own_name));
  const NodeId heritage = tree().child_of_kind(id, "class_heritage");
  Piece out;
  if (heritage != kNoNode) {
    // TypeScript wraps the base in an extends clause.
    for (NodeId at = first(heritage); at != kNoNode; at = next(at)) {
      const NodeId base = kind(at) == "extends_clause" ? child(at, "value") : at;
      if (base != kNoNode && kind(at) != "implements_clause")
        class_at(cls).bases.push_back(name_of(base));
    }
  }
  Piece fields;
  Piece decorations;
  std::vector<NodeId> decorators;
  const NodeId body = child(id, "body");
  for (const NodeId at : body == kNoNode ? std::vector<NodeId>{} : children(body)) {
    if (kind(at) == "decorator") {
      decorators.push_back(at);
      continue;
    }
    class_member(at, cls, fields, decorations, decorators);
    decorators.clear();
  }
  Made made;
  made.name = name("<init>");
  made.cls = cls;
  if (body != kNoNode) class_at(cls).initializer = make_function(body, made, fields);
  append(out, decorations);
  out.reg = class_value(out, id, cls);
  if (own_name != kNoNode) store(out, id, name_of(own_name), out.reg, kDeclares);
  piece(id) = out;
}

void JavascriptLowering::if_statement(NodeId id) {
  Piece out;
  const NodeId condition = child(id, "condition");
  const NodeId yes = child(id, "consequence");
  const NodeId no = child(id, "alternative");
  append(out, condition);
  branch(id, out, value_of(condition), yes == kNoNode ? Piece{} : piece(yes),
         no == kNoNode ? Piece{} : piece(no));
  piece(id) = out;
}

void JavascriptLowering::switch_statement(NodeId id) {
  Piece out;
  const NodeId value = child(id, "value");
  const NodeId body = child(id, "body");
  append(out, value);
  for (const NodeId at : body == kNoNode ? std::vector<NodeId>{} : children(body)) {
    const NodeId label = child(at, "value");
    Piece inside;
    for (const NodeId statement : children(at)) {
      if (statement != label) append(inside, statement);
    }
    if (label == kNoNode) {
      // As a branch too, so that a `break` or `return` in it ends only it.
      branch(at, out, kNoReg, inside, {});
      continue;
    }
    append(out, label);
    const Reg same = emit(out, at, Op::compare, name("==="), value_of(value), value_of(label));
    branch(at, out, same, inside, {});
  }
  piece(id) = out;
}

void JavascriptLowering::for_in(NodeId id) {
  Piece out;
  const NodeId right = child(id, "right");
  append(out, right);
  Piece inside;
  const Reg element = emit(inside, id, Op::element, kNoName, value_of(right));
  bind(inside, child(id, "left"), element, kDeclares);
  append(inside, child(id, "body"));
  branch(id, out, kNoReg, inside, {});
  piece(id) = out;
}

void JavascriptLowering::loop(NodeId id) {
  Piece out;
  append(out, child(id, "initializer"));
  NodeId condition = child(id, "condition");
  append(out, condition);
  Piece inside;
  append(inside, child(id, "body"));
  append(inside, child(id, "increment"));
  branch(id, out, value_of(condition), inside, {});
  piece(id) = out;
}

void JavascriptLowering::leave(NodeId id) {
  Piece out;
  const NodeId value = first(id);
  if (value != kNoNode && !is_comment(value)) append(out, value);
  const std::string_view what = kind(id);
  const Op op = what == "return_statement"  ? Op::ret
                : what == "throw_statement" ? Op::raise
                                            : Op::leave;
  emit(out, id, op, kNoName, op == Op::leave || value == kNoNode ? kNoReg : value_of(value));
  piece(id) = out;
}

void JavascriptLowering::catch_clause(NodeId id) {
  Piece out;
  Piece inside;
  append(inside, child(id, "body"));
  branch(id, out, kNoReg, inside, {});
  piece(id) = out;
}

void JavascriptLowering::enumeration(NodeId id) {
  Piece out;
  Instr instr;
  instr.op = Op::object;
  const Reg value = emit(out, id, instr);
  store(out, id, name_of(child(id, "name")), value, kDeclares);
  piece(id) = out;
}

void JavascriptLowering::import_statement(NodeId id) {
  const NodeId source = child(id, "source");
  const NodeId clause = tree().child_of_kind(id, "import_clause");
  nothing(id);
  if (source == kNoNode) return;
  const NameId module = name(string_value(source));
  const std::uint32_t line = tree().nodes[id].line;
  if (clause == kNoNode) {
    unit().imports.push_back({kNoName, module, kNoName, line});
    return;
  }
  for (const NodeId at : children(clause)) {
    if (kind(at) == "identifier") {
      unit().imports.push_back({name_of(at), module, name("default"), line});
    } else if (kind(at) == "namespace_import") {
      unit().imports.push_back({name_of(first(at)), module, name("*"), line});
    } else if (kind(at) == "named_imports") {
      for (const NodeId specifier : children(at)) {
        if (kind(specifier) != "import_specifier") continue;
        const NodeId original = child(specifier, "name");
        const NodeId alias = child(specifier, "alias");
        unit().imports.push_back(
            {name_of(alias == kNoNode ? original : alias), module, property_name(original), line});
      }
    }
  }
}

void JavascriptLowering::export_names(NodeId declaration) {
  const NodeId own_name = child(declaration, "name");
  if (own_name != kNoNode) {
    unit().exports.push_back({name_of(own_name), name_of(own_name), kNoName});
    return;
  }
  for (const NodeId at : children(declaration)) {
    const NodeId pattern = kind(at) == "variable_declarator" ? child(at, "name") : kNoNode;
    if (pattern == kNoNode) continue;
    if (kind(pattern) == "identifier") {
      unit().exports.push_back({name_of(pattern), name_of(pattern), kNoName});
      continue;
    }
    for (const NodeId part : children(pattern)) {
      if (kind(part) == "shorthand_property_identifier_pattern") {
        unit().exports.push_back({name_of(part), name_of(part), kNoName});
      }
    }
  }
}

void JavascriptLowering::export_statement(NodeId id) {
  Piece out;
  const NodeId declaration = child(id, "declaration");
  const NodeId value = child(id, "value");
  const NodeId source = child(id, "source");
  const NodeId clause = tree().child_of_kind(id, "export_clause");
  const NameId module = source == kNoNode ? kNoName : name(string_value(source));
  const NameId fallback = name("default");
  if (declaration != kNoNode) {
    append(out, declaration);
    export_names(declaration);
    if (text(id).starts_with("export default")) {
      unit().exports.push_back({fallback, name_of(child(declaration, "name")), kNoName});
    }
  }
  if (value != kNoNode) {
    append(out, value);
    store(out, id, fallback, value_of(value));
    unit().exports.push_back({fallback, fallback, kNoName});
  }
  if (clause != kNoNode) {
    for (const NodeId at : children(clause)) {
      const NodeId alias = child(at, "alias");
      const NameId original = property_name(child(at, "name"));
      unit().exports.push_back(
          {alias == kNoNode ? original : property_name(alias), original, module});
    }
  } else if (module != kNoName) {
    const NodeId space = tree().child_of_kind(id, "namespace_export");
    const NameId as =
        space == kNoNode || first(space) == kNoNode ? name("*") : name_of(first(space));
    unit().exports.push_back({as, name("*"), module});
  }
  piece(id) = out;
}

void lower_javascript(const SyntaxTree& tree, Program& program, Unit& unit, std::uint32_t file) {
  JavascriptLowering(tree, program, unit, file).run();
}

}  // namespace sigil::scan
