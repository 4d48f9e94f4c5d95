#include "proxy/tls_keeper.h"

#include <sys/stat.h>

#include <utility>

#include "base/crypto/certificate.h"
#include "base/log.h"

namespace sigil::proxy {

Result<std::unique_ptr<TlsKeeper>> TlsKeeper::open(std::string cert_file, std::string key_file) {
  std::unique_ptr<TlsKeeper> keeper(new TlsKeeper(std::move(cert_file), std::move(key_file)));
  keeper->stamp_ = keeper->stamp();
  SIGIL_TRY(auto context, TlsContext::load(keeper->cert_file_, keeper->key_file_));
  keeper->current_.with([&](auto& current) { current = std::move(context); });
  return keeper;
}

std::shared_ptr<const TlsContext> TlsKeeper::current() const {
  return current_.with([](const auto& current) { return current; });
}

// Files are replaced by renaming, by writing over them, or behind a link: all show in this.
std::string TlsKeeper::stamp() const {
  std::string text;
  for (const auto& path : {cert_file_, key_file_}) {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) about = {};
    for (const auto number :
         {static_cast<std::int64_t>(about.st_ino), static_cast<std::int64_t>(about.st_size),
          static_cast<std::int64_t>(about.st_mtim.tv_sec),
          static_cast<std::int64_t>(about.st_mtim.tv_nsec)})
      text += std::to_string(number) + " ";
  }
  return text;
}

bool TlsKeeper::refresh() {
  // Taken first: files that change while they are read are read again.
  const std::string now = stamp();
  if (now == stamp_) return false;
  auto loaded = TlsContext::load(cert_file_, key_file_);
  if (!loaded.has_value()) {
    // Maybe the key is not there yet; said once, tried again each time.
    if (std::exchange(bad_stamp_, now) != now)
      log::error("the new certificate is not used; the last good one stays",
                 {{"reason", loaded.error().message}});
    return false;
  }
  stamp_ = now;
  current_.with([&](auto& current) { std::swap(current, *loaded); });
  log::info("a new certificate is in use", {{"file", cert_file_}});
  return true;
}

void TlsKeeper::report(const std::string& host) const {
  const auto facts = crypto::read_certificate(cert_file_);
  if (!facts.has_value()) return;
  for (const auto& problem : crypto::certificate_problems(*facts, host, system_clock().wall_now()))
    log::warn("clients may refuse the certificate", {{"reason", problem}, {"file", cert_file_}});
}

}  // namespace sigil::proxy
