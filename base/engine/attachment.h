// A raw, two-way connection to a container's standard streams (POST …/attach, upgraded). libcurl
// cannot hand a connection over once the answer is 101, so the few lines of HTTP are written here.
// One thread at a time.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/result.h"

namespace sigil::engine {

class Attachment {
 public:
  // `target` is the whole path with query.
  static Result<Attachment> open(const std::string& socket, const std::string& target,
                                 std::chrono::milliseconds time_max, const std::stop_token& stop);

  // Writes `input`, closes that half, and hands over what comes back until the other side ends.
  // on_bytes false ends it with too_large.
  Result<void> exchange(std::string_view input,
                        const std::function<bool(std::string_view)>& on_bytes,
                        std::chrono::milliseconds time_max, const std::stop_token& stop);

 private:
  Attachment(Descriptor socket, std::string first_bytes)
      : socket_(std::move(socket)), first_bytes_(std::move(first_bytes)) {}

  Descriptor socket_;
  std::string first_bytes_;  // read together with the head, and already the stream's
};

}  // namespace sigil::engine
