// A session token and a query as a stranger sends them.
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "proxy/query_config.h"
#include "proxy/session_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sigil;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const std::vector<proxy::SessionKey> kKeys = {{"k1", Secret(std::string(32, 'a'))}};
  SIGIL_ASSERT(!proxy::open_session(text, kKeys, "dep", WallTime()));
  (void)proxy::read_query_config(text);
  (void)proxy::forwarded_query(text);
  return 0;
}
