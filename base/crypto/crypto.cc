#include "base/crypto/crypto.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/descriptor.h"
#include "base/encoding.h"

namespace sigil::crypto {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

tl::unexpected<Error> failed(const std::string& what, const std::string& path) {
  return fail(ErrorCode::internal, "cannot " + what + " " + path + ": " + std::strerror(errno));
}

Result<Secret> read_key_file(const Descriptor& file, const std::string& path) {
  struct stat about {};
  if (fstat(file.get(), &about) != 0) return failed("examine", path);
  if (!S_ISREG(about.st_mode))
    return fail(ErrorCode::invalid_argument, path + " is not a regular file");
  // Where the file is somebody else's, its owner let our group read it (the control token, which
  // two users share); whoever owns it keeps it to himself.
  const ::mode_t others = about.st_uid == ::geteuid() ? 077 : 037;
  if ((about.st_mode & others) != 0)
    return fail(ErrorCode::forbidden, "key_file_mode", path + " can be read by others",
                "chmod 600 " + path);
  std::string text(2 * kKeyBytes + 2, '\0');
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  if (got < 0) return failed("read", path);
  text.resize(static_cast<std::size_t>(got));
  if (text.ends_with('\n')) text.pop_back();
  auto key = from_hex(text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!key || key->size() != kKeyBytes)
    return fail(ErrorCode::invalid_argument, path + " does not hold a key of 64 hex digits");
  return Secret(*std::move(key));
}

Result<void> write_all(const Descriptor& file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t done = ::write(file.get(), text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return failed("write", path);
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  if (fsync(file.get()) != 0) return failed("write", path);
  return {};
}

// Written beside and linked into place: a half-written key never bears the name, and of two
// processes that make it at once the first wins (link refuses to replace).
Result<void> make_key_file(const std::string& path) {
  const std::string beside = path + "." + to_hex(random_bytes(8));
  {
    const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.is_open()) return failed("make", beside);
    std::string text = to_hex(random_bytes(kKeyBytes)) + "\n";
    auto written = write_all(file, text, beside);
    OPENSSL_cleanse(text.data(), text.size());
    if (!written) {
      ::unlink(beside.c_str());
      return written;
    }
  }
  const bool is_linked = ::link(beside.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const int reason = errno;
  ::unlink(beside.c_str());
  errno = reason;
  if (!is_linked) return failed("make", path);
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.is_open()) fsync(directory.get());
  return {};
}

}  // namespace

std::string sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  unsigned length = 0;
  SIGIL_ASSERT(EVP_Digest(bytes.data(), bytes.size(), bytes_of(digest), &length, EVP_sha256(),
                          nullptr) == 1 &&
               length == digest.size());
  return digest;
}

std::string sha256_hex(std::string_view bytes) { return to_hex(sha256(bytes)); }

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  SIGIL_ASSERT(RAND_bytes(bytes_of(bytes), static_cast<int>(count)) == 1);
  return bytes;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Result<Secret> load_or_make_key_file(const std::string& path) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.is_open()) return read_key_file(file, path);
    if (errno != ENOENT || attempt > 0) break;
    SIGIL_CHECK(make_key_file(path));
  }
  return failed("open", path);
}

std::string seal(const Secret& key, std::string_view plain, std::string_view bound_to) {
  SIGIL_ASSERT(key.reveal().size() == kKeyBytes);
  const std::string nonce = random_bytes(kNonceBytes);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string out(plain.size(), '\0');
  std::string tag(kTagBytes, '\0');
  int length = 0;
  bool is_good = cipher != nullptr && EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                                                         bytes_of(std::string_view(key.reveal())),
                                                         bytes_of(std::string_view(nonce))) == 1;
  is_good = is_good && EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes_of(bound_to),
                                         static_cast<int>(bound_to.size())) == 1;
  is_good = is_good && EVP_EncryptUpdate(cipher.get(), bytes_of(out), &length, bytes_of(plain),
                                         static_cast<int>(plain.size())) == 1;
  is_good = is_good && EVP_EncryptFinal_ex(cipher.get(), bytes_of(tag), &length) == 1;
  is_good = is_good &&
            EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, bytes_of(tag)) == 1;
  SIGIL_ASSERT(is_good);
  return nonce + out + tag;
}

Result<std::string> open(const Secret& key, std::string_view sealed, std::string_view bound_to) {
  SIGIL_ASSERT(key.reveal().size() == kKeyBytes);
  const auto refused = [] {
    return fail(ErrorCode::invalid_argument, "sealed_text_refused",
                "the sealed text was made with another key, for another place, or changed");
  };
  if (sealed.size() < kNonceBytes + kTagBytes) return refused();
  const std::string_view nonce = sealed.substr(0, kNonceBytes);
  const std::string_view body = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string plain(body.size(), '\0');
  std::string rest(kTagBytes, '\0');
  int length = 0;
  SIGIL_ASSERT(cipher != nullptr &&
               EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                                  bytes_of(std::string_view(key.reveal())), bytes_of(nonce)) == 1);
  bool is_good = EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes_of(bound_to),
                                   static_cast<int>(bound_to.size())) == 1;
  is_good = is_good && EVP_DecryptUpdate(cipher.get(), bytes_of(plain), &length, bytes_of(body),
                                         static_cast<int>(body.size())) == 1;
  is_good = is_good &&
            EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, bytes_of(tag)) == 1;
  is_good = is_good && EVP_DecryptFinal_ex(cipher.get(), bytes_of(rest), &length) == 1;
  if (!is_good) {
    OPENSSL_cleanse(plain.data(), plain.size());
    return refused();
  }
  return plain;
}

}  // namespace sigil::crypto
