// Operations and what happened during them as JSON.
#pragma once

#include "base/json.h"
#include "controlplane/api/render_deployment.h"
#include "registry-db/operation_event_store.h"
#include "registry-db/operation_store.h"

namespace sigil::api {

Json render_operation(const db::Operation& operation, const RenderOptions& options);
Json render_operation_events(const db::OperationEventPage& page);

}  // namespace sigil::api
