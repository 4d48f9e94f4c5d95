// The JSON-RPC envelope of a request body: checked strictly (UTF-8, depth, no byte order mark, no
// trailing bytes, no duplicate keys where policy looks), read with simdjson. The reader belongs to
// one worker and keeps its buffers; what it hands out owns its text.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/mcp/era.h"

namespace sigil::proxy {

enum class EnvelopeProblem { none, syntax, not_rpc };

struct Envelope {
  EnvelopeProblem problem = EnvelopeProblem::none;
  std::string_view why;  // a constant sentence, with a problem
  bool is_batch = false;
  bool is_request = false;  // method and id
  std::string method;       // empty: a response or a batch
  mcp::JsonKind meta_version = mcp::JsonKind::absent;
  std::string meta_version_text;
  mcp::JsonKind meta_capabilities = mcp::JsonKind::absent;
  mcp::JsonKind meta_client_info = mcp::JsonKind::absent;
  mcp::JsonKind name = mcp::JsonKind::absent;  // what Mcp-Name mirrors
  std::string name_text;
  std::string protocol_version;  // params.protocolVersion of initialize
};

class EnvelopeReader {
 public:
  EnvelopeReader();
  ~EnvelopeReader();
  EnvelopeReader(const EnvelopeReader&) = delete;
  EnvelopeReader& operator=(const EnvelopeReader&) = delete;

  // `body` may be grown to give simdjson the spare bytes it reads past the end; its text stays.
  Envelope read(std::string& body);

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

// The raw text of the top-level "id" ("7", "\"a\"", "9007199254740993"); empty when there is none
// or the text does not get that far. Only for answers: the text may be invalid elsewhere.
std::string_view raw_id_of(std::string_view body);

}  // namespace sigil::proxy
