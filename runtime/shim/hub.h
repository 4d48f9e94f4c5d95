// All servers behind the shim: legacy sessions with a child each, modern servers shared by
// everybody (one for each distinct session configuration), the era probe, the cap on children, and
// what health reports. One thread, on the Loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "runtime/shim/legacy_probe.h"
#include "runtime/shim/legacy_session.h"
#include "runtime/shim/modern_server.h"

namespace sigil::shim {

struct Health {
  enum class State { starting, ok, failing };
  State state = State::starting;
  std::size_t children = 0;
  std::size_t sessions = 0;
  std::uint64_t restarts = 0;
  std::optional<ChildExit> last_exit;
};

class Hub final : public SessionOwner, public ModernServer::Owner {
 public:
  struct Context {
    Loop& loop;
    ChildLauncher& launcher;
    ChildLog& log;
    const Options& options;
  };
  explicit Hub(const Context& context);
  ~Hub() override;

  void start();
  // Ends every session and server; answers what is under way.
  void stop();

  // `config`: the header X-Sigil-Session-Config, empty for none.
  void initialize(const HttpRequest& request, const Inbound& inbound);
  void post_modern(const HttpRequest& request, const Inbound& inbound);
  LegacySession* find(std::string_view session_id);
  void remove(std::string_view session_id);

  // What is known of the server's modern side: empty until it is known.
  const std::vector<std::string>& modern_versions() const { return base_.versions(); }
  bool is_modern_only() const;
  Health health() const;

  void session_opened(LegacySession& session) override;
  void session_refused(LegacySession& session, int code, std::string_view raw_error) override;
  void session_lost(LegacySession& session, const ChildExit& exit) override;
  void session_timed_out(LegacySession& session) override;
  void era_known(ModernServer& server) override;
  void probe_is_silent(ModernServer& server) override;
  void modern_exited(ModernServer& server, const ChildExit& exit, bool was_ready) override;

 private:
  // One distinct session configuration; its failures are its own.
  struct Configured {
    Configured(const ModernServer::Context& context, ChildSpec spec);
    CrashGuard guard;
    ModernServer server;
  };

  Result<ChildSpec> spec_for(const HttpRequest& request) const;
  ModernServer::Context modern_context(CrashGuard& guard);
  bool make_room();
  bool reap_least_recently_used();
  void reap_idle();
  std::size_t children() const;
  std::unique_ptr<LegacySession> take(LegacySession& session);
  void bury(std::unique_ptr<LegacySession> session);
  void start_failed(const ChildExit& exit, bool has_own_config);
  void probe_legacy();
  void legacy_probed(LegacyProbe::Outcome outcome, const ChildExit& exit);

  Loop& loop_;
  ChildLauncher& launcher_;
  ChildLog& log_;
  const Options& options_;
  CrashGuard guard_;
  ModernServer base_;
  std::unordered_map<std::string, std::unique_ptr<Configured>> configured_;
  std::unordered_map<std::string, std::unique_ptr<LegacySession>> sessions_;
  std::unique_ptr<LegacyProbe> probe_;
  Loop::TimerId probe_timer_ = 0;
  Loop::TimerId reap_timer_ = 0;
  Health::State state_ = Health::State::starting;
  bool legacy_is_refused_ = false;
  bool is_stopping_ = false;
  std::uint64_t restarts_ = 0;
  std::optional<ChildExit> last_exit_;
};

}  // namespace sigil::shim
