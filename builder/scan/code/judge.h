// What a label that arrives at a sink means: which rule, how bad, in which words.
#pragma once

#include "builder/scan/code/engine.h"

namespace sigil::scan {

void judge(Engine& engine, const Sink& sink, const Label& label, const std::vector<Hop>& way);
std::string_view source_word(Source source);

}  // namespace sigil::scan
