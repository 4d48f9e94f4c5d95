// For tests: a whole shim on a loopback port around the scripted child, and HTTP calls to it, all
// on one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mcp/sse.h"
#include "runtime/shim/shim.h"

namespace sigil::shim {

class Call {
 public:
  Call(std::uint16_t port, const std::string& request);
  // Reads what is there.
  void poll();
  void hang_up() { socket_.close(); }

  bool is_done() const { return is_done_; }
  bool has_head() const { return status_ != 0; }
  int status() const { return status_; }
  const std::string& body() const { return body_; }
  const std::string& session() const { return session_; }
  const std::string& content_type() const { return content_type_; }
  // The data of the events so far, priming ones left out.
  std::vector<std::string> events() const;
  std::string last_event_id() const;

 private:
  Descriptor socket_;
  http1::ResponseParser parser_;
  std::string unread_;
  std::string body_;
  std::string session_;
  std::string content_type_;
  int status_ = 0;
  bool is_done_ = false;
};

struct Post {
  std::string body;
  std::string session;
  std::string version = "2025-11-25";
  std::vector<HttpField> fields;
  std::string accept = "application/json, text/event-stream";
  std::string host = "localhost";
};

class World {
 public:
  explicit World(const std::string& mode, const std::function<void(Options&)>& change = {});
  ~World();

  std::unique_ptr<Call> send(const std::string& method, const Post& post);
  std::unique_ptr<Call> post(const Post& post) { return send("POST", post); }
  std::unique_ptr<Call> get(const std::string& session, const std::string& last_event_id = {});
  // Runs the loop until this is true; false after ten seconds.
  bool until(const std::function<bool()>& is_true);
  // Runs until the call is over.
  Call& finish(Call& call);
  // Opens a session, returns its id.
  std::string initialize(const std::string& version = "2025-11-25",
                         const std::vector<HttpField>& fields = {});
  std::string log();
  Shim& shim() { return *shim_; }
  Loop& loop() { return loop_; }
  std::string health();

 private:
  Loop loop_;
  Options options_;
  Descriptor log_;
  std::unique_ptr<Shim> shim_;
  std::vector<Call*> calls_;
};

std::string request_text(const std::string& raw_id, const std::string& method,
                         const std::string& raw_params = "{}");
// A modern request with its envelope and headers.
Post modern_post(const std::string& raw_id, const std::string& method,
                 const std::string& more_params = {}, const std::string& more_meta = {});

}  // namespace sigil::shim
