// The bytes of resumable uploads, one file each under <data_dir>/uploads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace sigil::api {

class UploadFiles {
 public:
  explicit UploadFiles(std::string data_dir) : folder_(std::move(data_dir) + "/uploads") {}

  std::string path_of(const UploadId& id) const { return folder_ + '/' + id.text(); }
  // E_DISK when `size` bytes and a reserve do not fit; makes the empty file (0600).
  Result<void> create(const UploadId& id, std::int64_t size) const;
  // On disk when it returns.
  Result<void> write(const UploadId& id, std::int64_t offset, std::string_view bytes) const;
  // Hex.
  Result<std::string> sha256(const UploadId& id) const;
  // Gone already: success.
  void remove(const UploadId& id) const;

 private:
  std::string folder_;
};

}  // namespace sigil::api
