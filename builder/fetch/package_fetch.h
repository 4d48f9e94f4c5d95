// A published package as a source tree. The registry's own client packs it in a one-shot container
// of the language's base image (read-only, unprivileged, no start of the package's code), so the
// registry's address is the client's or the mirror setting's and never ours, and the archive comes
// out on standard output. The exact version is what the archive says. Any thread.
#pragma once

#include <stop_token>
#include <string>

#include "base/engine/engine.h"
#include "base/result.h"
#include "builder/builder.h"

namespace sigil::builder {

struct PackageFetch {
  Source source;       // npm or pypi
  std::string target;  // folder that exists and is empty
  std::string image;   // base image with the client
};

// Returns the exact version.
Result<std::string> fetch_package(const engine::Engine& engine, const PackageFetch& fetch,
                                  const BuildSettings& settings, const FetchLimits& limits,
                                  const LogSink& log, std::stop_token stop);

// "NAME@VERSION" and "NAME==VERSION" as the clients want it. Pure.
std::string package_spec(const Source& source);

// What a client's error output says. Pure.
Error package_error(const Source& source, std::string_view error_output);

}  // namespace sigil::builder
