// Where strangers come in: tools, resources, prompts and HTTP routes, by the ways SDKs register
// them.
#include <algorithm>

#include "builder/scan/code/frame.h"
#include "builder/scan/code/metadata.h"

namespace sigil::scan {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

// Number, boolean, or a closed set: nothing of a stranger's choosing gets through.
bool is_harmless_schema(const std::string& path, const std::string& text) {
  if (contains_any(path,
                   {".number()", ".boolean()", ".enum()", ".literal()", ".nativeEnum()", ".int()",
                    ".uuid()", ".bigint()", ".date()", "coerce.number", ".datetime()"})) {
    return !contains(path, ".string().default");
  }
  return contains(path, ".regex()") && text.starts_with("/^") && contains(text, "$") &&
         !contains_any(text, {".*", ".+", "[^"});
}

bool is_harmless_type(std::string_view type) {
  for (const std::string_view wrapper : {"Optional[", "Annotated[", "Union["}) {
    if (type.starts_with(wrapper)) type.remove_prefix(wrapper.size());
  }
  return type.starts_with("Literal[") || type.starts_with("int") || type.starts_with("float") ||
         type.starts_with("bool") || type.starts_with("datetime") || type.starts_with("UUID") ||
         type.starts_with("date");
}

// `manager: NotebookManager` is handed in by the program, not by a caller of the tool.
bool is_object_type(std::string_view type) {
  for (const std::string_view wrapper : {"Optional[", "Annotated[", "Union["}) {
    if (type.starts_with(wrapper)) type.remove_prefix(wrapper.size());
  }
  if (type.empty() || type[0] < 'A' || type[0] > 'Z') return false;
  return !type.starts_with("Dict") && !type.starts_with("List") && !type.starts_with("Any") &&
         !contains_any(type, {"Input", "Args", "Param", "Request"});
}

class EntryFinder {
 public:
  EntryFinder(Frame& frame, const Call& call)
      : frame_(frame), call_(call), made_(*call.instr), text_(call.method_text) {
    // @mcp.tool(…): the decorator is itself the result of a call.
    if (text_.empty() && frame_.is_op(made_.a, Op::call)) {
      factory_ = made_.a;
      text_ = frame_.text(frame_.name(frame_.variable_of(frame_.instr(factory_).a)));
    }
  }

  void find() {
    if (made_.arg_count == 0) return;
    if (frame_.is_go()) return go();
    if (text_ == "setRequestHandler" || text_ == "set_request_handler") return low_level();
    if (is_registration()) {
      if (frame_.is_python()) return python_tool();
      return javascript_tool();
    }
    route();
  }

 private:
  bool is_registration() const {
    if (is_one_of(text_, {"tool",
                          "registerTool",
                          "addTool",
                          "add_tool",
                          "prompt",
                          "registerPrompt",
                          "addPrompt",
                          "resource",
                          "registerResource",
                          "addResource",
                          "addResourceTemplate",
                          "call_tool",
                          "read_resource",
                          "get_prompt",
                          "from_function",
                          "resourceTemplate",
                          "Tool",
                          "register_tool",
                          "McpTool",
                          "MCPTool",
                          "mcp_tool",
                          "defineTool",
                          "createTool"})) {
      return true;
    }
    const std::string low = lowered(text_);
    return low.size() > 4 && low.size() < 40 && (low.ends_with("tool") || low.ends_with("_tool")) &&
           !low.starts_with("get") && !low.starts_with("call") && !low.starts_with("list") &&
           !low.starts_with("execute") && !low.starts_with("run") && !low.starts_with("handle") &&
           !low.starts_with("find") && !low.starts_with("has") && !low.starts_with("is");
  }

  std::string_view kind() const {
    const std::string low = lowered(text_);
    if (contains(low, "prompt")) return "prompt";
    if (contains(low, "resource")) return "resource";
    return "tool";
  }

  void javascript_tool() {
    FunctionId handler = kNoFunction;
    Value schema;
    std::string given_name;
    for (std::uint32_t i = 0; i < made_.arg_count; ++i) {
      const Value& held = frame_.value(frame_.arg(made_, i).value);
      if (held.function != kNoFunction) {
        handler = held.function;
        continue;
      }
      if (held.is_literal && given_name.empty() && i == 0) given_name = frame_.text(held.text);
      for (const std::string_view key :
           {"inputSchema", "parameters", "schema", "argsSchema", "paramsSchema"}) {
        if (frame_.has_member(held, key)) schema = frame_.member_of(held, key);
      }
      if (schema.fields == nullptr && held.fields != nullptr &&
          !frame_.has_member(held, "description"))
        schema = held;
      if (!frame_.has_member(held, "name")) continue;
      const std::string_view inner = frame_.literal(frame_.member_of(held, "name"));
      if (given_name.empty()) given_name = inner;
    }
    if (frame_.value(frame_.argument(made_, 0)).fields != nullptr && handler == kNoFunction)
      return;  // an object: find_entry_object
    if (handler == kNoFunction) return;
    const bool is_resource = kind() == "resource";
    Entry& entry =
        frame_.engine().add_entry(handler, kind(), given_name,
                                  {is_resource ? Role::argument : Role::arguments,
                                   is_resource ? Role::arguments : Role::context, Role::context});
    take_schema(entry, schema);
    if (frame_.engine().is_final()) collect_call_texts(frame_, call_, entry.point);
  }

