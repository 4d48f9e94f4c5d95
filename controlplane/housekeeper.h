// Once an hour: history is cut, uploads nobody finished or used and old build layers are removed.
// Owned by main.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "base/engine/engine.h"
#include "registry-db/database.h"

namespace sigil::controlplane {

class Housekeeper {
 public:
  struct Parts {
    db::Database& database;
    const engine::Engine& engine;
    std::string instance;
    std::string upload_directory;
    std::chrono::milliseconds cache_age;
  };
  explicit Housekeeper(Parts parts);

 private:
  void run(const std::stop_token& stop);
  void remove_uploads();
  void remove_old_layers();

  Parts parts_;
  std::jthread thread_;
};

}  // namespace sigil::controlplane
