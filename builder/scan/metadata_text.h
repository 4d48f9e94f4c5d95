// What a tool says about itself, judged: instructions to the model (POIS-001), characters nobody
// sees (POIS-002), encoded text (POIS-003). Pure and linear; the same verdict for a text in source
// and for one that a running server lists.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sigil::scan {

struct PoisonVerdict {
  int score = 0;
  std::vector<std::string> signals;  // sentences
};
PoisonVerdict judge_instructions(std::string_view text);

enum class HiddenKind { none, invisible, dangerous };  // dangerous: tag block, bidi, ESC
struct HiddenVerdict {
  HiddenKind kind = HiddenKind::none;
  std::string what;  // "zero-width joiner U+200D"
};
// `is_name`: letters of two scripts in one word count too.
HiddenVerdict find_hidden(std::string_view text, bool is_name);

// Long hex, base64, percent or character-code runs that decode to words; the decoded texts.
std::vector<std::string> decoded_payloads(std::string_view text);

}  // namespace sigil::scan