  void take_schema(Entry& entry, const Value& schema) {
    if (schema.fields == nullptr) return;
    const Value* fields = &schema;
    for (const auto& [key, field] : *fields->fields) {
      if (is_harmless_schema(frame_.text(field.path), frame_.text(field.text)))
        entry.harmless.insert(key);
    }
  }

  // server.setRequestHandler(CallToolRequestSchema, async (request, extra) => …)
  void low_level() {
    const Reg schema = frame_.argument(made_, 0);
    const std::string written = frame_.variable_of(schema) +
                                frame_.text(frame_.value(schema).path) +
                                std::string(frame_.literal(schema));
    std::string_view what = "tool";
    if (contains_any(written, {"ReadResource", "resources/read"})) {
      what = "resource";
    } else if (contains_any(written, {"GetPrompt", "prompts/get"})) {
      what = "prompt";
    } else if (!contains_any(written, {"CallTool", "tools/call"})) {
      return;
    }
    const Value& handler = frame_.value(frame_.argument(made_, 1));
    if (handler.function == kNoFunction) return;
    frame_.engine().add_entry(handler.function, what, "(any)", {Role::arguments, Role::context});
  }

  std::vector<Role> python_roles(const Function& function, bool is_route) const {
    std::vector<Role> roles;
    for (const Param& param : function.params) {
      const std::string& type = frame_.text(param.type);
      const std::string& own = frame_.text(param.name);
      Role role = is_route ? Role::request_part : Role::argument;
      if (contains(type, "Context") || own == "ctx" || own == "context") role = Role::context;
      if (is_route && (contains(type, "Request") || own == "request" || own == "req"))
        role = Role::request;
      if (is_route && contains_any(type, {"Depends", "Session", "BackgroundTasks", "Response"}))
        role = Role::none;
      if (param.is_keyword_rest) role = is_route ? Role::request : Role::arguments;
      roles.push_back(role);
    }
    return roles;
  }

  void mark_harmless(Entry& entry, const Function& function) {
    for (const Param& param : function.params) {
      if (is_harmless_type(frame_.text(param.type))) entry.harmless.insert(param.name);
    }
  }

  std::string python_name(const Function& function) const {
    if (factory_ != kNoReg) {
      const Instr& factory = frame_.instr(factory_);
      const std::string_view given =
          frame_.literal(frame_.argument(factory, text_ == "resource" ? 9 : 0, "name"));
      if (!given.empty()) return std::string(given);
    }
    const std::string_view given = frame_.literal(frame_.argument(made_, 1, "name"));
    return given.empty() ? frame_.text(function.name) : std::string(given);
  }

  void python_tool() {
    FunctionId handler = kNoFunction;
    for (std::uint32_t i = 0; i < made_.arg_count && handler == kNoFunction; ++i) {
      const Arg& given = frame_.arg(made_, i);
      if (given.key != kNoName &&
          !is_one_of(frame_.text(given.key), {"fn", "func", "function", "handler", "coroutine"}))
        continue;
      handler = frame_.value(given.value).function;
    }
    if (handler == kNoFunction) return;
    const Function& function = frame_.engine().project().function(handler);
    std::vector<Role> roles = python_roles(function, false);
    if (text_ == "call_tool" || text_ == "get_prompt") {
      if (!roles.empty()) roles[0] = roles.size() > 1 ? Role::none : Role::arguments;
      if (roles.size() > 1) roles[1] = Role::arguments;
    }
    const bool is_any = text_ == "call_tool" || text_ == "get_prompt" || text_ == "read_resource";
    Entry& entry =
        frame_.engine().add_entry(handler, text_ == "get_prompt" ? "prompt" : kind(),
                                  is_any ? "(any)" : python_name(function), std::move(roles));
    mark_harmless(entry, function);
    if (frame_.engine().is_final()) collect_python_texts(frame_, call_, factory_, entry);
  }

