#include "proxy/options.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/config/parse_value.h"

namespace sigil::proxy {
namespace {

struct Flag {
  std::string_view name;
  std::string_view key;
};

constexpr Flag kFlags[] = {{"--data-dir", "data_dir"},
                           {"--listen", "server.listen"},
                           {"--api", "api.listen"},
                           {"--control", "proxy.control_listen"},
                           {"--workers", "proxy.workers"},
                           {"--drain-max", "proxy.drain_max"},
                           {"--tls-cert-file", "tls.cert_file"},
                           {"--tls-key-file", "tls.key_file"},
                           {"--redirect-listen", "server.redirect_listen"},
                           {"--trusted-proxies", "server.trusted_proxies"},
                           {"--proxy-protocol", "server.proxy_protocol"}};

std::string default_data_dir() {
  if (::geteuid() == 0) return "/var/lib/sigil";
  const char* data_home = std::getenv("XDG_DATA_HOME");
  if (data_home != nullptr && *data_home != '\0') return std::string(data_home) + "/sigil";
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "" : home) + "/.local/share/sigil";
}

std::string add(std::string complaints, const std::string& complaint) {
  if (!complaints.empty()) complaints += '\n';
  return complaints + complaint;
}

// Flags to settings; what is wrong goes to `complaints`.
std::map<std::string, std::string> read_flags(const std::vector<std::string>& arguments,
                                              bool& asks_for_help, std::string& complaints) {
  std::map<std::string, std::string> flags;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      asks_for_help = true;
      continue;
    }
    const auto equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const auto* flag = std::find_if(std::begin(kFlags), std::end(kFlags),
                                    [&](const Flag& known) { return known.name == name; });
    if (flag == std::end(kFlags)) {
      complaints = add(complaints, "unknown argument " + argument);
    } else if (equals != std::string::npos) {
      flags[std::string(flag->key)] = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      flags[std::string(flag->key)] = arguments[++i];
    } else {
      complaints = add(complaints, name + " needs a value");
    }
  }
  return flags;
}

void read_tls(const config::Settings& settings, ProxyOptions& options, std::string& complaints) {
  options.tls_cert_file = settings.text("tls.cert_file");
  options.tls_key_file = settings.text("tls.key_file");
  if (options.tls_cert_file.empty() != options.tls_key_file.empty())
    complaints =
        add(complaints, "tls.cert_file and tls.key_file belong together: set both or none");
  const auto& redirect = settings.text("server.redirect_listen");
  if (redirect.empty()) return;
  options.redirect_listen = config::parse_address(redirect);
  if (!options.redirect_listen)
    complaints = add(complaints, "server.redirect_listen: \"" + redirect +
                                     "\" is not an address with a port (0.0.0.0:80)");
  if (options.tls_cert_file.empty())
    complaints = add(complaints,
                     "server.redirect_listen: without tls.cert_file there is no "
                     "https:// address to name");
}

void read_balancers(const config::Settings& settings, ProxyOptions& options,
                    std::string& complaints) {
  for (const auto& text : settings.list("server.trusted_proxies")) {
    if (!options.trusted_proxies_text.empty()) options.trusted_proxies_text += ",";
    options.trusted_proxies_text += text;
    if (const auto network = parse_network(text))
      options.trusted_proxies.push_back(*network);
    else
      complaints = add(complaints, "server.trusted_proxies: \"" + text +
                                       "\" is no address and no range (10.0.0.0/8, with zeros "
                                       "behind the prefix)");
  }
  options.has_preamble = settings.boolean("server.proxy_protocol");
  if (options.has_preamble && options.trusted_proxies.empty())
    complaints = add(complaints,
                     "server.proxy_protocol: server.trusted_proxies must say who may "
                     "speak it");
}

}  // namespace

