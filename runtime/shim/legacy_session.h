// One legacy session (2024-11-05 to 2025-11-25) and its own child: ids and progress tokens are
// remapped, each answer goes back on the request it belongs to, what the server asks or tells finds
// one stream. One thread, on the Loop; owned by LegacySessions.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/mcp/jsonrpc.h"
#include "runtime/shim/answers.h"
#include "runtime/shim/child.h"
#include "runtime/shim/child_log.h"
#include "runtime/shim/event_stream.h"
#include "runtime/shim/loop.h"

namespace sigil::shim {

class LegacySession;

class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  // InitializeResult is there; the session has an id from now on.
  virtual void session_opened(LegacySession& session) = 0;
  // initialize was refused by the server itself: `code` of its error.
  virtual void session_refused(LegacySession& session, int code, std::string_view raw_error) = 0;
  // The child has ended. Afterwards the session is only destroyed.
  virtual void session_lost(LegacySession& session, const ChildExit& exit) = 0;
  // initialize was not answered in time.
  virtual void session_timed_out(LegacySession& session) = 0;
};

// A message from the client: text and the ranges found in it.
struct Inbound {
  std::string_view text;
  const mcp::Message& message;
  std::shared_ptr<Exchange> exchange;
  bool prefers_events = false;
};

class LegacySession final : public ChildListener {
 public:
  struct Context {
    Loop& loop;
    ChildLauncher& launcher;
    ChildLog& log;
    const Options& options;
    SessionOwner& owner;
  };

  // has_own_config: the client chose the child's argv or variables, so a failed start is its
  // affair.
  LegacySession(const Context& context, std::string id, bool has_own_config);
  ~LegacySession() override;

  // Starts the child and passes the client's initialize on.
  Result<void> open(const ChildSpec& spec, const Inbound& initialize);
  void post(const Inbound& inbound);
  // A second initialize of the same session is answered from the first one's result.
  void repeat_initialize(const Inbound& inbound);
  void get(const std::shared_ptr<Exchange>& exchange, std::string_view last_event_id);
  // Answers whoever still waits with this, closes the streams, stops the child.
  void end(std::string_view why);

  const std::string& id() const { return id_; }
  bool has_own_config() const { return has_own_config_; }
  bool is_open() const { return !initialize_result_.empty(); }
  // Nothing under way and nobody connected.
  bool is_idle() const;
  SteadyTime last_used() const { return last_used_; }

  bool on_line(std::string_view line) override;
  void on_exit(const ChildExit& exit) override;

 private:
  struct Pending {
    std::string raw_id;
    std::string raw_token;
    EventStream stream;
    Loop::TimerId timer = 0;
    bool is_initialize = false;
  };
  using PendingMap = std::map<std::int64_t, Pending>;  // by the id the child knows
  struct Unsent {                                      // waits for a stream
    std::string text;
    std::string request_key;  // empty: a notification
    SteadyTime at;
  };

  void post_request(const Inbound& inbound);
  void post_response(const Inbound& inbound);
  void post_notification(const Inbound& inbound);
  void pass_cancellation(const Inbound& inbound);
  void begin_stream(Pending& pending);
  void take_answer(std::string_view line, const mcp::Message& message);
  void take_initialize_answer(PendingMap::iterator pending, std::string_view line,
                              const mcp::Message& message);
  void take_request(std::string_view line, const mcp::Message& message);
  void take_notification(std::string_view line, const mcp::Message& message);
  void give(Pending& pending, std::string answer);
  void expire_unsent();
  void flush_unsent();
  Pending* most_recent_open();
  Pending* by_token(std::string_view raw_token);
  void send_on(Pending& pending, std::string_view text);
  void send_to_session(std::string text, std::string request_key, bool belongs_to_a_request);
  std::vector<HttpField> fields() const;
  bool primes() const { return version_ >= mcp::kNewestLegacyVersion; }

  Loop& loop_;
  ChildLauncher& launcher_;
  ChildLog& log_;
  const Options& options_;
  SessionOwner& owner_;
  std::string id_;
  bool has_own_config_;
  std::unique_ptr<Child> child_;
  std::string version_;
  std::string initialize_result_;  // raw
  std::int64_t last_id_ = 0;
  std::uint32_t last_stream_ = 0;
  EventHistory history_;
  EventStream standalone_{0, history_};
  PendingMap pending_;
  std::unordered_map<std::string, std::string> server_requests_;  // id key -> raw id
  std::deque<Unsent> unsent_;
  Loop::TimerId unsent_timer_ = 0;
  SteadyTime last_used_;
};

}  // namespace sigil::shim