  bool is_route_name() const {
    return is_one_of(
        text_,
        {"get",       "post",       "put",     "delete",     "patch",           "all",
         "use",       "route",      "options", "head",       "api_route",       "custom_route",
         "websocket", "middleware", "Route",   "add_route",  "add_api_route",   "createServer",
         "addHook",   "on",         "handle",  "HandleFunc", "websocket_route", "serve"});
  }

  void route() {
    if (!is_route_name()) return;
    if (text_ == "createServer" || text_ == "serve") {
      if (!is_one_of(call_.path_text,
                     {"http.createServer", "https.createServer", "createServer",
                      "http2.createServer", "Bun.serve", "Deno.serve", "@hono/node-server.serve"}))
        return;
    }
    std::string_view path = frame_.literal(frame_.argument(made_, 0));
    if (path.empty() && factory_ != kNoReg)
      path = frame_.literal(frame_.argument(frame_.instr(factory_), 0, "path"));
    const std::string receiver = lowered(frame_.variable_of(call_.receiver_reg));
    const bool is_app = contains_any(receiver, {"app", "router", "server", "api", "fastify",
                                                "route", "http", "express"}) ||
                        is_one_of(text_, {"createServer", "Route", "serve"});
    const bool names_path = path.starts_with("/") || path == "*";
    if (!names_path && !(is_app && is_one_of(text_, {"use", "createServer", "addHook", "middleware",
                                                     "Route", "serve"}))) {
      if (!(is_app && frame_.is_op(frame_.argument(made_, 0), Op::load) && made_.arg_count >= 2 &&
            text_ != "on"))
        return;
    }
    for (std::uint32_t i = 0; i < made_.arg_count; ++i) {
      const Value& held = frame_.value(frame_.arg(made_, i).value);
      if (held.function == kNoFunction) continue;
      add_route(held.function, path);
    }
  }

  void add_route(FunctionId handler, std::string_view path) {
    const Function& function = frame_.engine().project().function(handler);
    if (frame_.engine().entry_of(handler) != nullptr) return;
    std::vector<Role> roles;
    if (frame_.is_python()) {
      roles = python_roles(function, true);
      if (text_ == "middleware" && !roles.empty()) roles = {Role::request};
    } else {
      roles = function.params.size() == 4 ? std::vector<Role>{Role::none, Role::request}
                                          : std::vector<Role>{Role::request};
      if (function.params.empty()) return;
    }
    Entry& entry = frame_.engine().add_entry(handler, "route", path, std::move(roles));
    if (frame_.is_python()) mark_harmless(entry, function);
  }

  void go() {
    if (is_one_of(text_, {"NewTool", "NewPrompt"}) && frame_.engine().is_final()) {
      collect_go_texts(frame_, call_);
    }
    if (text_ == "AddTool" && made_.arg_count >= 2) {
      const Value& handler = frame_.value(frame_.arg(made_, made_.arg_count - 1).value);
      if (handler.function == kNoFunction) return;
      const Value tool = frame_.value(frame_.arg(made_, made_.arg_count - 2).value);
      const std::string_view given = frame_.literal(frame_.member_of(tool, "Name"));
      Entry* known = frame_.engine().entry_of(handler.function);
      if (known != nullptr && known->point.name.empty())
        known->point.name = given.empty() ? frame_.text(tool.text) : std::string(given);
    }
  }

  Frame& frame_;
  const Call& call_;
  const Instr& made_;
  std::string_view text_;
  Reg factory_ = kNoReg;
};

constexpr std::string_view kHandlerKeys[] = {
    "handler", "execute", "run", "callback",       "call",   "invoke",      "func",
    "fn",      "handle",  "cb",  "implementation", "action", "toolHandler", "load"};

}  // namespace

void find_entries(Frame& frame, const Call& call) { EntryFinder(frame, call).find(); }

