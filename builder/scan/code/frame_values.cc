// Literals, members, texts and containers.
#include <algorithm>

#include "builder/scan/code/frame.h"

namespace sigil::scan {
namespace {

constexpr std::size_t kIndexedMax = 48;
constexpr std::size_t kTextMax = 400;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

bool is_token_header(std::string_view low) {
  return is_one_of(low,
                   {"authorization", "cookie", "x-api-key", "proxy-authorization", "x-auth-token",
                    "x-access-token", "x_api_key", "api-key", "x-authorization", "bearer"});
}

bool is_credential_name(std::string_view low) {
  return contains_any(low, {"token", "api-key", "api_key", "apikey", "secret", "password",
                            "credential", "-key", "access_key", "-pat"}) &&
         !contains_any(low, {"csrf", "xsrf", "public", "idempotency"});
}

}  // namespace

std::string_view Frame::literal(Reg reg) const { return literal(value(reg)); }

Value Frame::constant(const Instr& made) {
  Value out;
  out.text = made.name;
  out.is_literal = true;
  out.is_number = made.literal == LiteralKind::number;
  return out;
}

Reg Frame::argument(const Instr& call, int index, std::string_view keyword) const {
  int at = 0;
  for (std::uint32_t i = 0; i < call.arg_count; ++i) {
    const Arg& given = arg(call, i);
    if (given.key != kNoName) {
      if (!keyword.empty() && text(given.key) == keyword) return given.value;
      continue;
    }
    if (at == index) return given.value;
    ++at;
  }
  return kNoReg;
}

Value Frame::argument_value(const Instr& call, int index, std::string_view keyword) const {
  return value(argument(call, index, keyword));
}

std::string Frame::variable_of(Reg reg) const {
  if (reg >= function_.code.size()) return "";
  const Instr& made = function_.code[reg];
  if (made.op == Op::load || made.op == Op::member) return text(made.name);
  return "";
}

Reg Frame::definition(Reg reg) const {
  for (int i = 0; i < 4 && is_op(reg, Op::load); ++i) {
    const auto stored = last_store_.find(function_.code[reg].name);
    if (stored == last_store_.end() || stored->second == kNoReg || stored->second >= reg) break;
    reg = stored->second;
  }
  return reg;
}

bool Frame::has_member(const Value& base, std::string_view member) const {
  if (base.fields == nullptr) return false;
  const NameId id = engine_.project().program().names.find(member);
  return id != kNoName && base.fields->contains(id);
}

Value Frame::member_of(const Value& base, std::string_view member) {
  return member_of(base, name(member), kNoReg);
}

Value Frame::fresh(Source source, NameId field, Reg at, std::string_view note) {
  Value out;
  Label label;
  label.source = source;
  label.field = field;
  label.step = engine_.step(kNoStep, engine_.hop_at(id_, at, note));
  out.labels.push_back(label);
  return out;
}

// What a member of a request, context or environment is.
std::optional<Value> Frame::source_member(const Value& base, NameId member, Reg at) {
  const std::string& path = text(base.path);
  if (path == "process" && text(member) == "env") {
    Value out = fresh(Source::whole_environment, kNoName, at, "process environment");
    out.path = name("process.env");
    return out;
  }
  if (path == "os" && text(member) == "environ") {
    Value out = fresh(Source::whole_environment, kNoName, at, "process environment");
    out.path = name("os.environ");
    return out;
  }
  if (base.has(Source::whole_environment) &&
      (path == "process.env" || path == "os.environ" || path == "Bun.env")) {
    if (is_one_of(text(member),
                  {"get", "items", "copy", "setdefault", "pop", "keys", "values", "update"})) {
      Value out = base;
      out.path = engine_.project().dotted(base.path, member);
      return out;
    }
    if (engine_.is_final()) {
      const Hop place = hop(at, "");
      engine_.collected().environment.push_back({text(member),
                                                 engine_.project().program().units[place.file].path,
                                                 static_cast<int>(place.line)});
    }
    return fresh(Source::environment, member, at, "environment " + text(member));
  }
  return std::nullopt;
}

namespace {

struct MemberLabel {
  bool keep = true;
  Label label;
  bool with_store = false;  // what middleware put there is read too
};

MemberLabel request_member(Label label, NameId member, const std::string& written,
                           const std::string& part) {
  MemberLabel out{true, label, false};
  const std::string low = lowered(written);
  if (part == "headers" || part == "Header" || (part.empty() && is_token_header(low))) {
    if (is_token_header(low)) {
      out.label.source = Source::token;
      out.label.field = member;
    } else if (is_credential_name(low)) {
      out.label.source = Source::credential;
      out.label.field = member;
    } else if (!is_one_of(written,
                          {"get", "Get", "items", "entries", "forEach", "keys", "map", "filter"})) {
      out.label.field = member;
    }
    return out;
  }
  if (is_one_of(part, {"query", "body", "params", "form", "query_params", "searchParams", "args",
                       "cookies"})) {
    out.label.field = member;
    if (is_credential_name(low) && !contains(low, "_id")) out.label.source = Source::credential;
    return out;
  }
  if (is_one_of(written, {"headers", "Header", "rawHeaders"})) {
    out.label.field = member;
    return out;
  }
  if (written == "cookies") {
    out.label.source = Source::token;
    out.label.field = member;
    return out;
  }
  if (written == "auth") {
    out.label.source = Source::token;
    out.label.field = member;
    out.with_store = true;
    return out;
  }
  if (is_one_of(
          written,
          {"query",        "body",     "params",    "form",      "query_params", "path_params",
           "searchParams", "url",      "path",      "json",      "args",         "originalUrl",
           "rawBody",      "data",     "files",     "file",      "nextUrl",      "values",
           "req",          "request",  "raw",       "URL",       "get",          "header",
           "Get",          "formData", "text",      "FormValue", "arguments",    "param",
           "get_json",     "Query",    "PathValue", "Body",      "Form",         "PostForm",
           "rfile",        "stream",   "search",    "pathname",  "valid"})) {
    if (!is_one_of(written, {"req", "request", "raw", "get", "header", "Get", "arguments"}))
      out.label.field = member;
    return out;
  }
  out.with_store = true;
  if (is_one_of(written, {"state", "locals", "context", "user", "session", "Context"})) {
    out.label.field = member;
    return out;
  }
  // The parts named above are the whole request; a member of one of them is data.
  out.keep = label.field != kNoName &&
             !is_one_of(part, {"state", "locals", "context", "user", "session", "Context"});
  if (out.keep && is_one_of(part, {"json", "data", "get_json", "formData"}))
    out.label.field = member;
  return out;
}

MemberLabel context_member(Label label, NameId member, const std::string& written) {
  MemberLabel out{true, label, false};
  if (is_one_of(written, {"request", "requestInfo", "http_request", "req", "raw_request"})) {
    out.label.source = Source::request;
  } else if (is_one_of(written, {"headers", "Header"})) {
    out.label.source = Source::request;
    out.label.field = member;
  } else if (is_one_of(written, {"authInfo", "auth", "access_token", "accessToken", "auth_info"})) {
    out.label.source = Source::token;
    out.label.field = member;
  } else if (is_one_of(written, {"request_context", "requestContext", "session", "extra", "_meta",
                                 "meta", "mcpReq", "http", "fastmcp_context", "state"})) {
    out.with_store = true;
  } else {
    out.keep = false;
    out.with_store = true;
  }
  return out;
}

}  // namespace

// What the value itself is known to hold under the name.
Value Frame::own_member(const Value& base, NameId member) {
  Value out;
  if (base.unit != kNoUnit) out = unit_member(base.unit, member);
  if (base.instance != kNoClass) {
    const Value held = engine_.field_of(base.instance, member);
    merge(out, held);
    if (out.path == kNoName) out.path = held.path;
    const FunctionId method = engine_.project().method(base.instance, member);
    if (method != kNoFunction) out.function = method;
  }
  if (base.cls != kNoClass) {
    const FunctionId method = engine_.project().method(base.cls, member);
    if (method != kNoFunction) out.function = method;
    merge(out, engine_.field_of(base.cls, member));
  }
  if (base.path != kNoName && out.path == kNoName && out.function == kNoFunction) {
    // A CommonJS module taken by default is the module.
    const bool is_module = text(member) == "default" && is_javascript();
    out.path = is_module ? base.path : engine_.project().dotted(base.path, member);
  }
  if (base.unit != kNoUnit && text(member) == "default" && out.function == kNoFunction &&
      out.cls == kNoClass && out.fields == nullptr) {
    out.unit = base.unit;
  }
  out.has_base = base.has_base;
  return out;
}

void Frame::label_member(Value& out, const Value& base, const Label& label, NameId member, Reg at) {
  const std::string& written = text(member);
  MemberLabel made{true, label, false};
  if (label.source == Source::weak || label.source == Source::strong ||
      label.source == Source::whole_environment) {
    return;  // another member of an object that holds one
  }
  if (label.source == Source::parameter) {
    if (label.field == kNoName) {
      made.label.field = member;
    } else if (std::count(text(label.field).begin(), text(label.field).end(), '.') < 2) {
      const NameId deeper = engine_.project().dotted(label.field, member);
      if (deeper != kNoName) made.label.field = deeper;
    }
  } else if (label.source == Source::argument) {
    const bool is_wrapper = is_one_of(
        written, {"params", "arguments", "args", "input", "Params", "Arguments", "request"});
    if (label.field == kNoName && !is_wrapper) {
      made.label.field = member;
      made.label.step = engine_.step(kNoStep, hop(at, "argument " + written));
    }
    // The name of the called tool is one of those that exist.
    const Entry* own = engine_.entry_of(id_);
    const bool is_dispatch = own != nullptr && own->point.name == "(any)" &&
                             is_one_of(written, {"name", "Name", "method", "_meta"});
    if (label.field == kNoName && is_dispatch && base.fields == nullptr) made.keep = false;
    const Entry* entry = label.owner == 0 ? nullptr : &engine_.entries()[label.owner - 1];
    if (entry != nullptr && entry->harmless.contains(member)) made.keep = false;
  } else if (label.source == Source::request) {
    made = request_member(label, member, written, text(label.field));
    if (made.label.source != label.source || made.label.field != label.field) {
      made.label.step = engine_.step(kNoStep, hop(at, "request " + written));
    }
  } else if (label.source == Source::context) {
    made = context_member(label, member, written);
    if (made.label.source != label.source)
      made.label.step = engine_.step(kNoStep, hop(at, "request " + written));
  } else if (label.source == Source::token &&
             is_one_of(text(label.field), {"auth", "authInfo", "auth_info"})) {
    made.keep = is_one_of(written, {"token", "access_token", "accessToken", "rawToken", "raw"});
    if (made.keep) made.label.field = member;
    made.with_store = !made.keep;
  }
  if (made.keep) add_label(out.labels, made.label);
  if (!made.with_store) return;
  for (const Store store : {Store::request_property, Store::session}) {
    if (const Value* held = engine_.stored(store, 0, member)) merge(out, *held);
  }
}

Value Frame::member_of(const Value& base, NameId member, Reg at) {
  if (const auto source = source_member(base, member, at)) return *source;
  const std::string& written = text(member);
  if (base.fields != nullptr) {
    const auto field = base.fields->find(member);
    if (field != base.fields->end()) {
      Value out = field->second;
      if (base.path != kNoName && out.path == kNoName)
        out.path = engine_.project().dotted(base.path, member);
      return out;
    }
  }
  Value out = own_member(base, member);
  if (base.is_closed || written == "length" || written == "prototype") return out;
  const bool is_last_part =
      contains(text(base.path), "pathlib.Path()") && is_one_of(written, {"name", "stem", "suffix"});
  if (is_last_part) {
    out.labels = base.labels;
    kill(out, kPath);
    return out;
  }
  for (const Label& label : base.labels) label_member(out, base, label, member, at);
  return out;
}

Value Frame::unit_member(std::uint32_t unit_id, NameId member) {
  const Program& program = engine_.project().program();
  std::vector<std::pair<std::uint32_t, NameId>> open = {{unit_id, member}};
  for (std::size_t i = 0; i < open.size() && i < 40; ++i) {
    const auto [at, wanted] = open[i];
    const Unit& target = program.units[at];
    if (target.language == Language::go) {
      for (const std::uint32_t sibling : engine_.project().package_of(at)) {
        const Value* found = engine_.ever(program.units[sibling].module, wanted);
        if (found != nullptr) return *found;
      }
      return {};
    }
    for (const Export& made : target.exports) {
      const bool is_all = text(made.name) == "*";
      if (made.name != wanted && !is_all) continue;
      if (made.module == kNoName) {
        if (const Value* found = engine_.ever(target.module, made.local)) return *found;
        if (const ImportTarget* again = engine_.project().import_of(at, made.local)) {
          if (again->unit != kNoUnit) open.emplace_back(again->unit, again->name);
        }
        continue;
      }
      if (const auto next = engine_.project().unit_of(at, text(made.module))) {
        open.emplace_back(*next, is_all ? wanted : made.local);
      } else if (!is_all) {
        Value out;
        out.path = engine_.project().library_path(text(made.module), text(made.local));
        return out;
      }
    }
    if (target.language == Language::python) {
      if (const Value* found = engine_.ever(target.module, wanted)) return *found;
      if (const ImportTarget* again = engine_.project().import_of(at, wanted)) {
        if (again->unit != kNoUnit) open.emplace_back(again->unit, again->name);
        if (again->path != kNoName) {
          Value out;
          out.path = again->path;
          return out;
        }
      }
    }
    // `module.exports = { … }` and `export default { … }`
    if (const Value* fallback = engine_.ever(target.module, name("default"))) {
      if (wanted == name("default")) return *fallback;
      if (fallback->fields != nullptr && fallback->fields->contains(wanted))
        return fallback->fields->at(wanted);
    }
  }
  return {};
}

std::optional<Value> Frame::global_name(NameId variable) {
  if (const ImportTarget* import = engine_.project().import_of(function_.file, variable)) {
    Value out;
    if (import->unit == kNoUnit) {
      out.path = import->path;
      if (text(import->path) == "os.environ") {
        out.path = name("os");
        return source_member(out, name("environ"), kNoReg);
      }
    } else if (text(import->name) == "*") {
      out.unit = import->unit;
    } else {
      out = unit_member(import->unit, import->name);
      if (text(import->name) == "default" && out.function == kNoFunction && out.cls == kNoClass &&
          out.fields == nullptr) {
        out.unit = import->unit;
      }
    }
    return out;
  }
  if (is_go()) {
    for (const std::uint32_t sibling : engine_.project().package_of(function_.file)) {
      const Value* found =
          engine_.ever(engine_.project().program().units[sibling].module, variable);
      if (found != nullptr) return *found;
    }
  }
  if (is_python()) {
    // `from x import *`
    if (const ImportTarget* all = engine_.project().import_of(function_.file, name("*"))) {
      if (all->unit != kNoUnit) {
        Value out = unit_member(all->unit, variable);
        if (out.function != kNoFunction || out.cls != kNoClass || out.path != kNoName) return out;
      }
    }
  }
  return std::nullopt;
}

Value Frame::joined(const Instr& made) {
  Value out;
  std::string prefix;
  bool all_literal = true;
  bool host_open = true;  // the host is not decided yet
  for (std::uint32_t i = 0; i < made.arg_count; ++i) {
    const Value& part = value(arg(made, i).value);
    for (Label label : part.labels) {
      label.host = label.host && host_open;
      add_label(out.labels, label);
    }
    if (i == 0) out.path = part.path;
    if (part.is_literal) {
      const std::string& written = text(part.text);
      if (all_literal && prefix.size() < kTextMax) prefix += written;
      // "https://" alone leaves the host to what follows.
      const bool only_scheme = all_literal && (prefix.ends_with("://") || prefix.empty());
      if (!written.empty() && !only_scheme) host_open = false;
    } else {
      if (all_literal && part.text != kNoName && prefix.size() < kTextMax)
        prefix += text(part.text);
      all_literal = false;
      host_open = false;
    }
  }
  if (!prefix.empty() || all_literal) out.text = name(prefix.substr(0, kTextMax));
  out.is_literal = all_literal && made.arg_count > 0;
  if (out.labels.empty() && out.path != kNoName) out.path = kNoName;
  if (!contains(text(out.path), "pathlib")) out.path = kNoName;
  return out;
}

Value Frame::united(const Instr& made) {
  Value out;
  bool any = false;
  const auto take = [&](Reg reg) {
    if (reg == kNoReg) return;
    if (any) {
      merge(out, value(reg));
    } else {
      out = value(reg);
    }
    any = true;
  };
  take(made.a);
  take(made.b);
  for (std::uint32_t i = 0; i < made.arg_count; ++i) take(arg(made, i).value);
  if (made.op == Op::combine) {
    // Arithmetic: what comes out is a number, predictable or not as what went in.
    std::erase_if(out.labels, [](const Label& label) {
      return label.source != Source::weak && label.source != Source::strong;
    });
    out.is_literal = false;
    out.fields = nullptr;
    out.path = kNoName;
    if ((made.flags & kIsCounter) != 0) {
      Label label;
      label.source = Source::weak;
      label.step = engine_.step(kNoStep, {function_.file, made.line, name("counter")});
      add_label(out.labels, label);
    }
  }
  return out;
}

Value Frame::object(Reg reg, const Instr& made) {
  Value out;
  auto fields = std::make_shared<Fields>();
  out.is_closed = true;
  for (std::uint32_t i = 0; i < made.arg_count; ++i) {
    const Arg& given = arg(made, i);
    const Value& part = value(given.value);
    add_labels(out.labels, part.labels);
    if ((given.flags & kSpread) != 0) {
      out.is_closed =
          out.is_closed && (part.is_closed || (part.labels.empty() && part.fields != nullptr));
      if (part.fields != nullptr) {
        for (const auto& [field, held] : *part.fields) (*fields)[field] = held;
      }
      if (out.instance == kNoClass) out.instance = part.instance;
    } else if (given.key == kNoName) {
      out.is_closed = false;
    } else {
      (*fields)[given.key] = part;
      check_store_rules(*this, reg, text(given.key), part, given.value);
    }
  }
  out.fields = std::move(fields);
  values_[reg] = out;
  check_object_rules(*this, reg, made);
  find_entry_object(*this, reg, made);
  return out;
}

Value Frame::array(const Instr& made) {
  Value out;
  auto fields = std::make_shared<Fields>();
  for (std::uint32_t i = 0; i < made.arg_count; ++i) {
    const Value& part = value(arg(made, i).value);
    for (Label label : part.labels) {
      label.host = label.host && i == 0;
      add_label(out.labels, label);
    }
    if (i < kIndexedMax && (arg(made, i).flags & kSpread) == 0)
      (*fields)[name(std::to_string(i))] = part;
    if (i == 0 && part.text != kNoName) out.text = part.text;
  }
  out.fields = std::move(fields);
  return out;
}

Value Frame::indexed(Reg reg, const Instr& made) {
  const Value& base = value(made.a);
  const std::string_view key = literal(made.b);
  if (!key.empty()) return member_of(base, name(key), reg);
  // process.env[name]: which one is not known.
  if (base.has(Source::whole_environment))
    return fresh(Source::environment, kNoName, reg, "environment variable");
  Value out;
  out.labels = base.labels;
  // A table of things that hold times is no clock.
  std::erase_if(out.labels, [](const Label& label) {
    return label.source == Source::weak || label.source == Source::strong;
  });
  if (base.fields == nullptr) return out;
  bool is_first = true;
  for (const auto& [field, held] : *base.fields) {
    if (is_first) out = held;
    if (!is_first) merge(out, held);
    is_first = false;
  }
  for (const Label& label : base.labels) {
    if (label.source != Source::weak && label.source != Source::strong)
      add_label(out.labels, label);
  }
  out.is_literal = false;
  return out;
}

Value Frame::element(Reg reg, const Instr& made) {
  const Value& base = value(made.a);
  Value out;
  out.labels = base.labels;
  std::erase_if(out.labels, [](const Label& label) {
    return label.source == Source::weak || label.source == Source::strong;
  });
  if (base.has(Source::whole_environment)) {
    out = fresh(Source::environment, kNoName, reg, "environment variable");
  }
  if (base.fields == nullptr) return out;
  Value held = indexed(reg, Instr{.op = Op::index, .a = made.a});
  return held;
}

void Frame::put_in(Reg base, NameId member, const Value& made) {
  if (!is_op(base, Op::load)) {
    // a.b.c = v: the value lands in `a`, so that what is later read of `a` shows it.
    if (is_op(base, Op::member) && is_op(instr(base).a, Op::load) &&
        text(instr(instr(base).a).name) != "this") {
      const Reg outer = instr(base).a;
      const Value inner = with_field(value(base), member, made);
      Value whole = load_name(instr(outer).name);
      for (Label label : made.labels) {
        label.host = false;
        add_label(whole.labels, label);
      }
      assign(instr(outer).name, with_field(whole, instr(base).name, inner));
    }
    return;
  }
  const NameId variable = instr(base).name;
  Value whole = load_name(variable);
  for (Label label : made.labels) {
    label.host = false;
    add_label(whole.labels, label);
  }
  if (member != kNoName) whole = with_field(whole, member, made);
  engine_.remember(id_, variable, whole);
  if (!variables_.contains(variable)) {
    for (FunctionId outer = function_.parent; outer != kNoFunction;
         outer = engine_.project().function(outer).parent) {
      if (engine_.ever(outer, variable) == nullptr) continue;
      Value kept = whole;
      std::erase_if(kept.labels,
                    [](const Label& label) { return label.source == Source::parameter; });
      engine_.remember(outer, variable, kept);
      break;
    }
  }
  assign(variable, std::move(whole));
}

void Frame::set_member(Reg reg, const Instr& made) {
  const Value base = value(made.a);
  const Value& given = value(made.b);
  check_store_rules(*this, reg, text(made.name), given, made.b);
  const ClassId owner = base.instance != kNoClass ? base.instance : base.cls;
  if (owner != kNoClass) {
    engine_.put(Store::field, owner, made.name, given);
    FieldPut put;
    put.cls = owner;
    put.field = made.name;
    put.value = given;
    std::erase_if(put.value.labels,
                  [](const Label& label) { return label.source != Source::parameter; });
    put.value.fields = nullptr;
    if (!put.value.labels.empty() && summary_.puts.size() < 64)
      summary_.puts.push_back(std::move(put));
  }
  if (base.has(Source::request) || base.has(Source::context))
    engine_.put(Store::request_property, 0, made.name, given);
  put_in(made.a, made.name, given);
}

void Frame::set_index(Reg reg, const Instr& made) {
  if (made.arg_count == 0) return;
  const Value given = value(arg(made, 0).value);
  check_store_rules(*this, reg, "[]", value(made.b), made.a);
  const std::string_view key = literal(made.b);
  if (!key.empty()) {
    check_store_rules(*this, reg, key, given, arg(made, 0).value);
    put_in(made.a, name(key), given);
    return;
  }
  const Value base = value(made.a);
  if (is_op(made.a, Op::member) && value(instr(made.a).a).instance != kNoClass) {
    engine_.put(Store::field, value(instr(made.a).a).instance, instr(made.a).name, given);
  }
  put_in(made.a, kNoName, given);
}

Value Frame::function_value(const Instr& made) {
  Value out;
  out.function = made.a;
  for (const NameId variable : engine_.free_names(made.a)) {
    const auto known = variables_.find(variable);
    if (known != variables_.end()) {
      engine_.capture(made.a, variable, known->second);
    } else if (const Value* outer = engine_.captured(id_, variable)) {
      engine_.capture(made.a, variable, *outer);
    }
  }
  return out;
}

}  // namespace sigil::scan
