// What can be found out about a server that does not answer, from the machine this runs on: is
// anybody listening, is the engine there. Read only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "cli/terminal.h"

namespace sigil::cli {

// host and port of an http or https URL.
struct Address {
  std::string host;
  std::string port;
};
Address address_of(const std::string& url);
bool is_this_machine(const Address& address);

// {"items":[{name,state,detail,fix}]} in the shape of GET /api/v1/system/checks; `silence` is why
// the server did not answer.
Json local_checks(const std::string& url, const Error& silence, const Environment& environment);

}  // namespace sigil::cli
