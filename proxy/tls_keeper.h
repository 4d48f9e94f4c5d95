// The certificate in use: read at start, read again when its files change. Connections that are
// open keep the one they began with; a pair that does not fit together never replaces one that
// does.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "base/guarded.h"
#include "proxy/tls.h"

namespace sigil::proxy {

class TlsKeeper {
 public:
  static Result<std::unique_ptr<TlsKeeper>> open(std::string cert_file, std::string key_file);
  // Any thread.
  std::shared_ptr<const TlsContext> current() const;
  // Looks at the files; called every second or so, by one thread. True: others are in use now.
  bool refresh();
  // Warns of what clients would stumble over: expiry, another name. `host` without port.
  void report(const std::string& host) const;

 private:
  TlsKeeper(std::string cert_file, std::string key_file)
      : cert_file_(std::move(cert_file)), key_file_(std::move(key_file)) {}
  std::string stamp() const;

  std::string cert_file_, key_file_;
  std::string stamp_;      // of the files in use
  std::string bad_stamp_;  // of files that were complained about
  Guarded<std::shared_ptr<const TlsContext>> current_;
};

}  // namespace sigil::proxy
