// Unpacks an archive of a stranger (tar, compressed tar, zip) below a folder and nowhere else: no
// absolute names, no "..", no hard links, devices or fifos, no symbolic link that points outside,
// nothing written through a link; sizes and counts are capped while unpacking, whatever the headers
// claim. Modes become 0644 or 0755, owners ours. Any thread.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "builder/builder.h"

namespace sigil::builder {

struct ExtractOptions {
  std::string target;  // exists and is empty
  FetchLimits limits;
  bool strip_first = false;  // npm's "package/", sdist's "NAME-VERSION/"
};

// `archive`: path of the file.
Result<void> extract_file(const std::string& archive, const ExtractOptions& options,
                          std::stop_token stop);
// The bytes themselves.
Result<void> extract_bytes(std::string_view bytes, const ExtractOptions& options,
                           std::stop_token stop);

// Whether a link at `path` (relative to the root) pointing to `target` stays inside. Pure.
bool is_link_inside(std::string_view path, std::string_view target);

}  // namespace sigil::builder
