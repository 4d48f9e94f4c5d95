// Calls: whom they reach, what that means for arguments and result.
#include <algorithm>

#include "builder/scan/code/frame.h"

namespace sigil::scan {
namespace {

constexpr std::size_t kTargetsMax = 40;
constexpr std::size_t kGuessesMax = 3;
constexpr std::uint8_t kHopsMax = 10;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

bool keeps_predictability(std::string_view method) {
  return keeps_text(method) || is_one_of(method, {"createHash",  "update",
                                                  "digest",      "md5",
                                                  "sha1",        "sha256",
                                                  "hexdigest",   "UnixNano",
                                                  "Unix",        "timestamp",
                                                  "isoformat",   "getTime",
                                                  "now",         "Format",
                                                  "Number",      "floor",
                                                  "round",       "int",
                                                  "Math.floor",  "Sprint",
                                                  "toISOString", "toFixed",
                                                  "UnixMilli",   "strftime",
                                                  "next",        "hex",
                                                  "Itoa",        "FormatInt",
                                                  "hash",        "abs",
                                                  "sha512",      "new",
                                                  "Sum256",      "EncodeToString",
                                                  "bytes",       "hashlib",
                                                  "chr",         "charAt",
                                                  "Date",        "uuid5",
                                                  "createHmac",  "ceil",
                                                  "value",       "Int",
                                                  "Intn"});
}

bool is_secret(Source source) {
  return source == Source::environment || source == Source::token || source == Source::credential ||
         source == Source::whole_environment || source == Source::secret_file;
}

}  // namespace

Sink Frame::sink_at(SinkKind kind, Reg at, NameId callee, std::uint32_t kill_kinds,
                    bool host_only) const {
  Sink sink;
  sink.kind = kind;
  sink.function = id_;
  sink.at = at;
  sink.callee = callee;
  sink.kill = kill_kinds;
  sink.host_only = host_only;
  return sink;
}

void Frame::sink_labels(const Sink& sink, const std::vector<Label>& labels) {
  for (const Label& label : labels) arrive(sink, label);
}

Call Frame::describe(Reg reg, const Instr& made) {
  Call out;
  out.at = reg;
  out.instr = &made;
  out.callee = &value(made.a);
  out.is_new = (made.flags & kIsNew) != 0;
  out.path = out.callee->path;
  if (is_op(made.a, Op::member)) {
    out.method = instr(made.a).name;
    out.receiver_reg = instr(made.a).a;
    out.receiver = &value(out.receiver_reg);
  } else if (is_op(made.a, Op::load)) {
    out.method = instr(made.a).name;
  }
  out.path_text = text(out.path);
  out.method_text = text(out.method);
  find_targets(out);
  out.is_external = out.targets.empty() && !out.path_text.empty();
  return out;
}

void Frame::add_value_targets(Call& call, const Value& from, Reg) {
  const auto add = [&](FunctionId target) {
    if (target == kNoFunction || call.targets.size() >= kTargetsMax) return;
    if (std::find(call.targets.begin(), call.targets.end(), target) == call.targets.end())
      call.targets.push_back(target);
  };
  add(from.function);
  for (const Label& label : from.labels) {
    if (label.source != Source::parameter) continue;
    for (const FunctionId target :
         engine_.parameter_functions(label.owner, label.param, label.field))
      add(target);
  }
}

void Frame::find_targets(Call& call) {
  add_value_targets(call, *call.callee, call.instr->a);
  if (call.callee->cls != kNoClass) {
    const FunctionId constructor =
        engine_.project().method(call.callee->cls, name(is_python() ? "__init__" : "constructor"));
    if (constructor != kNoFunction) call.targets.push_back(constructor);
    return;
  }
  const Instr& made = *call.instr;
  // handlers[name](args): any of them.
  if (call.targets.empty() || is_op(made.a, Op::index)) {
    const Reg callee = definition(made.a);
    if (is_op(callee, Op::index)) {
      const Value& table = value(instr(callee).a);
      if (table.fields != nullptr) {
        for (const auto& field : *table.fields) add_value_targets(call, field.second, kNoReg);
      }
    }
  }
  // table.get(name)(args), and a method of an unknown object with a name of ours.
  if (!call.targets.empty() || call.receiver == nullptr || is_generic_method(call.method_text))
    return;
  const bool is_library =
      call.receiver->path != kNoName && call.receiver->instance == kNoClass &&
      engine_.project().import_of(
          function_.file, name(text(call.receiver->path)
                                   .substr(0, text(call.receiver->path).find_first_of(".(")))) !=
          nullptr;
  if (is_library) return;
  std::vector<FunctionId> guesses;
  for (const FunctionId target : engine_.project().functions_named(call.method)) {
    const Function& made_function = engine_.project().function(target);
    const bool is_other_language =
        (engine_.project().program().units[made_function.file].language == Language::python) !=
        is_python();
    if (!is_other_language) guesses.push_back(target);
  }
  if (guesses.empty() || guesses.size() > kGuessesMax) return;
  call.targets = std::move(guesses);
  call.is_guess = true;
}

std::vector<Value> Frame::map_arguments(const Call& call, FunctionId target) {
  const Function& callee = engine_.project().function(target);
  std::vector<Value> out(std::min(callee.params.size(), kParamsMax));
  std::size_t at = 0;
  const auto give = [&](std::size_t index, const Value& given) {
    if (index < out.size()) merge(out[index], given);
  };
  for (std::uint32_t i = 0; i < call.instr->arg_count; ++i) {
    const Arg& given = arg(*call.instr, i);
    const Value& held = value(given.value);
    if ((given.flags & kSpread) != 0) {
      // **kwargs by name where it is known, else everything everywhere.
      for (std::size_t p = at; p < out.size(); ++p) {
        const NameId wanted = callee.params[p].name;
        give(p, is_python() ? member_of(held, wanted, kNoReg)
                            : indexed(kNoReg, Instr{.op = Op::index, .a = given.value}));
      }
      continue;
    }
    if (given.key != kNoName) {
      bool found = false;
      for (std::size_t p = 0; p < out.size(); ++p) {
        if (callee.params[p].name != given.key) continue;
        out[p] = held;
        found = true;
      }
      for (std::size_t p = 0; p < out.size() && !found; ++p) {
        if (callee.params[p].is_keyword_rest) out[p] = with_field(out[p], given.key, held);
        if (callee.params[p].is_keyword_rest) add_labels(out[p].labels, held.labels);
      }
      continue;
    }
    std::size_t index = at;
    for (std::size_t p = 0; p < out.size() && p <= at; ++p) {
      if (callee.params[p].is_rest) index = p;
    }
    if (index < out.size() && callee.params[index].is_rest) {
      const NameId position = name(std::to_string(at - index));
      add_labels(out[index].labels, held.labels);
      out[index] = with_field(out[index], position, held);
    } else if (index < out.size()) {
      out[index] = held;
    }
    ++at;
  }
  return out;
}

Value Frame::substituted(const Value& from, FunctionId target, const std::vector<Value>& arguments,
                         const Call& call, int depth) {
  Value out = from;
  out.labels.clear();
  for (const Label& label : from.labels) {
    if (label.source != Source::parameter || label.owner != target) {
      Label kept = label;
      if (kept.hops < kHopsMax) ++kept.hops;
      add_label(out.labels, kept);
      continue;
    }
    if (label.param >= arguments.size()) continue;
    Value given = arguments[label.param];
    std::string_view way = text(label.field);
    while (!way.empty()) {
      const auto dot = way.find('.');
      given = member_of(given, name(way.substr(0, dot)), call.at);
      way = dot == std::string_view::npos ? "" : way.substr(dot + 1);
    }
    for (Label passed : given.labels) {
      passed.killed |= label.killed;
      if ((label.killed & kPath) != 0 && (label.killed & kPathWeak) == 0)
        passed.killed &= ~static_cast<std::uint32_t>(kPathWeak);
      passed.host = passed.host && label.host;
      if (passed.hops < kHopsMax) ++passed.hops;
      add_label(out.labels, passed);
    }
    // A function that hands on what it was given hands on what that is, too.
    if (label.host && out.path == kNoName) out.path = given.path;
    if (label.host && out.function == kNoFunction) out.function = given.function;
    if (label.host && out.instance == kNoClass) out.instance = given.instance;
    if (label.host && out.text == kNoName) out.text = given.text;
    if (label.host && from.labels.size() == 1 && out.fields == nullptr) out.fields = given.fields;
  }
  if (from.fields != nullptr && depth < 3) {
    auto fields = std::make_shared<Fields>();
    for (const auto& [field, held] : *from.fields) {
      (*fields)[field] = substituted(held, target, arguments, call, depth + 1);
    }
    out.fields = std::move(fields);
  }
  return out;
}

void Frame::arrive_uses(const Call& call, FunctionId target, const std::vector<Value>& arguments) {
  std::vector<FunctionId> open = {target};
  for (std::size_t i = 0; i < open.size() && i < 64; ++i) {
    const Summary& made = engine_.summary(open[i]);
    for (const FunctionId inner : engine_.project().nested_in(open[i])) open.push_back(inner);
    if (open[i] == id_) continue;
    for (const SinkUse& use : made.uses) {
      if (use.owner != target || use.param >= arguments.size()) continue;
      Value given = arguments[use.param];
      std::string_view way_text = text(use.field);
      while (!way_text.empty()) {
        const auto dot = way_text.find('.');
        given = member_of(given, name(way_text.substr(0, dot)), call.at);
        way_text = dot == std::string_view::npos ? "" : way_text.substr(dot + 1);
      }
      if (given.labels.empty()) continue;
      std::vector<Hop> way = {
          engine_.hop_at(id_, call.at, "calls " + text(engine_.project().function(target).name))};
      way.insert(way.end(), use.way.begin(), use.way.end());
      for (Label label : given.labels) {
        label.hops = static_cast<std::uint8_t>(
            std::min<int>(kHopsMax, label.hops + use.hops + (call.is_guess ? 2 : 1)));
        if (text(use.sink.detail) == "weak" && (label.killed & kPath) == 0)
          label.killed |= kPath | kPathWeak;
        engine_.arrive(summary_, use.sink, label, way);
      }
    }
  }
}

// assertPublicUrl(u), ensureInside(p): a function that is named for the check and throws is
// believed for places where its text shows no check that we can read.
std::uint32_t Frame::believed_kinds(FunctionId target) const {
  const Function& callee = engine_.project().function(target);
  const std::string low = lowered(text(callee.name));
  if (!contains_any(low, {"validate", "assert", "ensure", "check", "guard", "verify", "sanitize",
                          "safe", "resolve", "require", "reject", "block"}))
    return 0;
  std::vector<FunctionId> open = {target};
  bool throws = false;
  for (std::size_t i = 0; i < open.size() && i < 16; ++i) {
    const Function& made = engine_.project().function(open[i]);
    throws = throws || std::any_of(made.code.begin(), made.code.end(),
                                   [](const Instr& instr) { return instr.op == Op::raise; });
    for (const FunctionId inner : engine_.project().nested_in(open[i])) open.push_back(inner);
  }
  if (!throws) return 0;
  std::uint32_t kinds = 0;
  if (contains_any(low, {"url", "host", "ssrf", "uri", "address", "public", "egress", "domain"}))
    kinds |= kUrl;
  if (contains_any(low, {"safe", "inside", "within", "contain", "allowed", "travers", "sandbox",
                         "workspace", "outputdir", "root"}) &&
      contains_any(low, {"path", "dir", "file", "inside", "within", "contain", "root"}))
    kinds |= kPath;
  return kinds;
}

// validatePath(p): what the callee rules out whenever it returns holds for the variable behind the
// argument.
void Frame::kill_arguments(const Call& call, FunctionId target) {
  const Summary& made = engine_.summary(target);
  const std::uint32_t believed = believed_kinds(target);
  int position = 0;
  for (std::uint32_t i = 0; i < call.instr->arg_count; ++i) {
    const Arg& given = arg(*call.instr, i);
    if (given.key != kNoName || (given.flags & kSpread) != 0) continue;
    const auto index = static_cast<std::size_t>(position++);
    if (index >= kParamsMax) continue;
    Fact fact;
    fact.kinds =
        made.kills[index] | ((made.kills[index] & kPath) != 0 ? believed & kUrl : believed);
    if (fact.kinds == 0) continue;
    if (is_op(given.value, Op::load)) {
      fact.variable = instr(given.value).name;
    } else if (is_op(given.value, Op::member) && is_op(instr(given.value).a, Op::load)) {
      fact.variable = instr(instr(given.value).a).name;
      fact.field = instr(given.value).name;
    }
    apply(fact);
  }
}

Value Frame::apply_summary(const Call& call, FunctionId target,
                           const std::vector<Value>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto index = static_cast<std::uint16_t>(i);
    if (arguments[i].function != kNoFunction) {
      engine_.add_parameter_function(target, index, kNoName, arguments[i].function);
    }
    for (const Label& label : arguments[i].labels) {
      if (label.source != Source::parameter) continue;
      for (const FunctionId held :
           engine_.parameter_functions(label.owner, label.param, label.field)) {
        engine_.add_parameter_function(target, index, kNoName, held);
      }
    }
    if (arguments[i].fields == nullptr) continue;
    for (const auto& [field, held] : *arguments[i].fields) {
      if (held.function != kNoFunction)
        engine_.add_parameter_function(target, index, field, held.function);
    }
  }
  arrive_uses(call, target, arguments);
  const Summary& made = engine_.summary(target);
  for (const FieldPut& put : made.puts) {
    const Value given = substituted(put.value, target, arguments, call);
    engine_.put(Store::field, put.cls, put.field, given);
    if (target == id_) continue;
    FieldPut again = put;
    again.value = given;
    std::erase_if(again.value.labels,
                  [](const Label& label) { return label.source != Source::parameter; });
    again.value.fields = nullptr;
    if (!again.value.labels.empty() && summary_.puts.size() < 64)
      summary_.puts.push_back(std::move(again));
  }
  return substituted(made.result, target, arguments, call);
}

