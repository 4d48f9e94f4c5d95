#include "controlplane/housekeeper.h"

#include <filesystem>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "registry-db/history.h"
#include "registry-db/upload_store.h"

namespace sigil::controlplane {

Housekeeper::Housekeeper(db::Database& database, std::string upload_directory)
    : database_(database),
      upload_directory_(std::move(upload_directory)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Housekeeper::run(const std::stop_token& stop) {
  while (sleep_for(std::chrono::hours(1), stop)) {
    if (const auto pruned = db::prune_history(database_, {}); !pruned)
      log::warn("history could not be cut", {{"error", pruned.error().message}});
    remove_uploads();
  }
}

void Housekeeper::remove_uploads() {
  db::UploadStore uploads(database_.as(db::Caller::worker()));
  const auto expired = uploads.list_expired();
  if (!expired) return;
  for (const auto& upload : *expired) {
    std::error_code ignored;
    std::filesystem::remove(upload_directory_ + "/" + upload.id.text(), ignored);
    static_cast<void>(uploads.remove(upload.id));
  }
}

}  // namespace sigil::controlplane
