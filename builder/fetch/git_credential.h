// The answer of sigil-git-credential to git: the one place a token for a git server is spoken. git
// asks on standard input, the token lies on an inherited descriptor, and both are compared with the
// one origin the token is for, so that neither a redirect nor a submodule elsewhere gets it. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::builder {

// Where the helper finds the token.
inline constexpr int kGitCredentialDescriptor = 9;

// "https://git.example.org" or "https://git.example.org:8443", lower case, no path, no user; http
// only on loopback, where tests are. invalid_argument E_CONFIG otherwise.
Result<std::string> git_origin(std::string_view text);
// Of a source's URL; nullopt: nothing a token could be for (ssh, file, other schemes).
std::optional<std::string> origin_of_source(std::string_view url);

// `question`: the lines git writes ("protocol=https\nhost=…\n"); `secret`: TOKEN or USER:TOKEN.
// Empty unless the question is about `origin`.
std::string git_credential_answer(std::string_view question, std::string_view origin,
                                  const Secret& secret);

// origin -> file of this host that holds TOKEN or USER:TOKEN (setting builder.git_credentials).
using GitCredentialFiles = std::map<std::string, std::string>;
// The token for this source; empty: none is set. E_FETCH: the file cannot be read.
Result<Secret> git_credential_for(const GitCredentialFiles& files, std::string_view url);

}  // namespace sigil::builder
