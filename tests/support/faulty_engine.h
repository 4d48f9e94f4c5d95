// A small server on a unix socket that speaks enough Engine API for the engine client and
// misbehaves by script: what a real engine cannot be asked to do on cue (409, slow, cut off in the
// middle, garbage, gone). It adds to the tests against a real engine and replaces none of them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/descriptor.h"
#include "base/engine/engine.h"
#include "base/guarded.h"

namespace sigil::test {

class FaultyEngine {
 public:
  struct Reply {
    int status = 200;
    std::string body = {};
    std::chrono::milliseconds delay{0};         // before the answer
    std::size_t cut_after = std::string::npos;  // closes after so many bytes of the body
    bool is_gone = false;                       // closes without a word
    bool hangs = false;                         // after the body neither ends nor closes
    bool answers_early = false;                 // does not read the request's body
    bool upgrades = false;                      // 101, then the body as raw bytes
  };

  // `api`: what /_ping says; empty: nothing.
  explicit FaultyEngine(std::string api = "1.41");
  ~FaultyEngine();
  FaultyEngine(const FaultyEngine&) = delete;
  FaultyEngine& operator=(const FaultyEngine&) = delete;

  // "GET /containers/json": replies are given in the order they were added, the last one for ever.
  // Anything else is answered with 404.
  FaultyEngine& on(const std::string& method_and_path, Reply reply);

  // "GET /v1.41/containers/json?all=1", in the order they came, without the pings.
  std::vector<std::string> requests() const;
  std::size_t count_of(const std::string& method_and_path) const;

  engine::Engine client(
      std::chrono::milliseconds time_max = std::chrono::milliseconds(5'000)) const;
  const std::string& socket_path() const { return path_; }

 private:
  struct Script {
    std::vector<Reply> replies;
    std::size_t next = 0;
  };
  void accept_all(const std::stop_token& stop);
  void serve(int connection, const std::stop_token& stop);
  Reply reply_to(const std::string& key);

  std::string api_;
  std::string path_;
  Descriptor listener_;
  Guarded<std::map<std::string, Script>> scripts_;
  Guarded<std::vector<std::string>> requests_;
  std::jthread thread_;  // last: joined before what it uses goes
};

}  // namespace sigil::test
