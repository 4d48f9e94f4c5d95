#include "runtime/docker/container_removal.h"

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"

namespace sigil::runtime {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kGoneWithin{30};
constexpr milliseconds kLookAgain{50};
constexpr std::size_t kAtOnceMax = 4;
constexpr std::string_view kTagPrefix = "sigil/";

bool is_gone(const Result<void>& result) {
  return !result && result.error().code == ErrorCode::not_found;
}

// The engine answers 409 while an earlier removal is under way; until it is over, the name is
// taken.
Result<void> wait_until_gone(const engine::Engine& engine, const std::string& id) {
  const auto deadline = system_clock().steady_now() + kGoneWithin;
  while (system_clock().steady_now() < deadline) {
    const auto inspected = engine.inspect_container(id);
    if (!inspected && inspected.error().code == ErrorCode::not_found) return {};
    if (!inspected) return tl::unexpected(inspected.error());
    const auto again = engine.remove_container(id, true);
    if (again || is_gone(again)) return {};
    sleep_for(kLookAgain, {});
  }
  return fail(ErrorCode::timed_out, "E_ENGINE", "the engine does not finish removing " + id);
}

}  // namespace

Result<void> remove_and_wait(const engine::Engine& engine, const std::string& id) {
  auto removed = engine.remove_container(id, true);
  if (removed || is_gone(removed)) return {};
  if (removed.error().code == ErrorCode::conflict) return wait_until_gone(engine, id);
  return removed;
}

Result<void> stop_and_remove(const engine::Engine& engine, const std::string& id,
                             std::chrono::seconds grace) {
  if (grace.count() > 0) {
    const auto stopped = engine.stop_container(id, grace);
    if (is_gone(stopped)) return {};
    // Whatever else went wrong with the gentle way, the forced removal tells.
  }
  return remove_and_wait(engine, id);
}

Result<void> stop_and_remove_all(const engine::Engine& engine,
                                 const std::vector<engine::ContainerSummary>& containers,
                                 std::chrono::seconds grace) {
  std::atomic<std::size_t> next = 0;
  Guarded<std::optional<Error>> first_error;
  const auto work = [&] {
    for (std::size_t i = next++; i < containers.size(); i = next++) {
      auto removed = stop_and_remove(engine, containers[i].id, grace);
      if (removed) continue;
      first_error.with([&removed](std::optional<Error>& kept) {
        if (!kept) kept = std::move(removed).error();
      });
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 1; i < std::min(containers.size(), kAtOnceMax); ++i)
      workers.emplace_back(work);
    work();
  }
  auto error = first_error.with([](const std::optional<Error>& kept) { return kept; });
  if (error) return fail(*std::move(error));
  return {};
}

Result<void> remove_image_of_ours(const engine::Engine& engine, const Json& image) {
  const auto tolerate = [](Result<void> removed) -> Result<void> {
    // conflict: another tag or a container of somebody else's holds it.
    if (removed || is_gone(removed) || removed.error().code == ErrorCode::conflict) return {};
    return removed;
  };
  bool has_foreign_tag = false;
  const auto tags = image.find("RepoTags");
  if (tags != image.end() && tags->is_array()) {
    for (const Json& tag : *tags) {
      const std::string text = tag.is_string() ? tag.get<std::string>() : "";
      if (text.starts_with(kTagPrefix))
        SIGIL_CHECK(tolerate(engine.remove_image(text)));
      else if (!text.empty() && text != "<none>:<none>")
        has_foreign_tag = true;
    }
  }
  if (has_foreign_tag) return {};
  return tolerate(engine.remove_image(string_or(image, "Id")));
}

}  // namespace sigil::runtime
