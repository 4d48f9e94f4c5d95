// Takes known secret values out of text that is kept or shown: log lines, error messages. A value
// type; const functions may be called from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "controlplane/secret_box.h"

namespace sigil::controlplane {

class Redactor {
 public:
  Redactor() = default;
  explicit Redactor(const Secrets& secrets);

  // Every occurrence of a value becomes [redacted]; also in its JSON, URL and Base64 spellings.
  std::string clean(std::string_view text) const;

 private:
  std::vector<Secret> needles_;  // longest first
};

}  // namespace sigil::controlplane
