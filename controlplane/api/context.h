// What the handlers share. Lives as long as the server.
#pragma once

#include "base/clock.h"
#include "controlplane/api/api_request.h"
#include "controlplane/api/render_deployment.h"
#include "controlplane/services.h"
#include "registry-db/database.h"

namespace sigil::api {

struct Context {
  const controlplane::Services* services;  // null only where the table is looked at, not used
  const Clock& clock = system_clock();

  // The database as the caller of this request sees it.
  db::Caller caller(const ApiRequest& request) const;
  db::Access access(const ApiRequest& request) const;
  RenderOptions render_options(const ApiRequest& request) const;
};

}  // namespace sigil::api
