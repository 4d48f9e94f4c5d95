// Functions, types, branches and imports of Go.
#include "builder/scan/code/lower_go.h"

namespace sigil::scan {

void GoLowering::parameters(NodeId list, Made& made) {
  if (list == kNoNode) return;
  for (const NodeId at : children(list)) {
    const NameId type = type_of(child(at, "type"));
    bool is_named = false;
    for (const NodeId part : children(at)) {
      if (tree().field(part) != "name") continue;
      made.params.push_back(
          {name_of(part), type, kind(at) == "variadic_parameter_declaration", false});
      is_named = true;
    }
    if (!is_named) made.params.push_back({name("_"), type, false, false});
  }
}

void GoLowering::function(NodeId id) {
  Made made;
  const NodeId own_name = child(id, "name");
  made.name = name_of(own_name);
  made.result_type = type_of(child(id, "result"));
  parameters(child(id, "parameters"), made);
  const NodeId body = child(id, "body");
  const FunctionId function = make_function(id, made, body == kNoNode ? Piece{} : piece(body));
  Piece out;
  const bool is_named = own_name != kNoNode;
  out.reg = function_value(out, id, function, is_named ? kHoisted : std::uint8_t{0});
  if (is_named) {
    store(out, id, made.name, out.reg, kHoisted | kDeclares);
    unit().exports.push_back({made.name, made.name, kNoName});
  }
  piece(id) = out;
}

NameId GoLowering::receiver_type(NodeId list) {
  const std::vector<NodeId> all = list == kNoNode ? std::vector<NodeId>{} : children(list);
  NodeId type = all.empty() ? kNoNode : child(all[0], "type");
  if (type != kNoNode && kind(type) == "pointer_type") type = first(type);
  if (type != kNoNode && kind(type) == "generic_type") type = child(type, "type");
  return name_of(type);
}

ClassId GoLowering::class_named(NodeId at, NameId id) {
  const auto known = classes_.find(id);
  if (known != classes_.end()) return known->second;
  const ClassId cls = make_class(at, id);
  classes_.emplace(id, cls);
  return cls;
}

void GoLowering::method(NodeId id) {
  Made made;
  made.name = name_of(child(id, "name"));
  made.result_type = type_of(child(id, "result"));
  const NodeId receiver = child(id, "receiver");
  parameters(child(id, "parameters"), made);
  const std::vector<NodeId> all = receiver == kNoNode ? std::vector<NodeId>{} : children(receiver);
  const NodeId own = all.empty() ? kNoNode : child(all[0], "name");
  if (own != kNoNode) {
    store(made.prologue, id, name_of(own), load(made.prologue, id, name("this")), kDeclares);
  }
  const NodeId body = child(id, "body");
  const ClassId cls = class_named(id, receiver_type(receiver));
  made.cls = cls;
  const FunctionId function = make_function(id, made, body == kNoNode ? Piece{} : piece(body));
  add_method(cls, made.name, function);
  Piece out;
  function_value(out, id, function, kHoisted);
  piece(id) = out;
}

void GoLowering::type_spec(NodeId id) {
  const NodeId type = child(id, "type");
  nothing(id);
  if (type == kNoNode || kind(type) != "struct_type") return;
  const NameId own_name = name_of(child(id, "name"));
  const ClassId cls = class_named(id, own_name);
  Instr instr;
  instr.op = Op::klass;
  instr.a = cls;
  instr.flags = kHoisted;
  Piece out;
  store(out, id, own_name, emit(out, id, instr), kHoisted | kDeclares);
  unit().exports.push_back({own_name, own_name, kNoName});
  piece(id) = out;
  const NodeId list = tree().child_of_kind(type, "field_declaration_list");
  for (const NodeId at : list == kNoNode ? std::vector<NodeId>{} : children(list)) {
    const NameId field_type = type_of(child(at, "type"));
    for (const NodeId part : children(at)) {
      if (tree().field(part) == "name")
        class_at(cls).field_types.emplace_back(name_of(part), field_type);
    }
  }
}

void GoLowering::if_statement(NodeId id) {
  Piece out;
  const NodeId condition = child(id, "condition");
  const NodeId yes = child(id, "consequence");
  const NodeId no = child(id, "alternative");
  append(out, child(id, "initializer"));
  append(out, condition);
  branch(id, out, value_of(condition), yes == kNoNode ? Piece{} : piece(yes),
         no == kNoNode ? Piece{} : piece(no));
  piece(id) = out;
}

void GoLowering::for_statement(NodeId id) {
  Piece out;
  Piece inside;
  const NodeId range = tree().child_of_kind(id, "range_clause");
  if (range != kNoNode) {
    const NodeId right = child(range, "right");
    append(out, right);
    const NodeId left = child(range, "left");
    for (const NodeId at : left == kNoNode ? std::vector<NodeId>{} : children(left)) {
      bind(inside, at, emit(inside, at, Op::element, kNoName, value_of(right)), kDeclares);
    }
  } else {
    for (const NodeId at : children(id)) {
      if (tree().field(at) != "body") append(out, at);
    }
  }
  append(inside, child(id, "body"));
  branch(id, out, kNoReg, inside, {});
  piece(id) = out;
}

void GoLowering::switch_statement(NodeId id) {
  Piece out;
  const NodeId value = child(id, "value");
  append(out, child(id, "initializer"));
  append(out, value);
  for (const NodeId at : children(id)) {
    const std::string_view what = kind(at);
    if (what != "expression_case" && what != "default_case" && what != "type_case") continue;
    const NodeId label = what == "expression_case" ? child(at, "value") : kNoNode;
    Piece inside;
    for (const NodeId statement : children(at)) {
      if (statement != label && tree().field(statement) != "type") append(inside, statement);
    }
    Reg condition = kNoReg;
    append(out, label);
    if (label != kNoNode && value != kNoNode) {
      condition = emit(out, at, Op::compare, name("=="), value_of(value), value_of(label));
    } else if (label != kNoNode) {
      condition = value_of(label);
    }
    branch(at, out, condition, inside, {});
  }
  piece(id) = out;
}

void GoLowering::leave(NodeId id) {
  Piece out;
  const NodeId value = first(id);
  append(out, value);
  const Op op = kind(id) == "return_statement" ? Op::ret : Op::leave;
  // Of `return value, err` the first result is what callers go on with.
  Reg result = op == Op::leave || value == kNoNode ? kNoReg : value_of(value);
  if (result != kNoReg && kind(value) == "expression_list" && first(value) != kNoNode) {
    result = value_of(first(value));
  }
  emit(out, id, op, kNoName, result);
  piece(id) = out;
}

void GoLowering::import_spec(NodeId id) {
  nothing(id);
  const NodeId path = child(id, "path");
  const NodeId own_name = child(id, "name");
  if (path == kNoNode) return;
  const std::string whole = string_value(path);
  std::string_view last = whole;
  last.remove_prefix(last.rfind('/') == std::string_view::npos ? 0 : last.rfind('/') + 1);
  // ".../v2" and "go-name" are not what the package calls itself.
  if (last.size() > 1 && last[0] == 'v' &&
      last.find_first_not_of("0123456789", 1) == std::string_view::npos) {
    std::string_view rest = std::string_view(whole).substr(0, whole.size() - last.size() - 1);
    last = rest.substr(rest.rfind('/') == std::string_view::npos ? 0 : rest.rfind('/') + 1);
  }
  const NameId local = own_name == kNoNode ? name(last) : name_of(own_name);
  unit().imports.push_back({local, name(whole), name("*"), tree().nodes[id].line});
}

void GoLowering::package(NodeId id) {
  unit().package = name_of(first(id));
  nothing(id);
}

}  // namespace sigil::scan
