#include "builder/fetch/extract.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "base/descriptor.h"
#include "builder/source_tree.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

struct FreeReader {
  void operator()(archive* handle) const noexcept { archive_read_free(handle); }
};
using Reader = std::unique_ptr<archive, FreeReader>;

constexpr std::size_t kPathBytesMax = 1024;
constexpr std::size_t kDepthMax = 64;

tl::unexpected<Error> refused(const std::string& why) {
  return fail(ErrorCode::invalid_argument, "E_FETCH", "the archive is refused: " + why,
              "pack the directory with sigil deploy, or with plain tar");
}

tl::unexpected<Error> too_much(const std::string& what) {
  return fail(ErrorCode::too_large, "E_LIMIT", "the archive unpacks to more than " + what,
              "name what the server does not need in .dockerignore");
}

Reader make_reader() {
  Reader reader(archive_read_new());
  for (const auto support : {archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
                             archive_read_support_filter_xz, archive_read_support_filter_zstd})
    support(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_zip(reader.get());
  return reader;
}

std::string name_for_message(const std::string& path) { return "\"" + excerpt(path, 120) + "\""; }

class Extraction {
 public:
  Extraction(archive* reader, const ExtractOptions& options, std::stop_token stop)
      : reader_(reader),
        options_(options),
        stop_(std::move(stop)),
        root_(::open(options.target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

  Result<void> run() {
    if (!root_.is_open()) return refused(options_.target + ": " + std::strerror(errno));
    archive_entry* entry = nullptr;
    while (true) {
      if (stop_.stop_requested()) return fail(ErrorCode::cancelled, "E_CANCELLED", "cancelled");
      const int code = archive_read_next_header(reader_, &entry);
      if (code == ARCHIVE_EOF) break;
      if (code < ARCHIVE_WARN) return refused(problem());
      if (++files_ > options_.limits.files_max)
        return too_much(std::to_string(options_.limits.files_max) + " files");
      SIGIL_CHECK(take(entry));
    }
    return files_ == 0 ? Result<void>(refused("it is empty")) : Result<void>{};
  }

 private:
  std::string problem() const {
    const char* text = archive_error_string(reader_);
    return text == nullptr ? "it cannot be read" : excerpt(text, 200);
  }

  Result<void> take(archive_entry* entry) {
    const char* raw = archive_entry_pathname(entry);
    if (raw == nullptr) raw = archive_entry_pathname_utf8(entry);
    if (raw == nullptr) return refused("an entry has no readable name");
    std::string written = raw;
    if (written.size() > kPathBytesMax) return refused("a name is longer than 1024 bytes");
    if (begins_with(written, "/") || contains(written, "\\"))
      return refused(name_for_message(written) + " is no relative name");
    // ".." is refused wherever it stands, also where it would come back inside.
    for (const auto& part : split(written, '/'))
      if (part == "..") return refused(name_for_message(written) + " leaves the archive");
    auto path = normal_path(written).value_or("");
    if (options_.strip_first) {
      const std::size_t slash = path.find('/');
      if (slash == std::string::npos) return {};
      path.erase(0, slash + 1);
    }
    if (path.empty() || path == ".") return {};
    return place(entry, split(path, '/'), path);
  }

  Result<void> place(archive_entry* entry, const std::vector<std::string>& parts,
                     const std::string& path) {
    if (parts.size() > kDepthMax) return refused("nested deeper than 64 folders");
    if (archive_entry_hardlink(entry) != nullptr)
      return refused(name_for_message(path) + " is a hard link");
    const auto kind = archive_entry_filetype(entry);
    // A .git folder could carry hooks and configuration; the build needs none of it.
    if (parts[0] == ".git") return {};
    if (kind == AE_IFDIR) {
      SIGIL_CHECK(folder(parts, parts.size()));
      return {};
    }
    SIGIL_TRY(const Descriptor parent, folder(parts, parts.size() - 1));
    if (kind == AE_IFLNK) return link(entry, parent, parts.back(), path);
    if (kind != AE_IFREG) return refused(name_for_message(path) + " is a device, fifo or socket");
    return file(entry, parent, parts.back(), path);
  }

  // Opens the folder of the first `count` parts, making what is missing, never through a link.
  Result<Descriptor> folder(const std::vector<std::string>& parts, std::size_t count) {
    Descriptor at(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
    for (std::size_t i = 0; i < count; ++i) {
      const char* name = parts[i].c_str();
      if (::mkdirat(at.get(), name, 0755) == 0)
        ++files_;
      else if (errno != EEXIST)
        return refused(name_for_message(parts[i]) + ": " + std::strerror(errno));
      if (files_ > options_.limits.files_max)
        return too_much(std::to_string(options_.limits.files_max) + " files");
      Descriptor next(::openat(at.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!next.is_open())
        return refused(name_for_message(parts[i]) + " is used as a folder and is none");
      at = std::move(next);
    }
    return at;
  }

  Result<void> link(archive_entry* entry, const Descriptor& parent, const std::string& name,
                    const std::string& path) {
    const char* raw = archive_entry_symlink(entry);
    const std::string target = raw == nullptr ? "" : raw;
    if (target.empty() || target.size() > kPathBytesMax || !is_link_inside(path, target))
      return refused("the link " + name_for_message(path) + " points outside");
    ::unlinkat(parent.get(), name.c_str(), 0);
    if (::symlinkat(target.c_str(), parent.get(), name.c_str()) != 0)
      return refused(name_for_message(path) + ": " + std::strerror(errno));
    return {};
  }

  Result<void> file(archive_entry* entry, const Descriptor& parent, const std::string& name,
                    const std::string& path) {
    const bool is_program = (archive_entry_perm(entry) & 0111U) != 0;
    // An earlier entry of this name, a link too, is replaced and never written through.
    ::unlinkat(parent.get(), name.c_str(), 0);
    const Descriptor out(::openat(parent.get(), name.c_str(),
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                  is_program ? 0755 : 0644));
    if (!out.is_open()) return refused(name_for_message(path) + ": " + std::strerror(errno));
    ::fchmod(out.get(), is_program ? 0755 : 0644);
    SIGIL_CHECK(copy(out, path));
    // A hole at the end has no data block of its own.
    const la_int64_t size = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : 0;
    if (size > options_.limits.bytes_max) return too_much(bytes_text());
    struct stat about {};
    if (::fstat(out.get(), &about) == 0 && about.st_size < size &&
        ::ftruncate(out.get(), size) != 0)
      return refused(name_for_message(path) + ": " + std::strerror(errno));
    return {};
  }

  // Sparse files come in pieces with gaps; the gaps count as much as bytes do.
  Result<void> copy(const Descriptor& out, const std::string& path) {
    const void* piece = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    la_int64_t end = 0;
    while (true) {
      if (stop_.stop_requested()) return fail(ErrorCode::cancelled, "E_CANCELLED", "cancelled");
      const int code = archive_read_data_block(reader_, &piece, &size, &offset);
      if (code == ARCHIVE_EOF) break;
      if (code < ARCHIVE_WARN) return refused(name_for_message(path) + ": " + problem());
      if (offset < 0 || offset > options_.limits.bytes_max) return too_much(bytes_text());
      const la_int64_t piece_end = offset + static_cast<la_int64_t>(size);
      bytes_ += std::max<la_int64_t>(0, piece_end - end);
      end = std::max(end, piece_end);
      if (bytes_ > options_.limits.bytes_max) return too_much(bytes_text());
      if (::pwrite(out.get(), piece, size, offset) != static_cast<ssize_t>(size))
        return refused(name_for_message(path) + ": " + std::strerror(errno));
    }
    return {};
  }

  std::string bytes_text() const {
    return std::to_string(options_.limits.bytes_max >> 20U) + " MiB";
  }

  archive* reader_;
  const ExtractOptions& options_;
  std::stop_token stop_;
  Descriptor root_;
  std::int64_t files_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace

bool is_link_inside(std::string_view path, std::string_view target) {
  if (target.empty() || target.front() == '/' || target.find('\0') != std::string_view::npos)
    return false;
  const std::size_t slash = path.rfind('/');
  const auto folder = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  return normal_path(joined_path(folder, target)).has_value();
}

Result<void> extract_file(const std::string& archive, const ExtractOptions& options,
                          std::stop_token stop) {
  const auto reader = make_reader();
  if (archive_read_open_filename(reader.get(), archive.c_str(), 64 * 1024) != ARCHIVE_OK)
    return refused("it is neither tar nor zip");
  return Extraction(reader.get(), options, std::move(stop)).run();
}

Result<void> extract_bytes(std::string_view bytes, const ExtractOptions& options,
                           std::stop_token stop) {
  const auto reader = make_reader();
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
    return refused("it is neither tar nor zip");
  return Extraction(reader.get(), options, std::move(stop)).run();
}

}  // namespace sigil::builder
