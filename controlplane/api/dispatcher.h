// From request to answer: control token, route, parameters, caller, body kind, repeated requests,
// handler, audit, metrics, access log. No exception leaves it, and nothing an exception or an
// internal error says reaches a body. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "controlplane/api/api_request.h"
#include "controlplane/api/router.h"
#include "controlplane/auth.h"

namespace sigil::api {

struct AuditRecord {
  const controlplane::Caller& caller;
  std::string_view action;  // of the route
  std::string resource;     // the id the handler names, else the path as it was asked for
  int status = 0;
  std::string address;  // of the client, as the proxy saw it
  std::string request_id;
};

// What the dispatcher asks of the world, so that it is tested without one.
struct DispatcherHooks {
  std::function<Result<controlplane::Caller>(std::string_view authorization)> authenticate;
  std::function<void(const AuditRecord&)> audit;
  // Runs `run` and keeps its answer, or gives the answer that was kept under this key (conflict
  // idempotency_key_reused: it stood for another request). Only what was done is kept: a refused
  // request may be mended and sent again under its key.
  std::function<Result<ApiResponse>(const ApiRequest&,
                                    const std::function<Result<ApiResponse>()>& run)>
      once;
  std::function<void(std::string_view method, int status, std::chrono::milliseconds took)> count;
};

class Dispatcher {
 public:
  Dispatcher(Router router, const Secret& control_token, DispatcherHooks hooks,
             const Clock& clock = system_clock());

  ApiResponse answer(ApiRequest request) const;
  // For a request that could not be read.
  ApiResponse refuse(int status, std::string_view reason) const;
  std::size_t body_bytes_max(std::string_view method, std::string_view path) const;
  const Router& router() const { return router_; }

 private:
  Result<ApiResponse> handle(ApiRequest& request, const Route*& route) const;
  Result<ApiResponse> handle_on(const Route& route, ApiRequest& request) const;
  void audit(const Route& route, const ApiRequest& request,
             const Result<ApiResponse>& result) const;
  Result<void> check_control_token(const ApiRequest& request) const;
  Result<const Route*> find_route(ApiRequest& request) const;
  Result<void> identify(ApiRequest& request, const Route& route) const;
  Result<ApiResponse> run(const ApiRequest& request, const Route& route) const;
  Result<void> read_idempotency_key(ApiRequest& request) const;
  Result<ApiResponse> run_once(const ApiRequest& request, const Route& route) const;
  ApiResponse guarded(ApiRequest& request, const Route*& route) const;

  Router router_;
  std::string control_token_hash_;
  DispatcherHooks hooks_;
  const Clock& clock_;
};

}  // namespace sigil::api
