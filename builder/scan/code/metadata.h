// Texts that a client's model reads, taken from where tools are described.
#pragma once

#include "builder/scan/code/frame.h"

namespace sigil::scan {

void collect_call_texts(Frame& frame, const Call& call, EntryPoint& into);
void collect_object_texts(Frame& frame, Reg at);
void collect_python_texts(Frame& frame, const Call& call, Reg factory, Entry& entry);
void collect_go_texts(Frame& frame, const Call& call);

}  // namespace sigil::scan
