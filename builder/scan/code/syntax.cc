#include "builder/scan/code/syntax.h"

#include <tree_sitter/api.h>

#include <array>
#include <memory>

extern "C" {
const TSLanguage* tree_sitter_javascript();
const TSLanguage* tree_sitter_typescript();
const TSLanguage* tree_sitter_tsx();
const TSLanguage* tree_sitter_python();
const TSLanguage* tree_sitter_go();
}

namespace sigil::scan {
namespace {

struct FreeParser {
  void operator()(TSParser* parser) const noexcept { ts_parser_delete(parser); }
};
struct FreeTree {
  void operator()(TSTree* tree) const noexcept { ts_tree_delete(tree); }
};
using ParserHandle = std::unique_ptr<TSParser, FreeParser>;
using TreeHandle = std::unique_ptr<TSTree, FreeTree>;

class Cursor {
 public:
  explicit Cursor(TSNode root) : cursor_(ts_tree_cursor_new(root)) {}
  ~Cursor() { ts_tree_cursor_delete(&cursor_); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  TSTreeCursor* get() { return &cursor_; }

 private:
  TSTreeCursor cursor_;
};

Grammar make_grammar(const TSLanguage* language) {
  Grammar grammar;
  grammar.language = language;
  for (std::uint32_t i = 0; i < ts_language_symbol_count(language); ++i) {
    grammar.symbols.emplace_back(ts_language_symbol_name(language, static_cast<TSSymbol>(i)));
  }
  grammar.fields.emplace_back("");
  for (std::uint32_t i = 1; i <= ts_language_field_count(language); ++i) {
    const char* name = ts_language_field_name_for_id(language, static_cast<TSFieldId>(i));
    grammar.fields.emplace_back(name == nullptr ? "" : name);
  }
  return grammar;
}

// Copies what we keep of the tree; the walk goes by cursor, so it needs no stack.
class Flattener {
 public:
  explicit Flattener(SyntaxTree& tree) : tree_(tree) {}

  void run(TSNode root) {
    Cursor cursor(root);
    bool down = true;
    for (;;) {
      if (down) enter(cursor.get());
      if (down && depth_ < kDepthMax && ts_tree_cursor_goto_first_child(cursor.get())) {
        ++depth_;
        continue;
      }
      if (down && depth_ >= kDepthMax) tree_.too_deep = true;
      leave();
      if (ts_tree_cursor_goto_next_sibling(cursor.get())) {
        down = true;
      } else if (ts_tree_cursor_goto_parent(cursor.get())) {
        --depth_;
        down = false;
      } else {
        return;
      }
    }
  }

 private:
  struct Open {
    NodeId id;  // kNoNode: the node itself was not kept
    NodeId last_child;
  };

  void enter(TSTreeCursor* cursor) {
    const TSNode node = ts_tree_cursor_current_node(cursor);
    const TSFieldId field = ts_tree_cursor_current_field_id(cursor);
    if (!open_.empty() && !ts_node_is_named(node) && field == 0) {
      open_.push_back({kNoNode, kNoNode});
      return;
    }
    const auto id = static_cast<NodeId>(tree_.nodes.size());
    Node made;
    const TSPoint at = ts_node_start_point(node);
    made.symbol = ts_node_symbol(node);
    if (made.symbol >= tree_.grammar->symbols.size()) made.symbol = 0;  // the error symbol
    made.field = field;
    made.start = ts_node_start_byte(node);
    made.end = ts_node_end_byte(node);
    made.line = at.row + 1;
    made.column = at.column;
    made.end_line = ts_node_end_point(node).row + 1;
    link(made, id);
    tree_.nodes.push_back(made);
    open_.push_back({id, kNoNode});
  }

  void link(Node& made, NodeId id) {
    for (auto parent = open_.rbegin(); parent != open_.rend(); ++parent) {
      if (parent->id == kNoNode) continue;
      made.parent = parent->id;
      if (parent->last_child == kNoNode) {
        tree_.nodes[parent->id].first_child = id;
      } else {
        tree_.nodes[parent->last_child].next = id;
      }
      parent->last_child = id;
      return;
    }
  }

  void leave() {
    if (!open_.empty()) open_.pop_back();
  }

  SyntaxTree& tree_;
  std::vector<Open> open_;
  std::uint32_t depth_ = 0;
};

}  // namespace

Language language_of(std::string_view path) {
  const auto dot = path.rfind('.');
  if (dot == std::string_view::npos) return Language::none;
  const std::string_view end = path.substr(dot + 1);
  for (const std::string_view name : {"js", "mjs", "cjs", "jsx"}) {
    if (end == name) return Language::javascript;
  }
  for (const std::string_view name : {"ts", "mts", "cts"}) {
    if (end == name) return Language::typescript;
  }
  if (end == "tsx") return Language::tsx;
  if (end == "py" || end == "pyi") return Language::python;
  if (end == "go") return Language::go;
  return Language::none;
}

const Grammar& grammar_of(Language language) {
  static const std::array<Grammar, 5> grammars = {
      make_grammar(tree_sitter_javascript()), make_grammar(tree_sitter_typescript()),
      make_grammar(tree_sitter_tsx()), make_grammar(tree_sitter_python()),
      make_grammar(tree_sitter_go())};
  const auto index = static_cast<std::size_t>(language);
  return grammars.at(index == 0 ? 0 : index - 1);
}

NodeId SyntaxTree::child(NodeId id, std::string_view field_name) const {
  if (id >= nodes.size()) return kNoNode;
  for (NodeId at = nodes[id].first_child; at != kNoNode; at = nodes[at].next) {
    if (field(at) == field_name) return at;
  }
  return kNoNode;
}

NodeId SyntaxTree::child_of_kind(NodeId id, std::string_view kind_name) const {
  if (id >= nodes.size()) return kNoNode;
  for (NodeId at = nodes[id].first_child; at != kNoNode; at = nodes[at].next) {
    if (kind(at) == kind_name) return at;
  }
  return kNoNode;
}

Result<SyntaxTree> parse(std::string_view text, Language language,
                         std::chrono::milliseconds time_max) {
  SyntaxTree tree;
  tree.text = text;
  tree.language = language;
  tree.grammar = &grammar_of(language);
  const ParserHandle parser(ts_parser_new());
  if (!ts_parser_set_language(parser.get(),
                              static_cast<const TSLanguage*>(tree.grammar->language))) {
    return fail(ErrorCode::internal, "the grammar does not fit the parser");
  }
  ts_parser_set_timeout_micros(parser.get(), static_cast<std::uint64_t>(time_max.count()) * 1000);
  const TreeHandle parsed(ts_parser_parse_string(parser.get(), nullptr, text.data(),
                                                 static_cast<std::uint32_t>(text.size())));
  if (parsed == nullptr) return fail(ErrorCode::timed_out, "timeout");
  const TSNode root = ts_tree_root_node(parsed.get());
  Flattener(tree).run(root);
  return tree;
}

}  // namespace sigil::scan
