// A server that refuses an upload early answers and closes while we still send; libcurl may then
// only report that sending failed. What the server had said still lies in the socket, and this
// reads it: one whole HTTP/1.1 answer out of raw bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/http/client.h"

namespace sigil::http {

// What waits in the socket, without blocking; at most `bytes_max`.
std::string drain_socket(int descriptor, std::size_t bytes_max);

// nullopt unless it starts with a complete head of a final answer. The body is what is there.
std::optional<Response> parse_early_answer(std::string_view bytes);

}  // namespace sigil::http
