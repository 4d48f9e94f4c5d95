// One parsed file as a flat array of nodes in source order, parents before children. Whoever walks
// it loops over the array (backwards for children first) and never recurses, so nesting costs no
// stack.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "builder/scan/code/code_scan.h"

namespace sigil::scan {

using NodeId = std::uint32_t;
constexpr NodeId kNoNode = 0xFFFFFFFF;

struct Node {
  std::uint16_t symbol = 0;
  std::uint16_t field = 0;
  NodeId parent = kNoNode;
  NodeId first_child = kNoNode;
  NodeId next = kNoNode;  // sibling
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  std::uint32_t line = 0;    // from 1
  std::uint32_t column = 0;  // bytes, from 0
  std::uint32_t end_line = 0;
};

// Grammar tables of one language; immutable and shared.
struct Grammar {
  const void* language = nullptr;
  std::vector<std::string_view> symbols;
  std::vector<std::string_view> fields;
};
const Grammar& grammar_of(Language language);

struct SyntaxTree {
  std::string_view text;
  Language language = Language::none;
  const Grammar* grammar = nullptr;
  std::vector<Node> nodes;  // named ones, and the unnamed ones that have a field (operators)
  bool too_deep = false;    // nodes below kDepthMax were left out

  // All of these take kNoNode: below the depth cap children are missing.
  std::string_view kind(NodeId id) const {
    return id < nodes.size() ? grammar->symbols[nodes[id].symbol] : std::string_view();
  }
  std::string_view field(NodeId id) const {
    return id < nodes.size() ? grammar->fields[nodes[id].field] : std::string_view();
  }
  std::string_view text_of(NodeId id) const {
    if (id >= nodes.size()) return {};
    return text.substr(nodes[id].start, nodes[id].end - nodes[id].start);
  }
  // First child that bears the field; kNoNode when there is none.
  NodeId child(NodeId id, std::string_view field_name) const;
  NodeId child_of_kind(NodeId id, std::string_view kind_name) const;
};

constexpr std::uint32_t kDepthMax = 2000;

// timed_out, or invalid_argument where the grammar refuses the text altogether.
Result<SyntaxTree> parse(std::string_view text, Language language,
                         std::chrono::milliseconds time_max);

}  // namespace sigil::scan