Value Frame::apply_targets(const Call& call) {
  Value out;
  bool any = false;
  for (const FunctionId target : call.targets) {
    Value result = apply_summary(call, target, map_arguments(call, target));
    const std::uint32_t believed = call.targets.size() == 1 ? believed_kinds(target) : 0;
    for (Label& label : result.labels)
      label.killed |= (label.killed & kPath) != 0 ? believed & kUrl : believed;
    if (any) {
      merge(out, result);
    } else {
      out = result;
    }
    any = true;
    if (call.targets.size() == 1) kill_arguments(call, target);
  }
  return out;
}

// new C(…), C(…), &C{…}: an object; its fields are in the store, those of a literal also in the
// value.
Value Frame::constructed(const Call& call) {
  const ClassId cls = call.callee->cls;
  Value out;
  for (const FunctionId target : call.targets)
    apply_summary(call, target, map_arguments(call, target));
  out.instance = cls;
  const Instr& made = *call.instr;
  auto fields = std::make_shared<Fields>();
  if (is_go() && made.arg_count == 1 && value(arg(made, 0).value).fields != nullptr) {
    *fields = *value(arg(made, 0).value).fields;
    add_labels(out.labels, value(arg(made, 0).value).labels);
  } else if (is_python() && call.targets.empty()) {
    for (std::uint32_t i = 0; i < made.arg_count; ++i) {
      const Arg& given = arg(made, i);
      add_labels(out.labels, value(given.value).labels);
      if (given.key != kNoName) (*fields)[given.key] = value(given.value);
    }
  }
  for (const auto& [field, held] : *fields) engine_.put(Store::field, cls, field, held);
  if (!fields->empty()) out.fields = std::move(fields);
  return out;
}

