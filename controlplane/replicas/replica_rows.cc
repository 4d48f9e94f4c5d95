#include "controlplane/replicas/replica_rows.h"

#include <cstdio>
#include <ctime>
#include <deque>

namespace sigil::controlplane {

namespace {

constexpr std::size_t kLinesMax = 20;
constexpr std::size_t kLineBytesMax = 500;

}  // namespace

std::optional<WallTime> time_from_rfc3339(const std::string& text) {
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  std::int64_t nanoseconds = 0;
  if (*rest == '.') {
    std::int64_t unit = 100'000'000;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10)
      nanoseconds += unit * (*rest - '0');
  }
  std::int64_t offset_seconds = 0;
  int hours = 0;
  int minutes = 0;
  if (*rest == '+' || *rest == '-') {
    if (std::sscanf(rest + 1, "%2d:%2d", &hours, &minutes) != 2) return std::nullopt;
    offset_seconds = (hours * 3600 + minutes * 60) * (*rest == '-' ? -1 : 1);
  } else if (*rest != 'Z') {
    return std::nullopt;
  }
  const auto seconds = static_cast<std::int64_t>(::timegm(&parts)) - offset_seconds;
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds)));
}

void note_running(db::Replica& row, const runtime::ObservedReplica& observed) {
  row.container = observed.container;
  row.address = observed.address;
  row.started_at = time_from_rfc3339(observed.started_at);
}

void note_exit(db::Replica& row, const runtime::ObservedReplica& observed) {
  row.state = db::ReplicaState::crashed;
  row.exit_code = observed.exit_code;
  row.was_out_of_memory = observed.was_out_of_memory;
  row.address.clear();
}

std::vector<std::string> last_stderr(runtime::Driver& driver, const ReplicaId& replica) {
  std::deque<std::string> errors;
  std::deque<std::string> output;
  const auto read = driver.follow_logs(replica, "", false,
                                       [&](const runtime::ReplicaLogLine& line) {
                                         auto& lines = line.is_stderr ? errors : output;
                                         lines.push_back(line.text.substr(0, kLineBytesMax));
                                         if (lines.size() > kLinesMax) lines.pop_front();
                                         return true;
                                       },
                                       {});
  if (!read && errors.empty() && output.empty()) return {};
  const auto& lines = errors.empty() ? output : errors;
  return {lines.begin(), lines.end()};
}

}  // namespace sigil::controlplane
