// The rules that look at single calls, objects and stores, one file for each family; frame.h names
// the places that call them.
#pragma once

#include "builder/scan/code/frame.h"

namespace sigil::scan {

// session_rules.cc
void check_session_store(Frame& frame, Reg at, std::string_view target, const Value& value,
                         Reg from);
void check_session_call(Frame& frame, const Call& call);
void check_session_return(Frame& frame, Reg at, const Value& value);

}  // namespace sigil::scan
