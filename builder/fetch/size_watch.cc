#include "builder/fetch/size_watch.h"

#include <pthread.h>

#include "base/clock.h"
#include "builder/source_tree.h"

namespace sigil::builder {

Result<void> check_tree_size(const std::string& root, const FetchLimits& limits) {
  const auto size = tree_size(root);
  if (size.bytes > limits.bytes_max)
    return fail(ErrorCode::too_large, "E_LIMIT",
                "the source has more than " + std::to_string(limits.bytes_max >> 20U) + " MiB",
                "name a smaller directory with --path, or raise the size limit for fetching");
  if (size.files > limits.files_max)
    return fail(ErrorCode::too_large, "E_LIMIT",
                "the source has more than " + std::to_string(limits.files_max) + " files",
                "name a smaller directory with --path, or raise the limit for fetching");
  return {};
}

SizeWatch::SizeWatch(std::string root, FetchLimits limits, const std::stop_token& outer)
    : root_(std::move(root)), limits_(limits), forward_(outer, Forward{both_}) {
  // While git works, its packed objects lie beside the checked-out files: room for both.
  limits_.bytes_max *= 2;
  limits_.files_max *= 2;
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

std::optional<Error> SizeWatch::excess() const {
  return excess_.with([](const std::optional<Error>& excess) { return excess; });
}

void SizeWatch::watch(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "sigil-size");
  while (sleep_for(std::chrono::milliseconds(500), stop)) {
    auto size = check_tree_size(root_, limits_);
    if (size) continue;
    excess_.with([&](std::optional<Error>& excess) { excess = std::move(size).error(); });
    both_.request_stop();
    return;
  }
}

}  // namespace sigil::builder