// items.map(f), promise.then(f): the function is called with what the receiver holds; and a
// reference to a function of ours followed by its arguments (to_thread(f, x), partial(f, x)) is a
// call of it.
void Frame::run_callbacks(const Call& call) {
  const bool iterates =
      is_one_of(call.method_text,
                {"map", "forEach", "filter", "flatMap", "some", "every", "find", "then", "reduce",
                 "sort", "findIndex", "mapAsync", "mapLimit", "map_async", "finally", "replace"});
  const Instr& made = *call.instr;
  for (std::uint32_t i = 0; i < made.arg_count; ++i) {
    const Value& given = value(arg(made, i).value);
    if (given.function == kNoFunction) continue;
    const Function& callback = engine_.project().function(given.function);
    std::vector<Value> arguments(std::min(callback.params.size(), kParamsMax));
    if (arguments.empty()) continue;
    if (iterates && call.receiver != nullptr) {
      Value item;
      item.labels = call.receiver->labels;
      if (call.receiver->fields != nullptr && !call.receiver->fields->empty())
        item = indexed(kNoReg, Instr{.op = Op::index, .a = call.receiver_reg});
      item.function = kNoFunction;
      arguments[callback.params.size() > 1 && call.method_text == "reduce" ? 1 : 0] = item;
    } else if (call.targets.empty() && is_op(arg(made, i).value, Op::function)) {
      continue;  // when and with what it is called is not known
    } else {
      for (std::size_t p = 0; p < arguments.size() && i + 1 + p < made.arg_count; ++p) {
        arguments[p] = value(arg(made, static_cast<std::uint32_t>(i + 1 + p)).value);
      }
    }
    const Value result = apply_summary(call, given.function, arguments);
    if (iterates || !is_op(arg(made, i).value, Op::function)) {
      Value kept = result;
      kept.function = kNoFunction;
      merge(values_[call.at], kept);
    }
  }
}

