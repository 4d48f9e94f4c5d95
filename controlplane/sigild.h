// All of sigild, put together: every part gets its collaborators here and nowhere else. Made and
// owned by main; its destructor stops everything in the reverse order, leaving replicas and proxy
// as they are.
#pragma once

#include <memory>
#include <stop_token>

#include "base/result.h"
#include "controlplane/settings.h"

namespace sigil::controlplane {

class Sigild {
 public:
  // Returns when the API answers. The engine may be away; database and ports may not.
  static Result<std::unique_ptr<Sigild>> start(Settings settings, const std::stop_token& stop);
  ~Sigild();
  Sigild(const Sigild&) = delete;
  Sigild& operator=(const Sigild&) = delete;

  const Settings& settings() const;

  struct Parts;

 private:
  explicit Sigild(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

inline constexpr const char* kVersion = "0.1.0";

}  // namespace sigil::controlplane
