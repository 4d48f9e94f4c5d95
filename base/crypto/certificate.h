// A server certificate and its key as files: what can be wrong with them, said before somebody's
// client says it. Stateless; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sigil::crypto {

struct CertificateFacts {
  std::string subject;             // one line
  std::vector<std::string> names;  // of its subjectAltName: DNS names (maybe "*.…") and addresses
  WallTime not_before{};
  WallTime not_after{};
};

// The first certificate of a PEM file.
Result<CertificateFacts> read_certificate(const std::string& cert_file);
// invalid_argument when the key cannot be read or belongs to another certificate.
Result<void> check_key(const std::string& cert_file, const std::string& key_file);

// Whole sentences; empty when clients will be content. `host`: of the public URL, without port.
std::vector<std::string> certificate_problems(const CertificateFacts& facts, std::string_view host,
                                              WallTime now);
// "*.example.org" stands for one label.
bool covers_host(const std::vector<std::string>& names, std::string_view host);

}  // namespace sigil::crypto