void Frame::mutate_receiver(const Call& call) {
  if (call.receiver == nullptr || call.instr->arg_count == 0) return;
  if (!is_one_of(call.method_text, {"push", "append", "set", "add", "unshift", "extend", "update",
                                    "insert", "put", "Set", "Add", "concat", "setdefault",
                                    "WriteString", "Store", "setHeader", "set_header"})) {
    return;
  }
  const bool has_key = call.instr->arg_count >= 2 &&
                       !is_one_of(call.method_text, {"push", "unshift", "insert", "append"});
  Value given = argument_value(*call.instr, has_key || call.method_text == "insert" ? 1 : 0);
  if (call.method_text == "append" && call.instr->arg_count >= 2)
    given = argument_value(*call.instr, 1);
  if (!has_key && call.method_text != "push" && given.fields != nullptr &&
      call.method_text == "update") {
    for (const auto& [field, held] : *given.fields) put_in(call.receiver_reg, field, held);
  }
  const std::string_view key = has_key ? literal(argument(*call.instr, 0)) : std::string_view();
  given.function = has_key ? given.function : kNoFunction;
  put_in(call.receiver_reg, key.empty() ? kNoName : name(key), given);
  if (is_op(call.receiver_reg, Op::member) &&
      value(instr(call.receiver_reg).a).instance != kNoClass) {
    Value held = given;
    held.path = kNoName;
    engine_.put(Store::field, value(instr(call.receiver_reg).a).instance,
                instr(call.receiver_reg).name, held);
  }
}

