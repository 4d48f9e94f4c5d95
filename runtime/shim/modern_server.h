// The modern era (2026-07-28 and later): one child shared by everybody, opened with
// server/discover, which also tells whether the server is modern at all. Ids, progress tokens and
// subscription ids are remapped per HTTP request, so no answer can cross from one client to
// another. One thread, on the Loop.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/shim/child.h"
#include "runtime/shim/crash_guard.h"
#include "runtime/shim/legacy_session.h"
#include "runtime/shim/loop.h"
#include "runtime/shim/param_headers.h"

namespace sigil::shim {

class ModernServer final : public ChildListener {
 public:
  enum class Era { unknown, modern, legacy };

  class Owner {
   public:
    virtual ~Owner() = default;
    // The server's era is known; for a modern one also after each restart.
    virtual void era_known(ModernServer& server) = 0;
    // No answer to server/discover within the probe limit; it may still come.
    virtual void probe_is_silent(ModernServer& server) = 0;
    // The child ended; `was_ready`: after it had answered.
    virtual void modern_exited(ModernServer& server, const ChildExit& exit, bool was_ready) = 0;
  };

  struct Context {
    Loop& loop;
    ChildLauncher& launcher;
    ChildLog& log;
    const Options& options;
    CrashGuard& guard;
    Owner& owner;
  };

  ModernServer(const Context& context, ChildSpec spec);
  ~ModernServer() override;

  // Starts the child unless one runs; after a crash not before the back-off allows it.
  void start();
  void stop(std::string_view why);
  // Somebody else found out; the child is not needed any more.
  void conclude_legacy();
  // Whoever waits for the start gets this.
  void give_up(const Problem& problem);
  void post(const HttpRequest& request, const Inbound& inbound);

  Era era() const { return era_; }
  const std::vector<std::string>& versions() const { return versions_; }
  bool has_child() const { return child_ != nullptr; }
  CrashGuard& guard() { return guard_; }
  bool is_ready() const { return is_ready_; }
  bool is_waited_for() const { return !waiting_.empty(); }
  bool is_idle() const { return pending_.empty() && waiting_.empty(); }
  SteadyTime last_used() const { return last_used_; }
  bool on_line(std::string_view line) override;
  void on_exit(const ChildExit& exit) override;

 private:
  struct Pending {
    std::string raw_id;
    std::string raw_token;
    std::string method;
    std::shared_ptr<Exchange> exchange;
    bool has_begun = false;
    bool wants_logs = false;
  };
  using PendingMap = std::map<std::int64_t, Pending>;
  struct Waiting {  // for the era to become known
    std::string text;
    HttpRequest head;
    std::shared_ptr<Exchange> exchange;
  };

  void take_probe_answer(std::string_view line, const mcp::Message& message);
  void take_listing(std::string_view line, const mcp::Message& message);
  void become_ready();
  void release_waiting();
  void fail_all(const Problem& problem);
  static void end_listening(Pending& pending);
  void forward(const HttpRequest& request, const Inbound& inbound);
  void forward_notification(const Inbound& inbound);
  void client_left(std::int64_t id);
  void take_answer(std::string_view line, const mcp::Message& message);
  void take_notification(std::string_view line, const mcp::Message& message);
  PendingMap::iterator find(std::string_view raw_number);
  PendingMap::iterator only_one_with_logs();
  void send_event(Pending& pending, std::string_view text);
  void ask_for_tools(const std::optional<std::string>& cursor);

  Loop& loop_;
  ChildLauncher& launcher_;
  ChildLog& log_;
  const Options& options_;
  CrashGuard& guard_;
  Owner& owner_;
  ChildSpec spec_;
  std::unique_ptr<Child> child_;
  Era era_ = Era::unknown;
  std::vector<std::string> versions_;
  std::int64_t last_id_ = 0;
  std::int64_t probe_id_ = 0;    // of server/discover, until it is answered
  std::int64_t listing_id_ = 0;  // of our own tools/list
  int listing_pages_ = 0;
  bool is_ready_ = false;
  Loop::TimerId probe_timer_ = 0;
  Loop::TimerId restart_timer_ = 0;
  PendingMap pending_;
  std::deque<Waiting> waiting_;
  ParamHeaders param_headers_;
  SteadyTime last_used_;
  SteadyTime logs_unclear_until_{};
};

}  // namespace sigil::shim
