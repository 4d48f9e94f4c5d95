#include "cli/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/descriptor.h"
#include "cli/ignore_rules.h"

namespace sigil::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBytesMax = 1024LL * 1024 * 1024;
constexpr std::int64_t kFilesMax = 100'000;
constexpr std::uintmax_t kIgnoreFileBytesMax = 1024 * 1024;

struct FreeWriter {
  void operator()(archive* handle) const noexcept { archive_write_free(handle); }
};
using Writer = std::unique_ptr<archive, FreeWriter>;
struct FreeEntry {
  void operator()(archive_entry* entry) const noexcept { archive_entry_free(entry); }
};
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

tl::unexpected<Error> unreadable(const std::string& path, const std::string& why) {
  return fail(ErrorCode::invalid_argument, "E_FETCH",
              fmt::format("{} cannot be read: {}", path, why));
}

IgnoreRules rules_of(const fs::path& root) {
  const fs::path path = root / ".dockerignore";
  std::error_code error;
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > kIgnoreFileBytesMax)
    return {};
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return IgnoreRules::parse(text.str());
}

// Relative paths of what travels, sorted by bytes, so that order does not depend on the disk.
Result<std::vector<std::string>> paths_to_send(const fs::path& root) {
  const IgnoreRules rules = rules_of(root);
  std::vector<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator each(root, error);
  if (error) return unreadable(root.string(), error.message());
  for (; each != fs::recursive_directory_iterator(); each.increment(error)) {
    if (error) return unreadable(root.string(), error.message());
    const std::string relative = each->path().lexically_relative(root).string();
    const bool is_directory = each->symlink_status().type() == fs::file_type::directory;
    const bool is_git = each->path().filename() == ".git";
    if (is_git || rules.is_ignored(relative)) {
      if (is_directory && (is_git || !rules.has_exceptions())) each.disable_recursion_pending();
      continue;
    }
    paths.push_back(relative);
    if (paths.size() > static_cast<std::size_t>(kFilesMax))
      return fail(ErrorCode::too_large, "E_LIMIT",
                  fmt::format("{} has more than {} files", root.string(), kFilesMax),
                  "name what the server does not need in .dockerignore");
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Entry entry_for(const std::string& relative, const struct stat& facts, const std::string& link) {
  Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), relative.c_str());
  const bool is_executable = (facts.st_mode & 0111U) != 0;
  if (S_ISDIR(facts.st_mode)) {
    archive_entry_set_filetype(entry.get(), AE_IFDIR);
    archive_entry_set_perm(entry.get(), 0755);
  } else if (S_ISLNK(facts.st_mode)) {
    archive_entry_set_filetype(entry.get(), AE_IFLNK);
    archive_entry_set_symlink(entry.get(), link.c_str());
    archive_entry_set_perm(entry.get(), 0777);
  } else {
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_size(entry.get(), facts.st_size);
    archive_entry_set_perm(entry.get(), is_executable ? 0755 : 0644);
  }
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_uid(entry.get(), 0);
  archive_entry_set_gid(entry.get(), 0);
  return entry;
}

// Exactly `size` bytes: a file that grows or shrinks meanwhile must not break the archive.
Result<void> copy_content(archive* writer, const std::string& path, std::int64_t size) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) return unreadable(path, std::strerror(errno));
  char buffer[64 * 1024];
  while (size > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(size, sizeof buffer));
    const ssize_t count = ::read(file.get(), buffer, wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return unreadable(path, "it changed while it was packed");
    if (archive_write_data(writer, buffer, static_cast<std::size_t>(count)) < 0)
      return fail(ErrorCode::internal, "E_INTERNAL", archive_error_string(writer));
    size -= count;
  }
  return {};
}