// require('x'), await import('x'), and what compilers wrap around them.
std::optional<Value> Frame::module_call(const Call& call) {
  if (!is_javascript() || call.instr->arg_count == 0) return std::nullopt;
  const Reg first = argument(*call.instr, 0);
  if (is_one_of(call.method_text, {"__importDefault", "__importStar", "_interopRequireDefault",
                                   "_interopRequireWildcard", "__toESM", "_interopDefault"})) {
    return value(first);
  }
  if (call.path_text != "require" && call.path_text != "import") return std::nullopt;
  const std::string_view module = literal(first);
  if (module.empty()) return std::nullopt;
  Value out;
  if (const auto own = engine_.project().unit_of(function_.file, module)) {
    out.unit = *own;
  } else {
    out.path = engine_.project().library_path(module, "*");
  }
  return out;
}

// Calls whose result is one of their arguments, as it is.
std::optional<Value> Frame::pass_through(const Call& call) {
  if (is_one_of(call.path_text, {"util.promisify",
                                 "promisify",
                                 "functools.partial",
                                 "functools.wraps",
                                 "Object.freeze",
                                 "Promise.resolve",
                                 "asyncio.wait_for",
                                 "asyncio.create_task",
                                 "asyncio.ensure_future",
                                 "structuredClone",
                                 "cast",
                                 "typing.cast",
                                 "asyncio.shield",
                                 "sqlalchemy.text",
                                 "sqlalchemy.sql.text",
                                 "Array.from",
                                 "list",
                                 "tuple",
                                 "str",
                                 "String",
                                 "os.fspath",
                                 "shlex.split",
                                 "iter",
                                 "sorted",
                                 "reversed",
                                 "Object.entries",
                                 "Object.values",
                                 "Promise.all"}) ||
      is_one_of(call.method_text,
                {"bind", "asyncHandler", "trim", "strip", "toString", "useCallback", "memoize",
                 "clone", "TrimSpace", "promisify", "asText"})) {
    const bool is_method =
        call.receiver != nullptr &&
        is_one_of(call.method_text, {"bind", "trim", "strip", "toString", "clone"});
    if (is_method) return *call.receiver;
    const int index = call.path_text == "typing.cast" || call.path_text == "cast" ? 1 : 0;
    Value out = argument_value(*call.instr, index);
    if (call.path_text == "shlex.split") out.is_literal = false;
    return out;
  }
  if (call.path_text == "Object.assign" || call.path_text == "dict") {
    Value out;
    for (std::uint32_t i = 0; i < call.instr->arg_count; ++i) {
      const Arg& given = arg(*call.instr, i);
      merge(out, value(given.value));
      if (given.key != kNoName) out = with_field(out, given.key, value(given.value));
    }
    out.is_closed = false;
    return out;
  }
  return std::nullopt;
}

