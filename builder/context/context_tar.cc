#include "builder/context/context_tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/descriptor.h"

namespace sigil::builder {

namespace fs = std::filesystem;

namespace {

struct FreeArchive {
  void operator()(archive* handle) const noexcept { archive_write_free(handle); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const noexcept { archive_entry_free(entry); }
};
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

Entry make_entry(const std::string& path, unsigned kind, int mode) {
  Entry entry(archive_entry_new());
  // As bytes: given as UTF-8, libarchive 3.6 crashes on names the process's locale cannot spell.
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_filetype(entry.get(), kind);
  archive_entry_set_perm(entry.get(), static_cast<mode_t>(mode));
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_uid(entry.get(), 0);
  archive_entry_set_gid(entry.get(), 0);
  return entry;
}

la_ssize_t collect(archive*, void* into, const void* bytes, size_t count) {
  static_cast<std::string*>(into)->append(static_cast<const char*>(bytes), count);
  return static_cast<la_ssize_t>(count);
}

}  // namespace

struct ContextTar::Writer {
  std::string ready;  // tar bytes not read yet
  std::size_t taken = 0;
  Descriptor file;  // being copied
  std::int64_t left = 0;
  bool is_closed = false;
  // Last: closing it still writes to `ready`.
  std::unique_ptr<archive, FreeArchive> handle{archive_write_new()};

  Writer() {
    archive_write_set_format_pax_restricted(handle.get());
    archive_write_set_bytes_per_block(handle.get(), 0);
    archive_write_set_bytes_in_last_block(handle.get(), 1);
    archive_write_open(handle.get(), &ready, nullptr, collect, nullptr);
  }
};

ContextTar::ContextTar(std::string root, const IgnoreRules& rules,
                       std::map<std::string, ContextFile> extra)
    : root_(std::move(root)), extra_(std::move(extra)), writer_(std::make_unique<Writer>()) {
  if (!root_.empty()) list(rules);
  for (const auto& [path, file] : extra_)
    if (std::find(paths_.begin(), paths_.end(), path) == paths_.end()) paths_.push_back(path);
  std::sort(paths_.begin(), paths_.end());
}

ContextTar::~ContextTar() = default;

void ContextTar::list(const IgnoreRules& rules) {
  std::error_code error;
  fs::recursive_directory_iterator each(root_, error);
  for (const fs::recursive_directory_iterator end; !error && each != end; each.increment(error)) {
    const auto relative = each->path().lexically_relative(root_).string();
    std::error_code ignored;
    const auto status = each->symlink_status(ignored);
    const bool is_folder = fs::is_directory(status);
    const bool is_git = each->path().filename() == ".git";
    if (is_git || rules.is_ignored(relative)) {
      if (is_folder && (is_git || !rules.has_exceptions())) each.disable_recursion_pending();
      continue;
    }
    if (is_folder || fs::is_regular_file(status) || fs::is_symlink(status))
      paths_.push_back(relative);
  }
  if (error) problem_ = root_ + ": " + error.message();
}

long ContextTar::read(char* buffer, std::size_t size) {
  if (!problem_.empty()) return -1;
  auto& writer = *writer_;
  while (writer.ready.size() - writer.taken == 0) {
    writer.ready.clear();
    writer.taken = 0;
    const bool is_done = writer.left == 0 && at_ == paths_.size();
    if (is_done && writer.is_closed) return 0;
    if (is_done) {
      archive_write_close(writer.handle.get());
      writer.is_closed = true;
    } else if (!(writer.left > 0 ? next_piece() : next_entry())) {
      return -1;
    }
  }
  const std::size_t count = std::min(size, writer.ready.size() - writer.taken);
  // NOLINTNEXTLINE(bugprone-not-null-terminated-result): tar bytes, not text.
  std::memcpy(buffer, writer.ready.data() + writer.taken, count);
  writer.taken += count;
  return static_cast<long>(count);
}

bool ContextTar::next_entry() {
  const auto& relative = paths_[at_++];
  auto* const writer = writer_->handle.get();
  if (const auto found = extra_.find(relative); found != extra_.end()) {
    const auto& file = found->second;
    auto entry = make_entry(relative, AE_IFREG, file.is_executable ? 0755 : 0644);
    archive_entry_set_size(entry.get(), static_cast<std::int64_t>(file.content.size()));
    archive_write_header(writer, entry.get());
    archive_write_data(writer, file.content.data(), file.content.size());
    return true;
  }
  const auto path = root_ + "/" + relative;
  std::error_code error;
  const auto status = fs::symlink_status(path, error);
  if (fs::is_symlink(status)) {
    auto entry = make_entry(relative, AE_IFLNK, 0777);
    archive_entry_set_symlink(entry.get(), fs::read_symlink(path, error).c_str());
    archive_write_header(writer, entry.get());
  } else if (fs::is_directory(status)) {
    archive_write_header(writer, make_entry(relative, AE_IFDIR, 0755).get());
  } else {
    return begin_file(relative);
  }
  return true;
}

bool ContextTar::begin_file(const std::string& relative) {
  const auto path = root_ + "/" + relative;
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat about {};
  if (!file.is_open() || ::fstat(file.get(), &about) != 0) {
    problem_ = path + ": " + std::strerror(errno);
    return false;
  }
  auto entry = make_entry(relative, AE_IFREG, (about.st_mode & 0111U) != 0 ? 0755 : 0644);
  archive_entry_set_size(entry.get(), about.st_size);
  archive_write_header(writer_->handle.get(), entry.get());
  writer_->file = std::move(file);
  writer_->left = about.st_size;
  return true;
}

bool ContextTar::next_piece() {
  std::array<char, 64 * 1024> piece;
  const auto wanted = static_cast<std::size_t>(
      std::min<std::int64_t>(writer_->left, static_cast<std::int64_t>(piece.size())));
  const ssize_t got = ::read(writer_->file.get(), piece.data(), wanted);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) {
    problem_ = root_ + "/" + paths_[at_ - 1] + " changed while it was sent";
    return false;
  }
  archive_write_data(writer_->handle.get(), piece.data(), static_cast<std::size_t>(got));
  writer_->left -= got;
  return true;
}

}  // namespace sigil::builder
