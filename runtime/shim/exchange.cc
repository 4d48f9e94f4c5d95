#include "runtime/shim/exchange.h"

#include "base/http1/message.h"

namespace sigil::shim {

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& field : fields) {
    if (http1::equals_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

std::size_t HttpRequest::count(std::string_view name) const {
  std::size_t found = 0;
  for (const auto& field : fields) found += http1::equals_ignoring_case(field.name, name) ? 1 : 0;
  return found;
}

}  // namespace sigil::shim
