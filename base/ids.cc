#include "base/ids.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "base/clock.h"
#include "base/result.h"

namespace sigil {
namespace {

constexpr std::string_view kCrockford = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kDigits = 26;

// Straight from the kernel: the static shim makes ids too and links no OpenSSL.
void fill_random(std::uint8_t* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t got = getrandom(bytes, count, 0);
    if (got < 0 && errno == EINTR) continue;
    SIGIL_ASSERT(got > 0);
    bytes += got;
    count -= static_cast<std::size_t>(got);
  }
}

}  // namespace

std::string make_id_text(std::string_view prefix) {
  std::array<std::uint8_t, 16> bytes{};
  const auto since_epoch = system_clock().wall_now().time_since_epoch();
  const auto now = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
  for (std::size_t i = 0; i < 6; ++i)
    bytes[i] = static_cast<std::uint8_t>((now >> (40 - 8 * i)) & 0xff);
  fill_random(bytes.data() + 6, bytes.size() - 6);

  std::string text(prefix);
  text += '_';
  // 130 bits in 26 digits: two leading zero bits, then the 128.
  unsigned bits = 0;
  int count = 2;
  std::size_t next = 0;
  for (std::size_t i = 0; i < kDigits; ++i) {
    if (count < 5) {
      bits = (bits << 8) | bytes[next++];
      count += 8;
    }
    count -= 5;
    text += kCrockford[(bits >> count) & 31];
    bits &= (1U << count) - 1;
  }
  return text;
}

}  // namespace sigil
