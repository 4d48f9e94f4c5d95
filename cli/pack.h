// A directory as one tar file, the same bytes each time for the same content: sorted, no times, no
// owners. `.git` and what .dockerignore names stay at home. The file is temporary and goes away
// with its owner; the text is a view into its mapping.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sigil::cli {

class PackedSource {
 public:
  // invalid_argument: not readable, nothing in it, a file that is neither file, directory nor link;
  // too_large: over 1 GiB or 100,000 files.
  static Result<PackedSource> pack_directory(const std::string& directory);
  static Result<PackedSource> open_archive(const std::string& path);

  std::string_view bytes() const;
  std::int64_t files() const { return files_; }

  PackedSource(PackedSource&&) noexcept;
  PackedSource& operator=(PackedSource&&) noexcept;
  ~PackedSource();

 private:
  class Mapping;
  explicit PackedSource(std::unique_ptr<Mapping> mapping, std::int64_t files);

  std::unique_ptr<Mapping> mapping_;
  std::int64_t files_ = 0;
};

}  // namespace sigil::cli
