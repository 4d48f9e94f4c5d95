// Calls that bring data in, and calls that make it harmless.
#include <algorithm>

#include "builder/scan/code/frame.h"

namespace sigil::scan {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

// replace(/[^\w-]/g, ''): what is left holds nothing but the class.
std::uint32_t kinds_left_out(std::string_view pattern) {
  const auto open = pattern.find("[^");
  if (open == std::string_view::npos) return 0;
  const auto close = pattern.find(']', open);
  if (close == std::string_view::npos) return 0;
  const std::string_view kept = pattern.substr(open + 2, close - open - 2);
  std::uint32_t kinds = kCode | kSql;
  if (kept.find_first_of(";&|$`<>\"'") == std::string_view::npos && !contains(kept, "\\S") &&
      !contains(kept, "\\W"))
    kinds |= kCommand;
  if (!contains(kept, "/") && !contains(kept, "\\\\")) kinds |= kPath | kUrl;
  return kinds;
}

std::uint32_t escaped_kinds(std::string_view pattern, std::string_view by) {
  if (pattern == "/'/g" || pattern == "'" || pattern == "/'/") {
    if (by == "''") return kSql;
    if (contains(by, "'\\''") || contains(by, "'\"'\"'")) return kCommand;
  }
  // One class that names everything a shell minds.
  if (contains(pattern, "[") && contains(pattern, "$") && contains(pattern, "`") &&
      contains(pattern, ";") && contains(pattern, "|")) {
    return kCommand;
  }
  if ((contains(pattern, "`") && contains(pattern, "$") && contains(pattern, "\\\\")) &&
      contains(by, "\\\\$&"))
    return kCommand;
  return 0;
}

}  // namespace

std::string Frame::key_text(Reg key) const {
  if (is_op(key, Op::call)) return variable_of(instr(key).a);
  const std::string own = variable_of(key);
  return own.empty() ? std::string(literal(key)) : own;
}

std::optional<Value> Frame::environment_call(const Call& call) {
  const std::string_view path = call.path_text;
  const Instr& made = *call.instr;
  const bool reads_environment = path == "os.getenv" || path == "os.Getenv" ||
                                 path == "os.LookupEnv" || path == "os.environ.get" ||
                                 path == "Deno.env.get" || path == "os.environ.pop" ||
                                 path == "os.environ.setdefault";
  if (reads_environment) {
    const std::string key(literal(argument(made, 0)));
    if (engine_.is_final() && !key.empty()) {
      engine_.collected().environment.push_back({key, unit_.path, static_cast<int>(made.line)});
    }
    Value out = fresh(Source::environment, name(key), call.at, "environment " + key);
    const Value fallback = argument_value(made, 1);
    out.text = fallback.text;
    return out;
  }
  if (path == "os.Environ" || path == "os.environ.copy" || path == "os.environ.items" ||
      path == "Deno.env.toObject") {
    return fresh(Source::whole_environment, kNoName, call.at, "process environment");
  }
  return std::nullopt;
}

std::optional<Value> Frame::random_call(const Call& call) {
  const std::string_view path = call.path_text;
  const Instr& made = *call.instr;
  if (is_strong_random(path) ||
      (call.targets.empty() &&
       is_one_of(call.method_text, {"randomUUID", "randomBytes", "getRandomValues", "token_urlsafe",
                                    "token_hex", "uuid4", "uuidv4", "nanoid"}))) {
    return fresh(Source::strong, kNoName, call.at, "random");
  }
  if (is_weak_random(path) && !(path == "Date" && made.arg_count > 0) &&
      !(path == "id" && !is_python())) {
    return fresh(Source::weak, name(path), call.at, path);
  }
  if (path == "next" && call.instr->arg_count >= 1 &&
      contains(text(argument_value(made, 0).path), "itertools.count()")) {
    return fresh(Source::weak, name("counter"), call.at, "counter");
  }
  return std::nullopt;
}

// What was put aside for the length of a request and is taken out again.
std::optional<Value> Frame::store_call(const Call& call) {
  const std::string_view path = call.path_text;
  const Instr& made = *call.instr;
  if (contains(path, "AsyncLocalStorage()") || contains(path, "ContextVar()")) {
    const NameId key = name(variable_of(call.receiver_reg));
    if (call.method_text == "run" || call.method_text == "enterWith" || call.method_text == "set") {
      engine_.put(Store::async_store, 0, key, argument_value(made, 0));
      if (call.method_text == "set") return Value{};
    }
    if (call.method_text == "getStore" || call.method_text == "get") {
      const Value* held = engine_.stored(Store::async_store, 0, key);
      return held == nullptr ? Value{} : *held;
    }
  }
  if (path == "context.WithValue" && made.arg_count == 3) {
    const Reg key = argument(made, 1);
    engine_.put(Store::context_key, 0, name(key_text(key)), argument_value(made, 2));
    return argument_value(made, 0);
  }
  if (is_go() && call.method_text == "Value" && made.arg_count == 1) {
    const Reg key = argument(made, 0);
    const Value* held = engine_.stored(Store::context_key, 0, name(key_text(key)));
    if (held != nullptr) return *held;
  }
  return std::nullopt;
}

