// The sockets a proxy inherits from generation to generation, and the file that says it runs.
#pragma once

#include <string>
#include <vector>

#include "base/config/settings.h"
#include "base/descriptor.h"
#include "base/result.h"

namespace sigil::proxy {

// All are close-on-exec; who starts a successor lets it have them.
struct Sockets {
  std::vector<Descriptor> data;  // one for each worker
  Descriptor redirect;           // not open: none
  Descriptor control;
  Descriptor pid_file;  // locked as long as any process of this proxy lives

  std::string to_text() const;  // descriptor numbers, for a successor
  static Result<Sockets> from_text(const std::string& text);
};

// conflict: something else listens there.
Result<std::vector<Descriptor>> listen_on(const config::Address& address, std::size_t count);
// conflict: another proxy of this data directory runs.
Result<Descriptor> lock_pid_file(const std::string& path);
void write_pid(const Descriptor& pid_file);

}  // namespace sigil::proxy
