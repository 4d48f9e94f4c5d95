#include "builder/scan/code/metadata.h"

#include <algorithm>

namespace sigil::scan {
namespace {

constexpr int kDepthMaxTexts = 6;
constexpr std::size_t kTextsMax = 400;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

class TextCollector {
 public:
  TextCollector(Frame& frame, std::vector<MetadataText>& out, Reg at)
      : frame_(frame), out_(out), at_(at) {}

  void add(std::string_view kind, std::string_view name, std::string_view text) {
    if (text.empty() || out_.size() >= kTextsMax) return;
    const Hop place = frame_.hop(at_, "");
    MetadataText made{std::string(kind), std::string(name), std::string(text), frame_.unit().path,
                      static_cast<int>(place.line)};
    const bool is_known = std::any_of(out_.begin(), out_.end(), [&](const MetadataText& known) {
      return known.kind == made.kind && known.text == made.text;
    });
    if (!is_known) out_.push_back(std::move(made));
  }

  // JSON Schema or zod: every description, enum and default in it.
  void schema(const Value& held, std::string_view name, int depth = 0) {
    if (depth > kDepthMaxTexts) return;
    const std::string& path = frame_.text(held.path);
    if (contains(path, ".describe()") && held.text != kNoName)
      add("parameter", name, frame_.text(held.text));
    if (contains(path, "Field()") && held.text != kNoName)
      add("parameter", name, frame_.text(held.text));
    if (held.fields == nullptr) return;
    for (const auto& [key, field] : *held.fields) {
      const std::string& label = frame_.text(key);
      const std::string_view literal = frame_.literal(field);
      if (label == "description" || label == "title") {
        add(label == "title" ? "title"
            : depth == 0     ? "description"
                             : "parameter",
            name, literal.empty() ? std::string_view(frame_.text(field.text)) : literal);
      } else if (label == "default" || label == "examples") {
        add("default", name, literal);
      } else if (label == "enum" && field.fields != nullptr) {
        for (const auto& item : *field.fields) add("enum", name, frame_.literal(item.second));
      } else if (label != "name") {
        schema(field,
               is_one_of(label, {"properties", "items", "inputSchema", "parameters"})
                   ? name
                   : std::string_view(label),
               depth + 1);
      }
    }
  }

 private:
  Frame& frame_;
  std::vector<MetadataText>& out_;
  Reg at_;
};

}  // namespace

void collect_call_texts(Frame& frame, const Call& call, EntryPoint& into) {
  TextCollector collector(frame, into.texts, call.at);
  collector.add("name", "", into.name);
  for (std::uint32_t i = 0; i < call.instr->arg_count; ++i) {
    const Value& held = frame.value(frame.arg(*call.instr, i).value);
    if (held.is_literal) {
      if (i > 0) collector.add("description", "", frame.text(held.text));
    } else if (held.fields != nullptr) {
      collector.schema(held, "");
    } else if (held.text != kNoName && i > 0) {
      collector.add("description", "", frame.text(held.text));
    }
  }
}

void collect_object_texts(Frame& frame, Reg at) {
  const Value& made = frame.value(at);
  EntryPoint point;
  const bool is_go = frame.is_go();
  const std::string_view own = frame.literal(frame.member_of(made, is_go ? "Name" : "name"));
  const bool has_schema = frame.has_member(made, "inputSchema") ||
                          frame.has_member(made, "input_schema") ||
                          frame.has_member(made, "parameters") ||
                          frame.has_member(made, "schema") || frame.has_member(made, "InputSchema");
  if (own.empty() || !has_schema) return;
  point.kind = "tool";
  point.name = own;
  point.file = frame.unit().path;
  point.line = static_cast<int>(frame.instr(at).line);
  TextCollector collector(frame, point.texts, at);
  collector.add("name", "", own);
  collector.schema(made, "");
  if (is_go) collector.add("description", "", frame.literal(frame.member_of(made, "Description")));
  frame.engine().collected().declared.push_back(std::move(point));
}

void collect_python_texts(Frame& frame, const Call& call, Reg factory, Entry& entry) {
  EntryPoint& into = entry.point;
  TextCollector collector(frame, into.texts, call.at);
  collector.add("name", "", into.name == "(any)" ? "" : into.name);
  const Function& function = frame.engine().project().function(entry.function);
  for (const Instr* made : {factory == kNoReg ? call.instr : &frame.instr(factory), call.instr}) {
    collector.add("description", "", frame.literal(frame.argument(*made, 99, "description")));
    collector.add("title", "", frame.literal(frame.argument(*made, 99, "title")));
  }
  collector.add("description", "", frame.text(function.doc));
  for (const Param& param : function.params) {
    // Annotated[str, "what it is"], Annotated[str, Field(description="what it is")]
    const std::string& type = frame.text(param.type);
    for (std::size_t open = type.find('"'); open != std::string::npos;) {
      const auto close = type.find('"', open + 1);
      if (close == std::string::npos) break;
      collector.add("parameter", frame.text(param.name),
                    std::string_view(type).substr(open + 1, close - open - 1));
      open = type.find('"', close + 1);
    }
  }
  for (const Instr& made : function.code) {
    if (made.op != Op::call || made.a >= function.code.size() ||
        frame.text(function.code[made.a].name) != "Field")
      continue;
    for (std::uint32_t i = 0; i < made.arg_count; ++i) {
      const Arg& given = function.args[made.args + i];
      if (frame.text(given.key) != "description" || given.value >= function.code.size()) continue;
      const Instr& text = function.code[given.value];
      if (text.op == Op::constant) collector.add("parameter", "", frame.text(text.name));
    }
  }
}

// mcp.NewTool("name", mcp.WithDescription("…"), mcp.WithString("arg", mcp.Description("…")))
void collect_go_texts(Frame& frame, const Call& call) {
  EntryPoint point;
  point.kind = "tool";
  point.name = frame.literal(frame.argument(*call.instr, 0));
  if (point.name.empty()) return;
  point.file = frame.unit().path;
  point.line = static_cast<int>(call.instr->line);
  TextCollector collector(frame, point.texts, call.at);
  collector.add("name", "", point.name);
  std::vector<Reg> open;
  for (std::uint32_t i = 1; i < call.instr->arg_count; ++i)
    open.push_back(frame.arg(*call.instr, i).value);
  for (std::size_t i = 0; i < open.size() && i < 200; ++i) {
    if (!frame.is_op(open[i], Op::call)) continue;
    const Instr& made = frame.instr(open[i]);
    const std::string method = frame.variable_of(made.a);
    if (method == "WithDescription")
      collector.add("description", "", frame.literal(frame.argument(made, 0)));
    if (method == "Description")
      collector.add("parameter", "", frame.literal(frame.argument(made, 0)));
    if (method == "Enum") {
      for (std::uint32_t p = 0; p < made.arg_count; ++p)
        collector.add("enum", "", frame.literal(frame.arg(made, p).value));
    }
    for (std::uint32_t p = 0; p < made.arg_count; ++p) open.push_back(frame.arg(made, p).value);
  }
  frame.engine().collected().declared.push_back(std::move(point));
}

}  // namespace sigil::scan