const config::Table& proxy_settings() {
  static const config::Table kTable = [] {
    config::Table table;
    const auto entry = [&](const char* key, const char* environment, config::Type type,
                           std::string fallback, const char* sentence) {
      config::Entry made;
      made.key = key;
      made.environment = environment;
      made.type = type;
      made.fallback = std::move(fallback);
      made.sentence = sentence;
      table.push_back(std::move(made));
      return &table.back();
    };
    entry("data_dir", "SIGIL_DATA_DIR", config::Type::path, default_data_dir(),
          "Where routes, keys and the pid file are.");
    entry("server.listen", "SIGIL_LISTEN", config::Type::address, "127.0.0.1:7450",
          "The front door; on other addresses than loopback only with a certificate.");
    entry("tls.cert_file", "SIGIL_TLS_CERT_FILE", config::Type::path, "",
          "PEM certificate and its chain; empty: plain HTTP on loopback.");
    entry("tls.key_file", "SIGIL_TLS_KEY_FILE", config::Type::path, "", "Its key, PEM.");
    entry("server.redirect_listen", "SIGIL_SERVER_REDIRECT_LISTEN", config::Type::text, "",
          "A port for plain HTTP that names the https:// address and does nothing else.");
    entry("server.trusted_proxies", "SIGIL_SERVER_TRUSTED_PROXIES", config::Type::list, "",
          "Addresses of load balancers whose word about the caller counts.");
    entry(
        "server.proxy_protocol", "SIGIL_SERVER_PROXY_PROTOCOL", config::Type::boolean, "false",
        "Trusted proxies begin each connection with a PROXY v2 header, and nobody else connects.");
    entry("api.listen", "SIGIL_API_LISTEN", config::Type::address, "127.0.0.1:7451",
          "Where sigild listens.");
    entry("proxy.control_listen", "SIGIL_PROXY_CONTROL_LISTEN", config::Type::address,
          "127.0.0.1:7452", "Where sigild reaches the proxy; loopback only.");
    const auto cores = std::clamp(std::thread::hardware_concurrency(), 1u, 64u);
    auto* workers = entry("proxy.workers", "SIGIL_PROXY_WORKERS", config::Type::integer,
                          std::to_string(cores), "Threads that serve clients.");
    workers->at_least = 1;
    workers->at_most = 64;
    auto* drain = entry("proxy.drain_max", "SIGIL_PROXY_DRAIN_MAX", config::Type::duration, "20s",
                        "How long calls may go on after the proxy was told to stop.");
    drain->at_least = 0;
    return table;
  }();
  return kTable;
}

Result<ProxyOptions> read_options(const std::vector<std::string>& arguments,
                                  const std::map<std::string, std::string>& environment) {
  ProxyOptions options;
  std::string complaints;
  const auto flags = read_flags(arguments, options.asks_for_help, complaints);
  if (options.asks_for_help) return options;
  const auto settings =
      config::load(proxy_settings(), {.file = {}, .environment = environment, .flags = flags});
  if (!settings.has_value()) {
    complaints = add(complaints, settings.error().message);
    return fail(ErrorCode::invalid_argument, "E_CONFIG", complaints);
  }
  options.data_dir = settings->text("data_dir");
  options.listen = settings->address("server.listen");
  options.api = settings->address("api.listen");
  options.control = settings->address("proxy.control_listen");
  options.workers = static_cast<std::size_t>(settings->integer("proxy.workers"));
  options.drain_max = settings->duration("proxy.drain_max");
  read_tls(*settings, options, complaints);
  read_balancers(*settings, options, complaints);
  const auto loopback = [&](const char* key, const config::Address& address, const char* why) {
    if (!address.is_loopback())
      complaints = add(complaints, std::string(key) + ": " + address.text() +
                                       " is not a loopback address; " + why);
  };
  if (options.tls_cert_file.empty())
    loopback("server.listen", options.listen,
             "plain HTTP is served on 127.0.0.1 or [::1] only: set tls.cert_file and tls.key_file");
  loopback("api.listen", options.api, "sigild talks to this proxy alone");
  loopback("proxy.control_listen", options.control, "sigild reaches the proxy by it");
  if (!complaints.empty()) return fail(ErrorCode::invalid_argument, "E_CONFIG", complaints);
  return options;
}

std::string usage() {
  std::string text = "sigil-proxy: the front door and data plane of Sigil\n\n";
  for (const Flag& flag : kFlags)
    for (const config::Entry& entry : proxy_settings())
      if (entry.key == flag.key)
        text += "  " + std::string(flag.name) + " VALUE  " + entry.sentence + " (" +
                entry.environment + ", default " + entry.fallback + ")\n";
  return text;
}

}  // namespace sigil::proxy
