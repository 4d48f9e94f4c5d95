// Log lines of deployments as JSON.
#pragma once

#include "base/json.h"
#include "registry-db/log_store.h"

namespace sigil::api {

Json render_log_page(const db::LogPage& page, bool has_ended);
Json render_log_info(const db::LogInfo& info);

}  // namespace sigil::api