// { name, description, inputSchema, handler }: a tool wherever it is registered.
void find_entry_object(Frame& frame, Reg at, const Instr&) {
  const Value& made = frame.value(at);
  if (made.fields == nullptr) return;
  const bool has_schema =
      frame.has_member(made, "inputSchema") || frame.has_member(made, "parameters") ||
      frame.has_member(made, "schema") || frame.has_member(made, "input_schema") ||
      frame.has_member(made, "args") || frame.has_member(made, "paramsSchema") ||
      frame.has_member(made, "InputSchema") || frame.has_member(made, "arguments");
  const bool has_text = frame.has_member(made, "description") || frame.has_member(made, "title") ||
                        frame.has_member(made, "Description");
  if (frame.engine().is_final() && has_text && (has_schema || frame.has_member(made, "name")))
    collect_object_texts(frame, at);
  if (frame.is_javascript() && frame.has_member(made, "url") && frame.has_member(made, "method") &&
      frame.has_member(made, "handler")) {
    const Value handler = frame.member_of(made, "handler");
    if (handler.function != kNoFunction)
      frame.engine().add_entry(handler.function, "route",
                               frame.literal(frame.member_of(made, "url")), {Role::request});
  }
  if (frame.has_member(made, "authenticate")) {
    const Value handler = frame.member_of(made, "authenticate");
    if (handler.function != kNoFunction)
      frame.engine().add_entry(handler.function, "route", "authenticate", {Role::request});
  }
  if (!has_text && !has_schema) return;
  if (!frame.has_member(made, "name") && !(has_text && has_schema)) return;
  for (const std::string_view key : kHandlerKeys) {
    if (!frame.has_member(made, key)) continue;
    const Value handler = frame.member_of(made, key);
    if (handler.function == kNoFunction) continue;
    const std::string_view given = frame.literal(frame.member_of(made, "name"));
    Entry& entry = frame.engine().add_entry(handler.function, "tool", given,
                                            {Role::arguments, Role::context, Role::context});
    for (const std::string_view schema_key : {"inputSchema", "parameters", "schema", "args"}) {
      if (!frame.has_member(made, schema_key)) continue;
      const Value schema = frame.member_of(made, schema_key);
      if (schema.fields == nullptr) continue;
      for (const auto& [field_name, field] : *schema.fields) {
        if (is_harmless_schema(frame.text(field.path), frame.text(field.text)))
          entry.harmless.insert(field_name);
      }
    }
    return;
  }
}

namespace {

// class X { name = "x"; description = "…"; execute(args) { … } }
void find_tool_classes(Engine& engine) {
  const Program& program = engine.project().program();
  for (const Class& cls : program.classes) {
    if (cls.initializer == kNoFunction) continue;
    bool has_name = false;
    bool has_text = false;
    std::string given;
    const Function& initial = program.functions[cls.initializer];
    for (const Instr& instr : initial.code) {
      if (instr.op != Op::set_member) continue;
      const std::string& field = engine.text(instr.name);
      if (field == "name" || field == "toolName") {
        has_name = true;
        if (instr.b < initial.code.size() && initial.code[instr.b].op == Op::constant)
          given = engine.text(initial.code[instr.b].name);
      }
      has_text = has_text || is_one_of(field, {"description", "schema", "inputSchema", "parameters",
                                               "input_schema", "args_schema"});
    }
    const bool is_tool_class = std::any_of(cls.bases.begin(), cls.bases.end(), [&](NameId base) {
      return lowered(engine.text(base)).ends_with("tool") || contains(engine.text(base), "MCPTool");
    });
    for (const auto& [method_name, method] : cls.methods) {
      const std::string& written = engine.text(method_name);
      const bool is_handler =
          is_one_of(written, {"execute", "run", "handle", "handler", "call", "invoke", "run_tool",
                              "_run", "_arun", "toolCall", "executeTool"});
      if (!is_handler || !((has_name && has_text) || is_tool_class) ||
          program.functions[method].params.empty())
        continue;
      std::vector<Role> roles;
      for (const Param& param : program.functions[method].params)
        roles.push_back(is_object_type(engine.text(param.type)) ? Role::none : Role::argument);
      if (roles[0] == Role::argument) roles[0] = Role::arguments;
      if (roles.size() > 1 && program.units[cls.file].language != Language::python)
        roles.assign({Role::arguments, Role::context});
      engine.add_entry(method, "tool", given, std::move(roles));
    }
  }
}

}  // namespace

// Entry points that types and class shapes tell before anything is evaluated.
void find_declared_entries(Engine& engine) {
  Project& project = engine.project();
  const Program& program = project.program();
  for (FunctionId id = 0; id < program.functions.size(); ++id) {
    const Function& function = program.functions[id];
    if (program.units[function.file].language != Language::go) continue;
    std::vector<Role> roles(function.params.size(), Role::none);
    bool any = false;
    std::string_view kind = "tool";
    for (std::size_t i = 0; i < function.params.size(); ++i) {
      const std::string& type = engine.text(function.params[i].type);
      const bool is_call =
          contains_any(type, {"CallToolRequest", "CallToolParams", "ServerRequest[*mcp.CallTool"});
      if (contains(type, "ReadResourceRequest") || contains(type, "ReadResourceParams"))
        kind = "resource";
      if (contains(type, "GetPromptRequest") || contains(type, "GetPromptParams")) kind = "prompt";
      if (!is_call && kind == "tool") continue;
      if (is_call || contains_any(type, {"ReadResource", "GetPrompt"})) {
        roles[i] = Role::arguments;
        any = true;
        if (i + 1 < roles.size()) roles[i + 1] = Role::arguments;
      }
    }
    if (any) engine.add_entry(id, kind, "", std::move(roles));
  }
  find_tool_classes(engine);
}

}  // namespace sigil::scan
