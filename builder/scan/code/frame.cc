#include "builder/scan/code/frame.h"

#include <algorithm>

namespace sigil::scan {
namespace {

constexpr std::size_t kBranchesMax = 200;  // deeper ones are taken as straight code

}  // namespace

const Value Frame::nothing_;

Frame::Frame(Engine& engine, FunctionId function)
    : engine_(engine),
      id_(function),
      function_(engine.project().function(function)),
      unit_(engine.project().program().units[function_.file]),
      values_(function_.code.size()) {}

Summary Frame::run() {
  begin();
  for (Reg reg = 0; reg < function_.code.size(); ++reg) evaluate(reg, function_.code[reg]);
  finish();
  return std::move(summary_);
}

void Frame::begin() {
  if (function_.cls != kNoClass) {
    Value self;
    self.instance = function_.cls;
    variables_[name("this")] = self;
  }
  for (std::size_t i = 0; i < function_.params.size(); ++i) bind_parameter(i);
}

Value Frame::value_of_type(NameId type) {
  Value out;
  if (type == kNoName) return out;
  std::string_view written = text(type);
  for (const std::string_view wrapper :
       {"Optional[", "Annotated[", "Promise<", "*", "[]", "'", "\"", "Readonly<", "Partial<"}) {
    if (written.starts_with(wrapper)) written.remove_prefix(wrapper.size());
  }
  std::size_t end = 0;
  while (end < written.size() && (isalnum(static_cast<unsigned char>(written[end])) != 0 ||
                                  written[end] == '_' || written[end] == '.'))
    ++end;
  written = written.substr(0, end);
  if (written.empty()) return out;
  const auto dot = written.find('.');
  const ClassId cls = engine_.project().class_named(
      function_.file, written.substr(dot == std::string_view::npos ? 0 : written.rfind('.') + 1));
  if (cls != kNoClass) {
    out.instance = cls;
    return out;
  }
  const ImportTarget* import =
      engine_.project().import_of(function_.file, name(written.substr(0, dot)));
  if (import != nullptr && import->path != kNoName) {
    NameId path = import->path;
    if (dot != std::string_view::npos)
      path = engine_.project().dotted(path, name(written.substr(dot + 1)));
    out.path = engine_.project().called(path);
  }
  return out;
}

void Frame::bind_parameter(std::size_t index) {
  const Param& param = function_.params[index];
  Value made = value_of_type(param.type);
  if (index < kParamsMax) {
    Label label;
    label.source = Source::parameter;
    label.owner = id_;
    label.param = static_cast<std::uint16_t>(index);
    made.labels.push_back(label);
  }
  Role role = Role::none;
  const Entry* entry = engine_.entry_of(id_);
  if (entry != nullptr && index < entry->roles.size()) role = entry->roles[index];
  const auto add = [&](Source source, NameId field, std::string_view note) {
    Label label;
    label.source = source;
    label.owner = static_cast<std::uint32_t>(entry - engine_.entries().data()) + 1;
    label.field = field;
    Hop at{function_.file, function_.line, name(note)};
    label.step = engine_.step(kNoStep, at);
    add_label(made.labels, label);
  };
  switch (role) {
    case Role::none:
    case Role::handler:
      break;
    case Role::argument:
      if (!entry->harmless.contains(param.name))
        add(Source::argument, param.name, "argument " + text(param.name));
      break;
    case Role::arguments:
      add(Source::argument, kNoName, "arguments of the call");
      break;
    case Role::context:
      add(Source::context, kNoName, "context of the call");
      break;
    case Role::request:
      add(Source::request, kNoName, "HTTP request");
      break;
    case Role::request_part:
      if (!entry->harmless.contains(param.name))
        add(Source::request, param.name, "request parameter " + text(param.name));
      break;
  }
  if (role == Role::none && looks_like_request(index)) {
    Label label;
    label.source = Source::request;
    label.step = engine_.step(kNoStep, {function_.file, function_.line, name("HTTP request")});
    add_label(made.labels, label);
  }
  variables_[param.name] = std::move(made);
}

// A handler or helper that was never seen being registered: the types or the usual pair of names
// say it.
bool Frame::looks_like_request(std::size_t index) const {
  const std::string& own = text(function_.params[index].name);
  const std::string& type = text(function_.params[index].type);
  const auto has_neighbour = [&](std::initializer_list<std::string_view> names,
                                 std::string_view type_part) {
    for (const Param& other : function_.params) {
      for (const std::string_view wanted : names) {
        if (text(other.name) == wanted) return true;
      }
      if (!type_part.empty() && contains(text(other.type), type_part)) return true;
    }
    return false;
  };
  if (is_go()) return type == "*http.Request" && has_neighbour({}, "http.ResponseWriter");
  if (is_python()) {
    return type == "Request" || type == "fastapi.Request" || type == "starlette.requests.Request" ||
           (own == "scope" && has_neighbour({"receive"}, "")) ||
           (own == "request" && has_neighbour({"call_next"}, ""));
  }
  if (type == "IncomingMessage" || type == "http.IncomingMessage" || type == "Request" ||
      type == "express.Request" || type == "FastifyRequest" || type == "NextRequest" ||
      type == "ExpressRequest" || type.starts_with("Request<") || type == "AuthenticatedRequest") {
    return true;
  }
  return (own == "req" || own == "request" || own == "_req") &&
         has_neighbour({"res", "response", "reply", "_res"}, "");
}

void Frame::assign(NameId variable, Value made) {
  if (!branches_.empty() && !branches_.back().before.contains(variable)) {
    const auto known = variables_.find(variable);
    std::optional<Value> old;
    if (known != variables_.end()) old = known->second;
    branches_.back().before.emplace(variable, std::move(old));
  }
  variables_[variable] = std::move(made);
}

Value Frame::load_name(NameId variable) {
  const auto own = variables_.find(variable);
  if (own != variables_.end()) return own->second;
  if (const Value* value = engine_.captured(id_, variable)) {
    // A table is filled by others after we were made.
    const bool is_table = value->labels.empty() && value->function == kNoFunction &&
                          (value->fields != nullptr || text(value->path).ends_with("()"));
    if (!is_table) return *value;
    Value whole = *value;
    for (FunctionId outer = function_.parent; outer != kNoFunction;
         outer = engine_.project().function(outer).parent) {
      const Value* later = engine_.ever(outer, variable);
      if (later == nullptr) continue;
      merge(whole, *later);
      whole.is_closed = false;
      break;
    }
    return whole;
  }
  for (FunctionId outer = function_.parent; outer != kNoFunction;
       outer = engine_.project().function(outer).parent) {
    if (const Value* value = engine_.ever(outer, variable)) return *value;
    if (const Value* value = engine_.captured(outer, variable)) return *value;
  }
  if (const auto global = global_name(variable)) return *global;
  Value out;
  out.path = variable;
  return out;
}

void Frame::load(Reg reg, const Instr& made) {
  const std::string& written = text(made.name);
  if (written == "this" || written == "super") {
    const auto own = variables_.find(name("this"));
    if (own != variables_.end()) {
      values_[reg] = own->second;
      return;
    }
  }
  values_[reg] = load_name(made.name);
}

void Frame::store(Reg reg, const Instr& made) {
  Value stored = value(made.a);
  if ((made.flags & kAugmented) != 0) {
    Value both = load_name(made.name);
    const NameId prefix = both.text;
    merge(both, stored);
    both.text = prefix == kNoName ? stored.text : prefix;
    both.is_literal = false;
    stored = std::move(both);
  }
  last_store_[made.name] = made.a;
  check_store_rules(*this, reg, text(made.name), stored, made.a);
  engine_.remember(id_, made.name, stored);
  // `let x; run(() => { x = … })`: the variable belongs to a function around this one.
  if ((made.flags & kDeclares) == 0 && !is_python() && !variables_.contains(made.name)) {
    for (FunctionId outer = function_.parent; outer != kNoFunction;
         outer = engine_.project().function(outer).parent) {
      if (engine_.ever(outer, made.name) == nullptr) continue;
      engine_.remember(outer, made.name, stored);
      break;
    }
  }
  assign(made.name, std::move(stored));
}

void Frame::evaluate(Reg reg, const Instr& made) {
  switch (made.op) {
    case Op::store:
      return store(reg, made);
    case Op::set_member:
      return set_member(reg, made);
    case Op::set_index:
      return set_index(reg, made);
    case Op::compare:
      return check_compare_rules(*this, reg, made);
    case Op::ret:
    case Op::raise:
    case Op::leave:
      return leave(reg, made);
    case Op::branch:
      return open_branch(made);
    case Op::otherwise:
      return turn_branch();
    case Op::join:
      return close_branch();
    case Op::negate:
      return;
    case Op::load:
      return load(reg, made);
    default:
      values_[reg] = computed(reg, made);
  }
  if (made.op == Op::member) check_member_rules(*this, reg, made);
}

Value Frame::computed(Reg reg, const Instr& made) {
  switch (made.op) {
    case Op::constant:
      return constant(made);
    case Op::member:
      return member_of(value(made.a), made.name, reg);
    case Op::index:
      return indexed(reg, made);
    case Op::call:
      return call(reg, made);
    case Op::concat:
      return joined(made);
    case Op::object:
      return object(reg, made);
    case Op::array:
      return array(made);
    case Op::function:
      return function_value(made);
    case Op::element:
      return element(reg, made);
    case Op::klass: {
      Value out;
      out.cls = made.a;
      return out;
    }
    default:
      return united(made);
  }
}

// `way` is a member, or a member of a member: "query.redirect_uri".
Value Frame::with_killed(const Value& base, std::string_view way, std::uint32_t kinds) {
  std::vector<NameId> names;
  for (auto dot = way.find('.'); dot != std::string_view::npos; dot = way.find('.')) {
    names.push_back(name(way.substr(0, dot)));
    way.remove_prefix(dot + 1);
  }
  names.push_back(name(way));
  std::vector<Value> values = {base};
  for (const NameId each : names) values.push_back(member_of(values.back(), each, kNoReg));
  kill(values.back(), kinds);
  for (std::size_t i = names.size(); i > 0; --i) {
    values[i - 1] = with_field(values[i - 1], names[i - 1], values[i]);
  }
  return values.front();
}

void Frame::apply(const Fact& fact) {
  if (fact.variable == kNoName || fact.kinds == 0) return;
  Value made = load_name(fact.variable);
  if (fact.field == kNoName) {
    kill(made, fact.kinds);
  } else {
    made = with_killed(made, text(fact.field), fact.kinds);
  }
  assign(fact.variable, std::move(made));
}

std::vector<Fact> Frame::facts(Reg condition) {
  return condition == kNoReg ? std::vector<Fact>{} : read_guards(*this, condition);
}

void Frame::open_branch(const Instr& made) {
  Branch branch;
  branch.condition = made.a;
  branch.was_left = left_;
  if (branches_.size() < kBranchesMax) left_ = false;
  branches_.push_back(std::move(branch));
  if (branches_.size() > kBranchesMax) return;
  for (const Fact& fact : facts(made.a)) {
    if (fact.when) apply(fact);
  }
}

void Frame::turn_branch() {
  if (branches_.empty() || branches_.size() > kBranchesMax) return;
  Branch& branch = branches_.back();
  branch.then_left = left_ && branch.condition != kNoReg;
  left_ = false;
  branch.in_else = true;
  for (auto& [variable, old] : branch.before) {
    const auto known = variables_.find(variable);
    if (known != variables_.end()) branch.then_values.emplace(variable, std::move(known->second));
    if (old.has_value()) {
      variables_[variable] = std::move(*old);
    } else {
      variables_.erase(variable);
    }
  }
  branch.before.clear();
  const Reg condition = branch.condition;
  for (const Fact& fact : facts(condition)) {
    if (!fact.when) apply(fact);
  }
}

bool Frame::is_configuration(Reg condition) const {
  std::vector<Reg> open = {condition};
  for (std::size_t i = 0; i < open.size() && i < 24; ++i) {
    if (open[i] == kNoReg || open[i] >= function_.code.size()) continue;
    for (const Label& label : value(open[i]).labels) {
      if (label.source != Source::environment) return false;
    }
    const Instr& made = instr(open[i]);
    if (made.op == Op::call || made.op == Op::index) return false;
    if (made.op == Op::load && value(open[i]).labels.empty() && made.name != kNoName &&
        last_store_.contains(made.name))
      return false;
    for (const Reg next :
         {made.op == Op::load || made.op == Op::constant ? kNoReg : made.a, made.b})
      open.push_back(next);
  }
  return true;
}

// A loop is taken to run, and a switch of the configuration to be on: what a check inside rules out
// counts. Where the condition is the caller's, both ways are open.
void Frame::join_values(Branch& branch, bool else_left) {
  const bool is_ours = branch.condition == kNoReg || is_configuration(branch.condition);
  const auto joined_value = [&](const Value& one, const Value& other) {
    Value out = one;
    merge(out, other);
    if (is_ours) {
      keep_kills(out, one);
      keep_kills(out, other);
    }
    return out;
  };
  for (auto& [variable, then_value] : branch.then_values) {
    const auto known = variables_.find(variable);
    if (!else_left && known != variables_.end()) {
      assign(variable, joined_value(known->second, then_value));
    } else {
      assign(variable, std::move(then_value));
    }
  }
  for (const auto& [variable, old] : branch.before) {
    if (branch.then_values.contains(variable) || !old.has_value()) continue;
    // What only the else side tested holds on one way only.
    assign(variable, else_left ? *old : joined_value(variables_[variable], *old));
  }
}

void Frame::close_branch() {
  if (branches_.empty()) return;
  if (branches_.size() > kBranchesMax) {
    branches_.pop_back();
    return;
  }
  Branch branch = std::move(branches_.back());
  branches_.pop_back();
  const bool else_left = left_ && branch.condition != kNoReg;
  // The enclosing branch must be able to undo what either side did.
  if (!branches_.empty()) {
    for (const auto& change : branch.before) branches_.back().before.insert(change);
  }
  if (!branch.then_left) join_values(branch, else_left);
  left_ = branch.was_left || (branch.then_left && else_left);
}

void Frame::leave(Reg reg, const Instr& made) {
  left_ = true;
  if (made.op == Op::ret) note_return(reg, made);
}

// What a returned value says of the parameters: in `if (bad(p)) return false; return true` a true
// result means that the test was passed.
void Frame::note_return(Reg reg, const Instr& made) {
  const Value& returned = value(made.a);
  if (any_return_) {
    merge(summary_.result, returned);
  } else {
    summary_.result = returned;
  }
  any_return_ = true;
  check_return_rules(*this, reg, returned);
  std::string_view verdict = literal(made.a);
  if (made.a == kNoReg) verdict = "undefined";
  if (is_op(made.a, Op::object) || is_op(made.a, Op::array)) {
    for (const std::string_view key :
         {"valid", "isValid", "ok", "allowed", "safe", "success", "0", "error"}) {
      if (!has_member(returned, key)) continue;
      const std::string_view inner = literal(member_of(returned, key));
      if (!inner.empty()) verdict = inner;
      break;
    }
  }
  const bool is_go_nil = verdict == "nil";
  const bool says_no = verdict == "false" || verdict == "False" || verdict == "null" ||
                       verdict == "None" || verdict == "undefined" || is_go_nil ||
                       (made.a != kNoReg && is_op(made.a, Op::constant) && verdict.empty());
  const bool says_yes = !says_no && (!verdict.empty() || is_op(made.a, Op::object));
  const std::vector<Fact> tested = says_no || says_yes ? std::vector<Fact>{} : facts(made.a);
  for (std::size_t i = 0; i < function_.params.size() && i < kParamsMax; ++i) {
    std::uint32_t known = 0;
    const auto now = variables_.find(function_.params[i].name);
    if (now != variables_.end()) {
      for (const Label& label : now->second.labels) {
        if (label.source == Source::parameter && label.owner == id_ && label.param == i)
          known = label.killed;
      }
    }
    std::uint32_t yes = known;
    std::uint32_t no = known;
    for (const Fact& fact : tested) {
      if (fact.variable == function_.params[i].name) (fact.when ? yes : no) |= fact.kinds;
    }
    if (!says_no) truthy_[i] = any_truthy_ ? truthy_[i] & yes : yes;
    if (!says_yes) falsy_[i] = any_falsy_ ? falsy_[i] & no : no;
    summary_.kills[i] = any_exit_ ? summary_.kills[i] & known : known;
  }
  any_exit_ = true;
  if (!says_no) any_truthy_ = true;
  if (!says_yes) any_falsy_ = true;
}

void Frame::finish() {
  for (std::size_t i = 0; i < function_.params.size() && i < kParamsMax && !left_; ++i) {
    const auto now = variables_.find(function_.params[i].name);
    std::uint32_t known = 0;
    if (now != variables_.end()) {
      for (const Label& label : now->second.labels) {
        if (label.source == Source::parameter && label.owner == id_ && label.param == i)
          known = label.killed;
      }
    }
    falsy_[i] = any_falsy_ ? falsy_[i] & known : known;
    summary_.kills[i] = any_exit_ ? summary_.kills[i] & known : known;
  }
  summary_.truthy_kills = truthy_;
  summary_.falsy_kills = falsy_;
  summary_.result.is_literal = false;
  if (function_.is_module) {
    for (const Export& made : unit_.exports) {
      const auto known = variables_.find(made.local);
      if (known != variables_.end()) engine_.remember(id_, made.local, known->second);
    }
  }
}

}  // namespace sigil::scan
