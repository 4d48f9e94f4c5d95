// Ends a fetch that fills the disk: looks at the directory while another program writes into it and
// asks for a stop as soon as it is larger than allowed.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/guarded.h"
#include "base/result.h"
#include "builder/builder.h"

namespace sigil::builder {

// E_LIMIT when a finished tree is larger than allowed.
Result<void> check_tree_size(const std::string& root, const FetchLimits& limits);

class SizeWatch {
 public:
  SizeWatch(std::string root, FetchLimits limits, const std::stop_token& outer);
  SizeWatch(const SizeWatch&) = delete;
  SizeWatch& operator=(const SizeWatch&) = delete;

  // Stopped when the outer token is, or when there is too much.
  std::stop_token token() const { return both_.get_token(); }
  std::optional<Error> excess() const;

 private:
  struct Forward {
    std::stop_source source;
    void operator()() { source.request_stop(); }
  };
  void watch(const std::stop_token& stop);

  std::string root_;
  FetchLimits limits_;
  std::stop_source both_;
  std::stop_callback<Forward> forward_;
  Guarded<std::optional<Error>> excess_;
  std::jthread thread_;
};

}  // namespace sigil::builder
