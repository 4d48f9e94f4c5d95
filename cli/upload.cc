#include "cli/upload.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/crypto/crypto.h"
#include "cli/follow.h"

namespace sigil::cli {
namespace {

constexpr std::chrono::milliseconds kPatience{60'000};
constexpr int kResumesMax = 50;  // a server that never moves on must not keep us for ever

// Where the server wants to go on; asked again after any trouble, since a chunk whose answer was
// lost may have arrived.
Result<std::int64_t> offset_of(const Api& api, const std::string& path, std::stop_token stop) {
  SIGIL_TRY(const Json facts, api.get(path, {}, stop));
  return integer_or(facts, "offset", 0);
}

bool may_resume(const Error& error) {
  return error.code == ErrorCode::conflict || error.code == ErrorCode::unavailable ||
         error.code == ErrorCode::timed_out;
}

}  // namespace

Result<std::string> upload(const Api& api, const Clock& clock, std::string_view bytes,
                           const OnSent& on_sent, std::stop_token stop) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  SIGIL_TRY(const Json made,
            api.post("/api/v1/uploads",
                     Json({{"size", size}, {"sha256", crypto::sha256_hex(bytes)}}), stop));
  const std::string id = string_or(made, "id");
  const std::string path = "/api/v1/uploads/" + segment(id);
  std::int64_t offset = integer_or(made, "offset", 0);
  Backoff backoff(clock, kPatience);
  int resumes = 0;
  while (offset < size) {
    const auto from = static_cast<std::size_t>(std::clamp<std::int64_t>(offset, 0, size));
    const std::string chunk(bytes.substr(from, kChunkBytesMax));
    const auto answer = api.put_bytes(path, {{"offset", std::to_string(offset)}}, chunk, stop);
    if (answer) {
      backoff.answered();
      offset = integer_or(*answer, "offset", offset + static_cast<std::int64_t>(chunk.size()));
      if (on_sent) on_sent(offset, size);
      continue;
    }
    if (!may_resume(answer.error()) || ++resumes > kResumesMax) return fail(answer.error());
    if (const auto wait = backoff.next(answer.error()); wait) (void)sleep_for(*wait, stop);
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "the upload was interrupted");
    // A failed checksum is a conflict too; the offset then stands where it stood, and we give up.
    const auto now = offset_of(api, path, stop);
    if (now && answer.error().code == ErrorCode::conflict && *now == offset)
      return fail(answer.error());
    if (now) offset = *now;
    if (!now && !may_resume(now.error())) return fail(now.error());
  }
  return id;
}

}  // namespace sigil::cli
