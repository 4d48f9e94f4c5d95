// Go to instructions. A method's receiver becomes `this`; a struct type becomes a class.
#pragma once

#include "builder/scan/code/lower.h"

namespace sigil::scan {

class GoLowering final : public Lowering {
 public:
  using Lowering::Lowering;

 protected:
  void lower(NodeId id) override;

 private:
  using Handler = void (GoLowering::*)(NodeId);
  static const std::unordered_map<std::string_view, Handler>& handlers();

  void skip(NodeId id) { nothing(id); }
  void in_sequence(NodeId id) { sequence(id); }
  void inner(NodeId id);
  void identifier(NodeId id);
  void literal(NodeId id);
  void string(NodeId id);
  void selector(NodeId id);
  void index(NodeId id);
  void slice(NodeId id);
  void call(NodeId id);
  void composite(NodeId id);
  void literal_value(NodeId id);
  void binary(NodeId id);
  void unary(NodeId id);
  void assignment(NodeId id);
  void count(NodeId id);
  void variable(NodeId id);
  void function(NodeId id);
  void method(NodeId id);
  void type_spec(NodeId id);
  void if_statement(NodeId id);
  void for_statement(NodeId id);
  void switch_statement(NodeId id);
  void leave(NodeId id);
  void import_spec(NodeId id);
  void package(NodeId id);

  std::string string_value(NodeId id) const;
  void bind(Piece& into, NodeId target, Reg value, std::uint8_t flags);
  void bind_all(Piece& into, NodeId at, NodeId left, NodeId right, std::uint8_t flags);
  void parameters(NodeId list, Made& made);
  NameId receiver_type(NodeId list);
  ClassId class_named(NodeId at, NameId id);

  std::unordered_map<NameId, ClassId> classes_;
};

}  // namespace sigil::scan
