#include "controlplane/housekeeper.h"

#include <filesystem>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "controlplane/build_cache.h"
#include "registry-db/history.h"
#include "registry-db/operation_store.h"
#include "registry-db/upload_store.h"

namespace sigil::controlplane {

Housekeeper::Housekeeper(Parts parts)
    : parts_(std::move(parts)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Housekeeper::run(const std::stop_token& stop) {
  while (sleep_for(std::chrono::hours(1), stop)) {
    if (const auto pruned = db::prune_history(parts_.database, {}); !pruned)
      log::warn("history could not be cut", {{"error", pruned.error().message}});
    remove_uploads();
    remove_old_layers();
  }
}

void Housekeeper::remove_uploads() {
  db::UploadStore uploads(parts_.database.as(db::Caller::worker()));
  const auto expired = uploads.list_expired();
  if (!expired) return;
  for (const auto& upload : *expired) {
    std::error_code ignored;
    std::filesystem::remove(parts_.upload_directory + "/" + upload.id.text(), ignored);
    static_cast<void>(uploads.remove(upload.id));
  }
}

void Housekeeper::remove_old_layers() {
  db::OperationFilter filter;
  filter.states = {db::OperationState::running};
  db::PageRequest page;
  page.limit = 1;
  const auto running =
      db::OperationStore(parts_.database.as(db::Caller::worker())).list(filter, page);
  if (!running || running->total > 0) return;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(parts_.cache_age);
  const auto count = prune_build_cache(parts_.engine, parts_.instance, age);
  if (count && *count > 0) log::info("old build layers removed", {{"count", *count}});
}

}  // namespace sigil::controlplane
