// Randomness from the kernel.
#pragma once

#include <string>

namespace sigil::shim {

std::string random_id();  // 128 bits as 32 hex digits
double random_part();     // 0 to 1

}  // namespace sigil::shim
