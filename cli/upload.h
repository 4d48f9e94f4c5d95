// Sends a packed source in chunks of at most 4 MiB and goes on where it stopped when the connection
// or the server comes and goes.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cli/api.h"

namespace sigil::cli {

inline constexpr std::size_t kChunkBytesMax = 4 * 1024 * 1024;

using OnSent = std::function<void(std::int64_t sent, std::int64_t size)>;

// The id to name in the deployment's source.
Result<std::string> upload(const Api& api, const Clock& clock, std::string_view bytes,
                           const OnSent& on_sent, std::stop_token stop);

}  // namespace sigil::cli
