// A request as a stranger sends it: read in one piece and byte by byte, both must tell the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/http1/message.h"
#include "base/result.h"

namespace {

using namespace sigil::http1;

std::string outcome_of(std::string_view bytes, std::size_t piece) {
  RequestParser parser({.body_bytes_max = 4096});
  std::string buffer, told, body;
  std::size_t given = 0;
  for (int steps = 0; steps < 100'000; ++steps) {
    const Step step = parser.next(buffer);
    SIGIL_ASSERT(step.consumed <= buffer.size());
    if (step.event == Event::body) body += step.body;
    buffer.erase(0, step.consumed);
    if (step.event == Event::head) {
      told += parser.head().method;
      told += parser.head().target;
      SIGIL_ASSERT(parser.head().count("host") == 1 && parser.head().fields.size() <= 100);
      SIGIL_ASSERT(
          parser.head().count("content-length") + parser.head().count("transfer-encoding") <= 1);
    }
    if (step.event == Event::failed)
      return told + body + "!" + std::to_string(parser.failure().status);
    if (step.event == Event::done) {
      told += body + "|";
      body.clear();
      parser.reset();
      continue;
    }
    if (step.event != Event::need_more || step.consumed > 0) continue;
    if (given == bytes.size()) break;
    buffer += bytes.substr(given, piece);
    given = std::min(given + piece, bytes.size());
  }
  return told + body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8192) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = outcome_of(bytes, size + 1);
  const std::string pieces = outcome_of(bytes, 1);
  // A failure may be told a few bytes earlier or later, with another word for it; never as success.
  const bool has_failed = whole.find('!') != std::string::npos;
  SIGIL_ASSERT(has_failed == (pieces.find('!') != std::string::npos) || size > 4096 ||
               whole.substr(0, whole.rfind('|') + 1) == pieces.substr(0, pieces.rfind('|') + 1));
  if (!has_failed) SIGIL_ASSERT(whole == pieces);
  return 0;
}
