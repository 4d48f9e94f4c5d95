// JavaScript, TypeScript and TSX to instructions.
#pragma once

#include "builder/scan/code/lower.h"

namespace sigil::scan {

class JavascriptLowering final : public Lowering {
 public:
  using Lowering::Lowering;

 protected:
  void lower(NodeId id) override;

 private:
  using Handler = void (JavascriptLowering::*)(NodeId);
  static const std::unordered_map<std::string_view, Handler> kHandlers;

  void skip(NodeId id) { nothing(id); }
  void in_sequence(NodeId id) { sequence(id); }
  void inner(NodeId id);
  void last(NodeId id);
  void identifier(NodeId id);
  void string(NodeId id);
  void template_string(NodeId id);
  void literal(NodeId id);
  void object(NodeId id);
  void array(NodeId id);
  void member(NodeId id);
  void subscript(NodeId id);
  void call(NodeId id);
  void assignment(NodeId id);
  void augmented(NodeId id);
  void binary(NodeId id);
  void unary(NodeId id);
  void update(NodeId id);
  void ternary(NodeId id);
  void declarator(NodeId id);
  void function(NodeId id);
  void class_of(NodeId id);
  void if_statement(NodeId id);
  void switch_statement(NodeId id);
  void for_in(NodeId id);
  void leave(NodeId id);
  void loop(NodeId id);
  void import_statement(NodeId id);
  void export_statement(NodeId id);
  void enumeration(NodeId id);
  void catch_clause(NodeId id);

  // Stores `value` into what `pattern` names, however deep it is nested.
  void bind(Piece& into, NodeId pattern, Reg value, std::uint8_t flags);
  void bind_object(Piece& into, NodeId pattern, Reg value,
                   std::vector<std::pair<NodeId, Reg>>& open);
  std::vector<Arg> arguments(Piece& into, NodeId list);
  void parameter(NodeId at, Made& made);
  std::string string_value(NodeId id) const;
  NameId property_name(NodeId id);
  void class_member(NodeId at, ClassId cls, Piece& fields, Piece& decorations,
                    const std::vector<NodeId>& decorators);
  void export_names(NodeId declaration);
  void export_assignment(NodeId left, Reg value, Piece& into);
};

}  // namespace sigil::scan
