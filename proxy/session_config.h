// What sigild makes of a caller's configuration (interfaces.md §3): asked once for each distinct
// (deployment, revision, principal, configuration), then remembered. The memory is shared by the
// workers; each worker asks for itself.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "proxy/api_client.h"

namespace sigil::proxy {

struct ConfiguredSession {
  std::string shim_config;  // for X-Sigil-Session-Config; empty: none
  std::string query;        // for servers that read the query
  std::vector<std::pair<std::string, std::string>> headers;
};
using ConfiguredSessionPtr = std::shared_ptr<const ConfiguredSession>;

// Least recently used entries go first. Any thread.
class SessionConfigCache {
 public:
  explicit SessionConfigCache(std::size_t entries_max = 10'000) : entries_max_(entries_max) {}
  ConfiguredSessionPtr find(const std::string& key);
  void put(const std::string& key, ConfiguredSessionPtr value);

 private:
  using Entry = std::pair<std::string, ConfiguredSessionPtr>;
  struct State {
    std::list<Entry> by_use;  // the latest first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_key;
  };
  std::size_t entries_max_;
  Guarded<State> state_;
};

struct ConfigQuestion {
  std::string deployment;
  std::int64_t revision = 0;
  std::string principal;
  std::string config;  // canonical JSON object
  std::string key() const;
};

// invalid_argument: sigild refused the configuration; details["errors"] holds its list as JSON.
// unavailable: sigild is away.
using Configured = std::function<void(const Result<ConfiguredSessionPtr>&)>;

class SessionConfigAsker {
 public:
  SessionConfigAsker(ApiClient& api, SessionConfigCache& cache) : api_(api), cache_(cache) {}
  // Callers that ask the same while a question is under way share its answer.
  void ask(const ConfigQuestion& question, Configured done);
  // Asks again what sigild had no answer to yet.
  void tick();

 private:
  struct Question {
    ConfigQuestion question;
    std::vector<Configured> waiting;
    SteadyTime since;
    bool is_pending = false;  // sigild evaluates it; nothing is on its way to us
  };
  void send(const std::string& key, const ConfigQuestion& question);
  void on_answer(const std::string& key, const Result<ApiResponse>& answer);

  ApiClient& api_;
  SessionConfigCache& cache_;
  std::unordered_map<std::string, Question> asking_;
};

// The answer of sigild, read with suspicion of what goes into headers.
Result<ConfiguredSessionPtr> read_session_config(int status, std::string_view body);

}  // namespace sigil::proxy
