// What one HTTP request means: the checks of the transport (path, Host, Origin, Accept, media type,
// JSON, era, session), then to the Hub. One thread, on the Loop.
#pragma once

#include <memory>

#include "runtime/shim/exchange.h"
#include "runtime/shim/hub.h"

namespace sigil::shim {

class Gateway {
 public:
  Gateway(Hub& hub, const Options& options) : hub_(hub), options_(options) {}

  void handle(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);

 private:
  void post(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);
  void post_legacy(const HttpRequest& request, const Inbound& inbound);
  void get(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);
  void remove(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange);
  LegacySession* session_of(const HttpRequest& request, Exchange& exchange,
                            std::string_view raw_id);
  void health(Exchange& exchange) const;

  Hub& hub_;
  const Options& options_;
};

// DNS rebinding: a page of a foreign name must not reach a server on a private address.
bool is_local_host(std::string_view host_header, std::string_view local_address);
bool is_local_origin(std::string_view origin, std::string_view local_address);
// Whether an Accept header takes this media type ("application/json"), wildcards included.
bool accepts(std::string_view accept_header, std::string_view media_type);
// Whether an event stream is named before JSON: then even a plain answer comes as one.
bool prefers_events(std::string_view accept_header);

}  // namespace sigil::shim
