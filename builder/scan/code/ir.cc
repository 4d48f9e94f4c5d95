#include "builder/scan/code/ir.h"

namespace sigil::scan {

Names::Names() { id(""); }

NameId Names::id(std::string_view text) {
  const auto [at, is_new] = ids_.try_emplace(std::string(text), static_cast<NameId>(texts_.size()));
  if (is_new) texts_.push_back(&at->first);
  return at->second;
}

NameId Names::find(std::string_view text) const {
  const auto at = ids_.find(std::string(text));
  return at == ids_.end() ? kNoName : at->second;
}

}  // namespace sigil::scan