std::optional<Value> Frame::request_call(const Call& call) {
  const Instr& made = *call.instr;
  // req.get('authorization'), c.req.header('x'), headers.get("…"), r.Header.Get("…"),
  // request.GetString("name")
  if (call.receiver != nullptr && call.targets.empty() &&
      is_one_of(
          call.method_text,
          {"get",       "header",    "Get",       "param",          "query",         "FormValue",
           "PathValue", "getHeader", "GetString", "RequireString",  "GetArguments",  "getlist",
           "json",      "text",      "body",      "formData",       "form",          "get_json",
           "GetHeader", "parseBody", "Query",     "GetStringSlice", "BindArguments", "arrayBuffer",
           "valid",     "cookie",    "Cookie"})) {
    const std::string_view key = literal(argument(made, 0));
    const bool is_known =
        call.receiver->has(Source::request) || call.receiver->has(Source::context) ||
        call.receiver->has(Source::argument) || call.receiver->has(Source::parameter);
    if (is_known && !key.empty()) {
      Value base = *call.receiver;
      // A method named after the part: the key is a member of that part.
      const bool names_part =
          is_one_of(call.method_text, {"header", "getHeader", "GetHeader"}) ||
          (is_one_of(call.method_text, {"get", "Get"}) && base.has(Source::request));
      for (Label& label : base.labels) {
        if (label.source == Source::request && label.field == kNoName)
          label.field = name(names_part ? "headers" : "query");
      }
      Value out = member_of(base, name(key), call.at);
      out.path = kNoName;
      if (made.arg_count > 1) merge(out, argument_value(made, 1));
      return out;
    }
    if ((call.receiver->has(Source::request) || call.receiver->has(Source::argument)) &&
        call.method_text != "get") {
      Value out = *call.receiver;
      out.path = kNoName;
      for (Label& label : out.labels) {
        if (label.source == Source::request && label.field == kNoName)
          label.field = call.method == kNoName ? kNoName : name("body");
      }
      return out;
    }
  }
  return std::nullopt;
}

std::optional<Value> Frame::source_call(const Call& call) {
  const std::string_view path = call.path_text;
  const Instr& made = *call.instr;
  if (auto found = environment_call(call)) return found;
  if (auto found = random_call(call)) return found;
  if (call.method_text == "get_http_headers") {
    Value out = fresh(Source::request, name("headers"), call.at, "request headers");
    return out;
  }
  if (is_one_of(call.method_text, {"get_http_request", "getHttpRequest", "get_request"}) &&
      call.targets.empty()) {
    return fresh(Source::request, kNoName, call.at, "HTTP request");
  }
  if (call.method_text == "get_access_token" && call.targets.empty() && made.arg_count == 0) {
    return fresh(Source::token, name("authInfo"), call.at, "access token of the request");
  }
  if (auto found = store_call(call)) return found;
  if (auto found = request_call(call)) return found;
  const HttpCall http = http_call(path);
  if (http.is_http) {
    Value out = fresh(Source::response, kNoName, call.at, "response of " + std::string(path));
    if (contains(path, "NewRequest")) out.path = engine_.project().called(call.path);
    return out;
  }
  return std::nullopt;
}

std::optional<Value> Frame::clean(const Call& call) {
  const Instr& made = *call.instr;
  const CleanerSpec* spec = engine_.known().cleaner_of(call.path);
  if (spec == nullptr && call.receiver != nullptr && call.targets.empty())
    spec = engine_.known().method_cleaner(call.method);
  if (call.path_text.starts_with("Math.") && call.path_text != "Math.random") {
    static const CleanerSpec math{"Math", kAnything, true};
    spec = &math;
  }
  if (spec != nullptr) {
    Value out = unknown_call(call);
    kill(out, spec->kinds);
    if (spec->to_number) {
      std::erase_if(out.labels, [](const Label& label) {
        return label.source != Source::weak && label.source != Source::strong;
      });
      out.text = kNoName;
      out.is_number = true;
    }
    out.path = engine_.project().called(call.path);
    return out;
  }
  const bool replaces =
      is_one_of(call.method_text,
                {"replace", "replaceAll", "sub", "ReplaceAllString", "ReplaceAll", "translate"});
  if (!replaces || made.arg_count == 0) return std::nullopt;
  const bool is_re_sub = call.path_text == "re.sub";
  std::string_view pattern = literal(argument(made, 0));
  if (call.method_text == "ReplaceAllString" && call.receiver != nullptr)
    pattern = text(call.receiver->text);
  const std::string_view by = literal(argument(made, 1));
  std::uint32_t kinds = kinds_left_out(pattern);
  if (by.find_first_of(";&|$`/") != std::string_view::npos) kinds = 0;
  kinds |= escaped_kinds(pattern, by);
  Value out = is_re_sub ? argument_value(made, 2) : unknown_call(call);
  // `../` taken out once comes back from `....//`.
  if (contains(pattern, "..") && by.empty() && !contains(pattern, "[^")) kinds |= kPath | kPathWeak;
  if (kinds == 0) {
    if (is_re_sub) return out;
    return std::nullopt;
  }
  kill(out, kinds);
  return out;
}

}  // namespace sigil::scan
