// The data directory: made with mode 0750 (0751 by root), held by one sigild at a time, with the
// instance id, the keys and the control token in it. Owned by main.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace sigil::controlplane {

class DataDirectory {
 public:
  // conflict with the holder's pid when another sigild uses it; unavailable when it cannot be
  // written.
  static Result<DataDirectory> open(const std::string& path);
  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&& other) noexcept;
  ~DataDirectory();  // lets go of the lock

  const std::string& path() const { return path_; }
  const std::string& instance() const { return instance_; }
  const Secret& secrets_key() const { return secrets_key_; }
  const Secret& session_key() const { return session_key_; }
  const Secret& control_token() const { return control_token_; }

  std::string proxy_directory() const { return path_ + "/proxy"; }
  std::string log_directory() const { return path_ + "/log"; }
  std::string upload_file(const std::string& id) const { return path_ + "/uploads/" + id; }
  std::string scratch_directory() const { return path_ + "/operations"; }

 private:
  DataDirectory() = default;
  Result<void> lock();
  Result<void> fill();

  std::string path_;
  std::string instance_;
  Secret secrets_key_, session_key_, control_token_;
  int lock_descriptor_ = -1;
};

}  // namespace sigil::controlplane
