// A JSON-RPC body as policy reads it.
#include <cstdint>
#include <string>

#include "base/mcp/jsonrpc.h"
#include "base/result.h"
#include "proxy/envelope.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sigil;
  static proxy::EnvelopeReader reader;
  std::string body(reinterpret_cast<const char*>(data), size);
  const std::string before = body;
  const proxy::Envelope envelope = reader.read(body);
  SIGIL_ASSERT(body == before);
  const auto id = proxy::raw_id_of(body);
  if (envelope.problem != proxy::EnvelopeProblem::none || envelope.is_batch) return 0;
  // What passes here is one message for the other reader too, with the same method and id.
  const auto message = mcp::read_message(body);
  if (!message.has_value()) return 0;
  SIGIL_ASSERT(message->method == envelope.method);
  if (envelope.is_request && id.size() < 64) SIGIL_ASSERT(message->id.of(body) == id || id.empty());
  return 0;
}
