// A route snapshot, a page of a followed resource, an answer about a configuration.
#include <cstdint>
#include <string_view>

#include "proxy/follow_request.h"
#include "proxy/route_table.h"
#include "proxy/session_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sigil;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)proxy::parse_snapshot(text);
  (void)proxy::read_follow_page(text);
  (void)proxy::read_session_config(200, text);
  (void)proxy::read_session_config(422, text);
  return 0;
}
