#include "controlplane/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/crypto/crypto.h"
#include "base/encoding.h"

namespace sigil::controlplane {

namespace {

constexpr ::mode_t kOwnerAndGroup = 0750;
constexpr ::mode_t kOwnerOnly = 0700;

tl::unexpected<Error> cannot(const std::string& what, const std::string& path) {
  return fail(ErrorCode::unavailable, "data_dir",
              "cannot " + what + " " + path + ": " + std::strerror(errno),
              "run sigild as a user who may write there, or set data_dir (SIGIL_DATA_DIR)");
}

Result<void> make_directory(const std::string& path, ::mode_t mode) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return cannot("make", path);
  if (::chmod(path.c_str(), mode) != 0) return cannot("change the mode of", path);
  return {};
}

// The private cluster runs as a user of its own, who must be able to pass on the way to its folder,
// though not to look around.
Result<void> let_database_pass(const std::string& path) {
  struct ::stat status {};
  if (::geteuid() != 0 || ::stat(path.c_str(), &status) != 0) return {};
  if (::chmod(path.c_str(), (status.st_mode & 07777) | S_IXOTH) != 0)
    return cannot("change the mode of", path);
  return {};
}

// Made once: written beside and renamed, so that a crash leaves all of it or nothing.
Result<std::string> text_made_once(const std::string& path, const std::string& fresh,
                                   ::mode_t mode) {
  std::ifstream file(path);
  std::string text;
  if (file >> text && !text.empty()) return text;
  const auto beside = path + ".new";
  const int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (descriptor < 0) return cannot("write", beside);
  const auto line = fresh + "\n";
  const bool is_written =
      ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
      ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (!is_written || ::rename(beside.c_str(), path.c_str()) != 0) return cannot("write", path);
  return fresh;
}

}  // namespace

DataDirectory::DataDirectory(DataDirectory&& other) noexcept { *this = std::move(other); }

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept {
  if (this == &other) return *this;
  if (lock_descriptor_ >= 0) ::close(lock_descriptor_);
  path_ = std::move(other.path_);
  instance_ = std::move(other.instance_);
  secrets_key_ = std::move(other.secrets_key_);
  session_key_ = std::move(other.session_key_);
  control_token_ = std::move(other.control_token_);
  lock_descriptor_ = std::exchange(other.lock_descriptor_, -1);
  return *this;
}

DataDirectory::~DataDirectory() {
  if (lock_descriptor_ >= 0) ::close(lock_descriptor_);
}

Result<DataDirectory> DataDirectory::open(const std::string& path) {
  DataDirectory directory;
  directory.path_ = path;
  SIGIL_CHECK(make_directory(path, kOwnerAndGroup));
  SIGIL_CHECK(let_database_pass(path));
  SIGIL_CHECK(directory.lock());
  SIGIL_CHECK(directory.fill());
  return directory;
}

Result<void> DataDirectory::lock() {
  const auto file = path_ + "/sigild.pid";
  lock_descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (lock_descriptor_ < 0) return cannot("open", file);
  if (::flock(lock_descriptor_, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> holder{};
    const auto size = ::pread(lock_descriptor_, holder.data(), holder.size() - 1, 0);
    std::string pid(holder.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    while (!pid.empty() && pid.back() == '\n') pid.pop_back();
    return fail(ErrorCode::conflict, "already_running",
                "another sigild (process " + pid + ") uses " + path_,
                "stop it first, or give this one a data_dir of its own");
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock_descriptor_, 0) != 0 ||
      ::pwrite(lock_descriptor_, pid.data(), pid.size(), 0) < 0)
    return cannot("write", file);
  return {};
}

Result<void> DataDirectory::fill() {
  for (const auto* name : {"/keys", "/operations", "/uploads"})
    SIGIL_CHECK(make_directory(path_ + name, kOwnerOnly));
  for (const auto* name : {"/log", "/proxy"})
    SIGIL_CHECK(make_directory(path_ + name, kOwnerAndGroup));
  SIGIL_TRY(instance_, text_made_once(path_ + "/instance", to_hex(crypto::random_bytes(8)), 0644));
  SIGIL_TRY(secrets_key_, crypto::load_or_make_key_file(path_ + "/keys/secrets.key"));
  SIGIL_TRY(session_key_, crypto::load_or_make_key_file(path_ + "/keys/session.key"));
  SIGIL_TRY(auto token,
            text_made_once(path_ + "/control.token", to_hex(crypto::random_bytes(32)), 0600));
  control_token_ = Secret(std::move(token));
  return {};
}

}  // namespace sigil::controlplane
