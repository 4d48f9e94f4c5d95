// Names of short-lived containers: "sigil-fetch-01j…".
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"

namespace sigil::builder {

inline std::string scratch_container_name(std::string_view purpose) {
  return "sigil-" + make_id_text(purpose);
}

}  // namespace sigil::builder
