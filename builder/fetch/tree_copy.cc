#include "builder/fetch/tree_copy.h"

#include <filesystem>

#include "builder/fetch/extract.h"
#include "builder/text.h"

namespace sigil::builder {

namespace fs = std::filesystem;

namespace {

bool is_left_out(const std::string& name) {
  return name == ".git" || name == "node_modules" || name == ".venv" || name == "__pycache__";
}

tl::unexpected<Error> too_much(const std::string& what) {
  return fail(ErrorCode::too_large, "E_LIMIT", "the directory holds more than " + what,
              "name a smaller directory, or raise the limit for fetching");
}

class Copy {
 public:
  Copy(fs::path from, fs::path to, const FetchLimits& limits, const LogSink& log,
       std::stop_token stop)
      : from_(std::move(from)),
        to_(std::move(to)),
        limits_(limits),
        log_(log),
        stop_(std::move(stop)) {}

  Result<void> run() {
    std::error_code error;
    fs::recursive_directory_iterator each(from_, error);
    for (const fs::recursive_directory_iterator end; !error && each != end; each.increment(error)) {
      if (stop_.stop_requested()) return fail(ErrorCode::cancelled, "E_CANCELLED", "cancelled");
      if (is_left_out(each->path().filename().string())) {
        each.disable_recursion_pending();
        continue;
      }
      if (++files_ > limits_.files_max)
        return too_much(std::to_string(limits_.files_max) + " files");
      SIGIL_CHECK(take(*each));
    }
    if (error) return fail(ErrorCode::internal, "E_FETCH", from_.string() + ": " + error.message());
    return {};
  }

 private:
  Result<void> take(const fs::directory_entry& entry) {
    std::error_code error;
    const auto relative = entry.path().lexically_relative(from_);
    const auto status = entry.symlink_status(error);
    const auto target = to_ / relative;
    if (fs::is_symlink(status)) {
      const auto points_to = fs::read_symlink(entry.path(), error).string();
      if (is_link_inside(relative.string(), points_to))
        fs::create_symlink(points_to, target, error);
      else if (log_.line)
        log_.line("sigil", "the link " + relative.string() + " points outside and is left out");
    } else if (fs::is_directory(status)) {
      fs::create_directory(target, error);
    } else if (fs::is_regular_file(status)) {
      bytes_ += static_cast<std::int64_t>(fs::file_size(entry.path(), error));
      if (bytes_ > limits_.bytes_max)
        return too_much(std::to_string(limits_.bytes_max >> 20U) + " MiB");
      fs::copy_file(entry.path(), target, error);
    }
    if (error)
      return fail(ErrorCode::internal, "E_FETCH",
                  entry.path().string() + " cannot be copied: " + error.message());
    return {};
  }

  fs::path from_;
  fs::path to_;
  FetchLimits limits_;
  const LogSink& log_;
  std::stop_token stop_;
  std::int64_t files_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace

Result<void> copy_tree(const std::string& from, const std::string& to, const FetchLimits& limits,
                       const LogSink& log, std::stop_token stop) {
  std::error_code error;
  if (!fs::is_directory(from, error))
    return fail(ErrorCode::not_found, "E_FETCH", from + " is no directory of this host",
                "check the path; a directory of another machine is sent by sigil deploy DIRECTORY");
  fs::create_directories(to, error);
  return Copy(fs::canonical(from, error), to, limits, log, std::move(stop)).run();
}

}  // namespace sigil::builder
