// A stdio server for tests: what it does is decided by its first argument (how it behaves as a
// program) and by the method of each request (what this request makes it do).
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "base/mcp/client.h"
#include "base/mcp/era.h"
#include "base/mcp/jsonrpc.h"

namespace {

namespace mcp = sigil::mcp;

struct Request {
  std::string text;
  mcp::Message message;
  std::string id() const { return std::string(message.id.of(text)); }
  std::string params() const {
    return message.params.is_present() ? std::string(message.params.of(text)) : "{}";
  }
};

std::string mode;
std::vector<Request> held;
std::map<std::string, std::string>
    asked;  // id of our request -> id of the request that made us ask
int initialized = 0;

void say(const std::string& line) { std::cout << line << "\n" << std::flush; }

void answer(const Request& request, const std::string& result) {
  say(mcp::result_body(request.id(), result));
}

void refuse(const Request& request, int code, std::vector<std::string> supported = {}) {
  const auto id = request.id();
  say(mcp::error_body(
      {.raw_id = id, .code = code, .message = "no", .supported = std::move(supported)}));
}

void notify(const std::string& method, const std::string& params) {
  say(R"({"jsonrpc":"2.0","method":")" + method + R"(","params":)" + params + "}");
}

void open(const Request& request) {
  if (mode == "modern") return refuse(request, mcp::kUnsupportedVersion, {"2026-07-28"});
  ++initialized;
  const auto version =
      mcp::find_member(request.text, request.message.params, "protocolVersion").of(request.text);
  answer(request,
         R"({"protocolVersion":)" + std::string(version) +
             R"(,"capabilities":{},"serverInfo":{"name":"scripted","version":"1"},"opened":)" +
             std::to_string(initialized) + "}");
}

void discover(const Request& request) {
  if (mode == "leaves-on-discover") std::exit(1);
  if (mode == "silent-on-discover") return;
  if (mode != "modern") return refuse(request, mcp::kMethodNotFound);
  answer(
      request,
      R"({"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"resultType":"complete"})");
}

void list_tools(const Request& request) {
  answer(request, R"({"tools":[{"name":"marked","inputSchema":{"type":"object","properties":)"
                  R"({"region":{"type":"string","x-mcp-header":"Region"}}}}]})");
}

void progress(const Request& request) {
  const std::string token(request.message.progress_token.of(request.text));
  notify("notifications/progress", R"({"progressToken":)" + token + R"(,"progress":1})");
  answer(request, R"({"token":)" + token + "}");
}

void ask(const Request& request) {
  asked["0"] = request.id();
  say(R"({"jsonrpc":"2.0","id":0,"method":"sampling/createMessage","params":{}})");
}

void fork_sleeper(const Request& request) {
  const pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  answer(request, R"({"pid":)" + std::to_string(child) + "}");
}

// A grandchild whose parent dies at once: whoever is the reaper gets it.
void make_orphan(const Request& request) {
  const pid_t child = fork();
  if (child == 0) {
    const pid_t grandchild = fork();
    _exit(grandchild < 0 ? 1 : 0);
  }
  answer(request, "{}");
}

void listen(const Request& request) {
  notify("notifications/subscriptions/acknowledged",
         R"({"_meta":{"io.modelcontextprotocol/subscriptionId":)" + request.id() + "}}");
}

void handle(const Request& request) {
  const auto& method = request.message.method;
  if (method == "initialize") return open(request);
  if (method == "server/discover") return discover(request);
  if (method == "tools/list") return list_tools(request);
  if (method == "tools/call") return answer(request, request.params());
  if (method == "echo") return answer(request, request.params());
  if (method == "hold") {
    std::cerr << "holding " << request.id() << std::endl;
    return held.push_back(request);
  }
  if (method == "release") {
    answer(request, "{}");
    for (auto it = held.rbegin(); it != held.rend(); ++it) answer(*it, it->params());
    return held.clear();
  }
  if (method == "progress") return progress(request);
  if (method == "ask") return ask(request);
  if (method == "log") {
    notify("notifications/message", R"({"level":"info","data":"log"})");
    return answer(request, "{}");
  }
  if (method == "garbage") {
    say("Server started on nothing");
    say(R"({"level":"info"})");
    std::cerr << "to stderr" << std::endl;
    return answer(request, "{}");
  }
  if (method == "long") return say(std::string(200'000, 'x'));
  if (method == "fork") return fork_sleeper(request);
  if (method == "orphan") return make_orphan(request);
  if (method == "exit") {
    std::cerr << "about to leave" << std::endl;
    std::exit(7);
  }
  if (method == "close") {
    close(STDOUT_FILENO);
    return;
  }
  if (method == "env") {
    const char* value = std::getenv("SCRIPTED");
    const char* mine = std::getenv("SIGIL_SECRET");
    return answer(request, R"({"value":)" + mcp::json_string(value == nullptr ? "" : value) +
                               R"(,"sigil":)" + (mine == nullptr ? "false" : "true") + "}");
  }
  if (method == "subscriptions/listen") return listen(request);
  refuse(request, mcp::kMethodNotFound);
}

void take_response(const Request& response) {
  const auto found = asked.find(response.id());
  if (found == asked.end()) return;
  say(mcp::result_body(found->second, response.params()));
  asked.erase(found);
}

void take(const std::string& line) {
  const auto message = mcp::read_message(line);
  if (!message) return;
  const Request request{line, *message};
  if (message->kind == mcp::MessageKind::request) return handle(request);
  if (message->kind != mcp::MessageKind::notification) return take_response(request);
  // What a test wants to see again.
  if (message->method == "notifications/cancelled") std::cerr << line << std::endl;
}

}  // namespace

int main(int count, char** arguments) {
  mode = count > 1 ? arguments[1] : "legacy";
  if (mode == "crash") {
    std::cerr << "cannot start: no key" << std::endl;
    return 3;
  }
  if (mode == "ignores-everything") signal(SIGTERM, SIG_IGN);
  std::string line;
  while (std::getline(std::cin, line)) take(line);
  while (mode == "ignores-everything") pause();
  return 0;
}
