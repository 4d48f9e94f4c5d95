// Once an hour: history is cut, uploads nobody finished or used are removed. Owned by main.
#pragma once

#include <string>
#include <thread>

#include "registry-db/database.h"

namespace sigil::controlplane {

class Housekeeper {
 public:
  Housekeeper(db::Database& database, std::string upload_directory);

 private:
  void run(const std::stop_token& stop);
  void remove_uploads();

  db::Database& database_;
  std::string upload_directory_;
  std::jthread thread_;
};

}  // namespace sigil::controlplane
