// The Authenticator: a key's checksum, then its hash in the database, then its user and team. Any
// thread.
#pragma once

#include "controlplane/services.h"
#include "registry-db/database.h"

namespace sigil::controlplane {

class KeyAuthenticator final : public Authenticator {
 public:
  explicit KeyAuthenticator(db::Database& database) : database_(database) {}
  Result<Caller> authenticate(std::string_view authorization) override;

 private:
  db::Database& database_;
};

}  // namespace sigil::controlplane