Result<void> write_one(archive* writer, const fs::path& root, const std::string& relative,
                       std::int64_t& bytes) {
  const std::string path = (root / relative).string();
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return unreadable(path, std::strerror(errno));
  std::string link;
  if (S_ISLNK(facts.st_mode)) {
    std::error_code error;
    link = fs::read_symlink(path, error).string();
    if (error) return unreadable(path, error.message());
  } else if (!S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode)) {
    return {};  // sockets, pipes and devices have no content to send
  }
  const Entry entry = entry_for(relative, facts, link);
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK)
    return fail(ErrorCode::internal, "E_INTERNAL",
                fmt::format("{}: {}", path, archive_error_string(writer)));
  if (!S_ISREG(facts.st_mode)) return {};
  bytes += facts.st_size;
  if (bytes > kBytesMax)
    return fail(ErrorCode::too_large, "E_LIMIT", root.string() + " has more than 1 GiB to send",
                "name what the server does not need in .dockerignore");
  return copy_content(writer, path, facts.st_size);
}

Result<Descriptor> temporary_file() {
  const char* named = std::getenv("TMPDIR");
  std::string path =
      std::string(named != nullptr && *named != '\0' ? named : "/tmp") + "/sigil-upload-XXXXXX";
  Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file.is_open())
    return fail(ErrorCode::internal, "E_DISK", fmt::format("{}: {}", path, std::strerror(errno)));
  ::unlink(path.c_str());
  return file;
}

}  // namespace

class PackedSource::Mapping {
 public:
  Mapping(void* address, std::size_t size) : address_(address), size_(size) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(address_, size_); }
  std::string_view bytes() const { return {static_cast<const char*>(address_), size_}; }

  static Result<std::unique_ptr<Mapping>> of(const Descriptor& file, const std::string& name) {
    struct stat facts {};
    if (::fstat(file.get(), &facts) != 0 || facts.st_size <= 0)
      return unreadable(name, "it is empty");
    if (facts.st_size > kBytesMax)
      return fail(ErrorCode::too_large, "E_LIMIT", name + " has more than 1 GiB");
    const auto size = static_cast<std::size_t>(facts.st_size);
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (address == MAP_FAILED) return unreadable(name, std::strerror(errno));
    return std::make_unique<Mapping>(address, size);
  }

 private:
  void* address_;
  std::size_t size_;
};

PackedSource::PackedSource(std::unique_ptr<Mapping> mapping, std::int64_t files)
    : mapping_(std::move(mapping)), files_(files) {}
PackedSource::PackedSource(PackedSource&&) noexcept = default;
PackedSource& PackedSource::operator=(PackedSource&&) noexcept = default;
PackedSource::~PackedSource() = default;

std::string_view PackedSource::bytes() const { return mapping_->bytes(); }

Result<PackedSource> PackedSource::open_archive(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return unreadable(path, std::strerror(errno));
  SIGIL_TRY(auto mapping, Mapping::of(file, path));
  return PackedSource(std::move(mapping), 1);
}

Result<PackedSource> PackedSource::pack_directory(const std::string& directory) {
  const fs::path root(directory);
  SIGIL_TRY(const auto paths, paths_to_send(root));
  if (paths.empty())
    return fail(ErrorCode::invalid_argument, "E_FETCH", directory + " has nothing to deploy");
  SIGIL_TRY(const Descriptor file, temporary_file());
  const Writer writer(archive_write_new());
  archive_write_set_format_pax_restricted(writer.get());
  archive_write_set_bytes_in_last_block(writer.get(), 1);
  if (archive_write_open_fd(writer.get(), file.get()) != ARCHIVE_OK)
    return fail(ErrorCode::internal, "E_INTERNAL", archive_error_string(writer.get()));
  std::int64_t bytes = 0;
  for (const auto& relative : paths) SIGIL_CHECK(write_one(writer.get(), root, relative, bytes));
  if (archive_write_close(writer.get()) != ARCHIVE_OK)
    return fail(ErrorCode::internal, "E_DISK", archive_error_string(writer.get()));
  SIGIL_TRY(auto mapping, Mapping::of(file, directory));
  return PackedSource(std::move(mapping), static_cast<std::int64_t>(paths.size()));
}

}  // namespace sigil::cli
