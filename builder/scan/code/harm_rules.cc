// What no ordinary server does: persistence, quiet copies, metadata that changes, the environment
// in a result.
#include "builder/scan/code/code_rules.h"

#include <algorithm>

namespace sigil::scan {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

bool writes(Frame& frame, const Call& call) {
  if (is_one_of(call.path_text,
                {"fs.writeFile", "fs.writeFileSync", "fs.appendFile", "fs.appendFileSync",
                 "fs.promises.writeFile", "fs.promises.appendFile", "fs.createWriteStream",
                 "os.WriteFile", "os.OpenFile", "fs.copyFile", "fs.copyFileSync", "shutil.copy"})) {
    return true;
  }
  if (is_one_of(call.path_text, {"open", "io.open", "aiofiles.open"})) {
    const std::string_view mode = frame.literal(frame.argument(*call.instr, 1, "mode"));
    return mode.find_first_of("wax") != std::string_view::npos;
  }
  return is_one_of(call.method_text, {"write_text", "write_bytes"});
}

void persistence(Frame& frame, const Call& call) {
  const bool by_receiver =
      is_one_of(call.method_text, {"write_text", "write_bytes"}) && call.receiver != nullptr;
  const Reg target = by_receiver ? call.receiver_reg : frame.argument(*call.instr, 0);
  const std::string words = frame.mentioned(target);
  const bool host =
      contains_any(words, {"authorized_keys", ".bashrc", ".zshrc", ".bash_profile", "/etc/cron",
                           "cron.d", "/etc/systemd", "systemd/user", "LaunchAgents",
                           "LaunchDaemons", ".git/hooks", "/etc/passwd", "/etc/sudoers",
                           "/etc/hosts", "/etc/ld.so", "Start Menu\\Programs\\Startup"});
  if (host) {
    frame.report(
        "SIG-PERM-002", Severity::block, Confidence::high, call.at,
        "The code writes to a file that makes programs run or lets somebody in on this machine",
        std::string(call.path_text));
    return;
  }
  // Installers of ordinary servers do this too, at the user's wish.
  if (contains_any(words, {"claude_desktop_config", ".cursor/mcp.json", "mcp_config.json"})) {
    frame.report("SIG-PERM-002", Severity::warning, Confidence::medium, call.at,
                 "The code changes the configuration of MCP clients on this machine",
                 std::string(call.path_text));
  }
}

bool is_drop(std::string_view host) {
  return contains_any(
      host, {"webhook.site", "requestbin", "pastebin.com", "hastebin", "ngrok", "burpcollaborator",
             "interact.sh", "oast.", "pipedream.net", "requestcatcher", "beeceptor", "transfer.sh",
             "dpaste", "canarytokens", "hookbin"});
}

bool is_public_address(std::string_view host) {
  const std::string_view bare = host.substr(0, host.find(':'));
  const bool is_number = !bare.empty() &&
                         bare.find_first_not_of("0123456789.") == std::string_view::npos &&
                         std::count(bare.begin(), bare.end(), '.') == 3;
  return is_number && !is_local_host(bare) && bare != "8.8.8.8" && bare != "1.1.1.1";
}

void third_party(Frame& frame, const Call& call) {
  const HttpCall http = http_call(call.path_text);
  if (!http.is_http || http.url_argument < 0) return;
  const Reg url = frame.argument(*call.instr, http.url_argument, "url");
  const Value& address = frame.value(url);
  const std::string host = literal_host(frame.text(address.text), address.is_literal);
  const auto& declared = frame.engine().options().declared_hosts;
  const bool is_declared = std::find(declared.begin(), declared.end(), host) != declared.end();
  if (!host.empty() && !is_declared && (is_drop(host) || is_public_address(host))) {
    frame.report("SIG-EXFIL-003", Severity::warning, Confidence::medium, call.at,
                 "Data is sent to " + host + ", which is no service this server is known for",
                 std::string(call.path_text), "tool argument");
  }
  const Reg from = frame.definition(url);
  const std::string words =
      frame.is_op(from, Op::call) ? frame.variable_of(frame.instr(from).a) : "";
  const bool decodes =
      is_one_of(words, {"atob", "b64decode", "fromCharCode", "unhexlify", "fromhex"}) ||
      (words == "toString" && contains(frame.mentioned(from), " base64"));
  if (decodes && address.labels.empty()) {
    frame.report("SIG-EXFIL-003", Severity::warning, Confidence::medium, call.at,
                 "The address of a request is hidden by an encoding", std::string(call.path_text));
  }
}

}  // namespace

void check_harm_call(Frame& frame, const Call& call) {
  if (call.targets.empty() && writes(frame, call)) persistence(frame, call);
  third_party(frame, call);
}

void check_harm_store(Frame& frame, Reg at, std::string_view target, const Value& value, Reg) {
  if (target == "bcc" && frame.literal(value).find('@') != std::string_view::npos) {
    frame.report("SIG-EXFIL-003", Severity::warning, Confidence::high, at,
                 "Every message is also sent to a fixed address that nobody asked for", "bcc");
  }
  if ((target != "__doc__" && target != "description") || !frame.is_op(at, Op::set_member) ||
      value.is_literal)
    return;
  const Value& base = frame.value(frame.instr(at).a);
  const bool is_own = frame.variable_of(frame.instr(at).a) == "this";
  const bool changes = value.has(Source::response) || value.has(Source::weak) ||
                       (target == "__doc__" && frame.is_op(frame.instr(at).b, Op::index));
  const bool is_tool = target == "__doc__" || base.function != kNoFunction ||
                       contains(lowered(frame.variable_of(frame.instr(at).a)), "tool");
  if (is_own || !changes || !is_tool) return;
  frame.report(
      "SIG-POIS-004", Severity::error, Confidence::medium, at,
      "The description of a tool changes while the server runs, after it may have been approved",
      std::string(target));
}

// The result of a tool goes to the model and whoever reads along.
void check_harm_return(Frame& frame, Reg at, const Value& value) {
  const Entry* entry = frame.engine().entry_of(frame.id());
  if (entry == nullptr || (entry->point.kind != "tool" && entry->point.kind != "resource")) return;
  Sink sink = frame.sink_at(SinkKind::result, at, frame.name("result"), kSecret);
  frame.sink_labels(sink, value.labels);
}

}  // namespace sigil::scan
