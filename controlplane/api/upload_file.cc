#include "controlplane/api/upload_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/crypto/crypto.h"
#include "base/log.h"

namespace sigil::api {
namespace {

// Room that an upload leaves for the database and for builds.
constexpr std::int64_t kDiskReserve = 256LL * 1024 * 1024;

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

// A file's bytes without a copy of them.
class Mapping {
 public:
  Mapping(int fd, std::size_t size)
      : size_(size), bytes_(::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0)) {}
  ~Mapping() {
    if (is_mapped()) ::munmap(bytes_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  bool is_mapped() const { return bytes_ != MAP_FAILED; }
  std::string_view bytes() const { return {static_cast<const char*>(bytes_), size_}; }

 private:
  std::size_t size_;
  void* bytes_;
};

tl::unexpected<Error> failed(const std::string& what) {
  const int number = errno;
  if (number == ENOSPC || number == EDQUOT)
    return fail(ErrorCode::unavailable, "E_DISK", "the disk with the data directory is full",
                "Free some space; sigil doctor shows how much there is.");
  return fail(ErrorCode::internal, what + ": " + std::strerror(number));
}

}  // namespace

Result<void> UploadFiles::create(const UploadId& id, std::int64_t size) const {
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return failed("make " + folder_);
  struct statvfs disk {};
  if (::statvfs(folder_.c_str(), &disk) != 0) return failed("look at " + folder_);
  const auto available = static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize);
  if (available < size + kDiskReserve)
    return fail(ErrorCode::unavailable, "E_DISK",
                "the disk with the data directory has no room for this upload",
                "Free some space; sigil doctor shows how much there is.");
  const File file(path_of(id), O_WRONLY | O_CREAT | O_EXCL);
  if (!file.is_open()) return failed("make " + path_of(id));
  return {};
}

Result<void> UploadFiles::write(const UploadId& id, std::int64_t offset,
                                std::string_view bytes) const {
  const File file(path_of(id), O_WRONLY);
  if (!file.is_open()) return failed("open " + path_of(id));
  while (!bytes.empty()) {
    const auto written = ::pwrite(file.fd(), bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("write " + path_of(id));
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += written;
  }
  if (::fdatasync(file.fd()) != 0) return failed("sync " + path_of(id));
  return {};
}

Result<std::string> UploadFiles::sha256(const UploadId& id) const {
  const File file(path_of(id), O_RDONLY);
  struct stat status {};
  if (!file.is_open() || ::fstat(file.fd(), &status) != 0) return failed("open " + path_of(id));
  if (status.st_size == 0) return crypto::sha256_hex("");
  const Mapping mapping(file.fd(), static_cast<std::size_t>(status.st_size));
  if (!mapping.is_mapped()) return failed("map " + path_of(id));
  return crypto::sha256_hex(mapping.bytes());
}

void UploadFiles::remove(const UploadId& id) const {
  if (::unlink(path_of(id).c_str()) != 0 && errno != ENOENT)
    log::warn("an upload's file stays", {{"upload", id.text()}, {"reason", std::strerror(errno)}});
}

}  // namespace sigil::api