// axios.create({ baseURL }), httpx.Client(base_url=…)
bool Frame::is_given_base(const Call& call) const {
  if (!http_call(call.path_text).makes_client) return false;
  const Instr& made = *call.instr;
  for (std::uint32_t i = 0; i < made.arg_count; ++i) {
    const Arg& given = arg(made, i);
    for (const std::string_view key : {"baseURL", "base_url", "prefixUrl", "baseUrl"}) {
      if (has_member(value(given.value), key)) return true;
      if (given.key != kNoName && text(given.key) == key) return true;
    }
  }
  return false;
}

Value Frame::unknown_call(const Call& call) {
  Value out;
  const Instr& made = *call.instr;
  const bool is_text = keeps_text(call.method_text) || call.path_text.starts_with("fmt.Sprint") ||
                       call.path_text == "`";
  const bool is_awaited_library = call.is_external && (made.flags & kIsAwait) != 0 && !is_text;
  const auto take = [&](const Value& given, bool is_first) {
    for (Label label : given.labels) {
      if (is_secret(label.source) && !is_text) continue;
      if ((label.source == Source::weak || label.source == Source::strong) &&
          !keeps_predictability(call.method_text))
        continue;
      if (label.source == Source::context && !is_text) continue;
      const bool is_whole_request = label.source == Source::request && label.field == kNoName;
      if (is_whole_request && !is_text) continue;
      if (is_awaited_library && label.source != Source::response) continue;
      if (label.source == Source::whole_environment &&
          is_one_of(call.method_text,
                    {"get", "Get", "pop", "find", "at", "shift", "split", "trim"})) {
        label.source = Source::environment;
        label.field = name(literal(argument(made, 0)));
      }
      label.host = label.host && is_first;
      if (label.source == Source::environment &&
          is_one_of(call.method_text, {"slice", "substring", "substr"}))
        label.killed |= kSecret;
      add_label(out.labels, label);
    }
  };
  bool is_first = true;
  if (call.receiver != nullptr) {
    take(*call.receiver, true);
    is_first = call.receiver->labels.empty();
    if (is_text && call.receiver->text != kNoName &&
        !is_one_of(call.method_text, {"split", "join", "get"}))
      out.text = call.receiver->text;
  }
  for (std::uint32_t i = 0; i < made.arg_count; ++i) {
    const Value& given = value(arg(made, i).value);
    take(given, is_first);
    if (is_first && out.text == kNoName && !is_one_of(call.method_text, {"join", "get"}))
      out.text = given.text;
    is_first = false;
  }
  if (call.path != kNoName) out.path = engine_.project().called(call.path);
  if (call.receiver != nullptr && call.receiver->has_base) out.has_base = true;
  if (call.receiver != nullptr && contains(call.path_text, ".object()") && out.fields == nullptr)
    out.fields = call.receiver->fields;
  const bool is_schema =
      is_one_of(call.method_text, {"object", "strictObject", "looseObject"}) && made.arg_count > 0;
  if (is_schema) out.fields = value(arg(made, 0).value).fields;
  out.has_base = out.has_base || is_given_base(call);
  return out;
}

Value Frame::call(Reg reg, const Instr& made) {
  Call described = describe(reg, made);
  find_entries(*this, described);
  check_sinks(*this, described);
  check_http(*this, described);
  check_call_rules(*this, described);
  if (is_one_of(described.path_text, {"process.exit", "sys.exit", "os.Exit", "log.Fatal",
                                      "log.Fatalf", "exit", "quit", "Deno.exit"}))
    left_ = true;
  mutate_receiver(described);
  if (const auto module = module_call(described)) return *module;
  if (const auto source = source_call(described)) {
    values_[reg] = *source;
    run_callbacks(described);
    return values_[reg];
  }
  if (const auto cleaned = clean(described)) return *cleaned;
  if (described.callee->cls != kNoClass) return constructed(described);
  if (!described.targets.empty()) {
    values_[reg] = apply_targets(described);
    // What a guessed callee does not tell is taken as for an unknown one.
    if (described.is_guess) merge(values_[reg], unknown_call(described));
    return values_[reg];
  }
  if (const auto passed = pass_through(described)) {
    values_[reg] = *passed;
    if (described.path_text == "functools.partial") run_callbacks(described);
    return values_[reg];
  }
  const bool maps = is_one_of(described.method_text, {"map", "flatMap", "then"}) &&
                    made.arg_count > 0 && value(arg(made, 0).value).function != kNoFunction;
  values_[reg] = maps ? Value{} : unknown_call(described);
  run_callbacks(described);
  return values_[reg];
}

}  // namespace sigil::scan
