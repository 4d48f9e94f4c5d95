#include "runtime/shim/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/encoding.h"
#include "base/result.h"

namespace sigil::shim {

namespace {

void fill(void* bytes, std::size_t size) {
  ssize_t count = 0;
  do {
    count = getrandom(bytes, size, 0);
  } while (count < 0 && errno == EINTR);
  SIGIL_ASSERT(count == static_cast<ssize_t>(size));
}

}  // namespace

std::string random_id() {
  std::array<char, 16> bytes{};
  fill(bytes.data(), bytes.size());
  return to_hex(std::string_view(bytes.data(), bytes.size()));
}

double random_part() {
  std::uint32_t value = 0;
  fill(&value, sizeof(value));
  return static_cast<double>(value) / 4294967295.0;
}

}  // namespace sigil::shim
