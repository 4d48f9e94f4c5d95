// Text that must not be seen: it prints as [redacted], so it cannot be logged by accident, and is
// wiped when it dies.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace sigil {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&&) noexcept = default;
  ~Secret() { wipe(); }

  // The one way to the text; reads as what it is at the place of use.
  const std::string& reveal() const { return text_; }
  bool is_empty() const { return text_.empty(); }

 private:
  void wipe() {
    volatile char* bytes = text_.data();
    for (std::size_t i = 0; i < text_.size(); ++i) bytes[i] = 0;
  }
  std::string text_;
};

inline std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "[redacted]"; }
inline std::string_view to_text(const Secret&) { return "[redacted]"; }

}  // namespace sigil
