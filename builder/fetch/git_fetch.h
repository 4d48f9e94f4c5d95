// One commit of a git repository, by the git program in a closed environment: no hooks, no
// submodules, no redirects, no other protocol than the URL's, nobody's configuration
// (git-hosts-and-identity §A.6). Credentials never enter the argument list or the URL. Any thread.
#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "builder/builder.h"

namespace sigil::builder {

struct GitFetch {
  std::string url;
  std::string ref;     // branch, tag or 40 hex digits; empty: the default branch
  std::string target;  // directory that will be made
  std::string ca_bundle;
  std::map<std::string, std::string> proxy_variables;
  Secret credential;              // TOKEN or USER:TOKEN for the URL's origin; empty: none
  std::string credential_helper;  // the program sigil-git-credential
};

// What git is run with; the whole of it, nothing is inherited. Pure.
std::map<std::string, std::string> git_environment(const GitFetch& fetch);

// What a failed fetch says, as an error with a hint. Pure.
Error git_error(const GitFetch& fetch, std::string_view error_output);

// Returns the commit. The .git folder is gone afterwards.
Result<std::string> fetch_git(const GitFetch& fetch, const FetchLimits& limits, const LogSink& log,
                              std::stop_token stop);

}  // namespace sigil::builder
