// Python to instructions. `self` and `cls` become `this` and leave the parameter list.
#pragma once

#include "builder/scan/code/lower.h"

namespace sigil::scan {

class PythonLowering final : public Lowering {
 public:
  using Lowering::Lowering;

 protected:
  void lower(NodeId id) override;

 private:
  using Handler = void (PythonLowering::*)(NodeId);
  static const std::unordered_map<std::string_view, Handler>& handlers();

  void skip(NodeId id) { nothing(id); }
  void in_sequence(NodeId id) { sequence(id); }
  void inner(NodeId id);
  void identifier(NodeId id);
  void literal(NodeId id);
  void string(NodeId id);
  void joined_strings(NodeId id);
  void sequence_value(NodeId id);
  void dictionary(NodeId id);
  void attribute(NodeId id);
  void subscript(NodeId id);
  void call(NodeId id);
  void assignment(NodeId id);
  void augmented(NodeId id);
  void named(NodeId id);
  void binary(NodeId id);
  void boolean(NodeId id);
  void comparison(NodeId id);
  void negation(NodeId id);
  void conditional(NodeId id);
  void comprehension(NodeId id);
  void function(NodeId id);
  void decorated(NodeId id);
  void class_of(NodeId id);
  void if_statement(NodeId id);
  void for_loop(NodeId id);
  void while_loop(NodeId id);
  void match(NodeId id);
  void leave(NodeId id);
  void assertion(NodeId id);
  void handler_clause(NodeId id);
  void with_item(NodeId id);
  void import_module(NodeId id);
  void import_from(NodeId id);

  void bind(Piece& into, NodeId pattern, Reg value, std::uint8_t flags);
  void parameter(NodeId at, Made& made);
  NameId identifier_name(NodeId id);
  NameId doc_of(NodeId body);
  std::string string_value(NodeId id) const;
  void class_member(NodeId at, ClassId cls, Piece& fields);
};

}  // namespace sigil::scan
