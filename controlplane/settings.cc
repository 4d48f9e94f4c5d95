#include "controlplane/settings.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "builder/fetch/git_credential.h"
#include "controlplane/settings_table.h"
#include "controlplane/source_policy.h"

namespace sigil::controlplane {

namespace {

constexpr const char* kDebianBundle = "/etc/ssl/certs/ca-certificates.crt";

std::string name_of_user(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry != nullptr ? entry->pw_name : std::to_string(uid);
}

ListenAddress listen_address(const config::Address& address) {
  return {address.host, address.port};
}

BuilderSettings builder_settings(const config::Settings& all) {
  BuilderSettings settings;
  settings.base_images = all.map("builder.base_images");
  settings.ca_bundle = all.text("builder.ca_bundle");
  if (!all.is_set("builder.ca_bundle") && std::filesystem::exists(kDebianBundle))
    settings.ca_bundle = kDebianBundle;
  settings.npm_registry = all.text("builder.npm_registry");
  settings.pip_index_url = all.text("builder.pip_index_url");
  settings.proxy_variables = all.map("builder.proxy_variables");
  settings.memory_bytes_max = all.bytes("builder.memory_max");
  settings.time_max = all.duration("builder.time_max");
  settings.fetch_time_max = all.duration("builder.fetch_time_max");
  settings.cache_age = all.duration("builder.cache_age");
  settings.fetch_bytes_max = all.bytes("builder.fetch_bytes_max");
  settings.concurrent_max = all.integer("builder.concurrent_max");
  settings.shim_file = all.text("builder.shim_file");
  settings.git_credentials = all.map("builder.git_credentials");
  return settings;
}

ScanSettings scan_settings(const config::Settings& all) {
  ScanSettings settings;
  settings.fail_on = all.text("scan.fail_on");
  settings.policy_file = all.text("scan.policy_file");
  settings.four_eyes = all.text("scan.four_eyes");
  settings.unscanned_image = all.text("scan.unscanned_image");
  settings.sources = all.list("policy.sources");
  settings.binary = all.text("scan.binary");
  settings.time_max = all.duration("scan.time_max");
  return settings;
}

// What holds for builds holds for what they make, unless said otherwise.
RuntimeSettings runtime_settings(const config::Settings& all, const BuilderSettings& builder) {
  RuntimeSettings settings;
  settings.ca_bundle =
      all.is_set("runtime.ca_bundle") ? all.text("runtime.ca_bundle") : builder.ca_bundle;
  settings.proxy_variables = all.is_set("runtime.proxy_variables")
                                 ? all.map("runtime.proxy_variables")
                                 : builder.proxy_variables;
  settings.network_pools = all.list("runtime.network_pools");
  settings.memory_bytes = all.bytes("runtime.memory");
  settings.cpu_thousandths = all.integer("runtime.cpu_thousandths");
  settings.pids = all.integer("runtime.pids");
  settings.tmp_bytes = all.bytes("runtime.tmp");
  settings.start_max = all.duration("runtime.start_max");
  settings.stop_grace = all.duration("runtime.stop_grace");
  settings.drain_max = all.duration("runtime.drain_max");
  settings.backoff_min = all.duration("runtime.backoff_min");
  settings.backoff_max = all.duration("runtime.backoff_max");
  settings.crash_loop_after = all.integer("runtime.crash_loop_after");
  settings.orphan_grace = all.duration("runtime.orphan_grace");
  settings.reconcile_every = all.duration("runtime.reconcile_every");
  settings.probe_every = all.duration("runtime.probe_every");
  settings.log_lines_max = all.integer("runtime.log_lines_max");
  return settings;
}

ProxySettings proxy_settings(const config::Settings& all) {
  ProxySettings settings;
  settings.control_listen = listen_address(all.address("proxy.control_listen"));
  settings.is_started_here = all.boolean("proxy.start");
  settings.binary = all.text("proxy.binary");
  settings.session_idle = all.duration("proxy.session_idle");
  settings.session_max = all.duration("proxy.session_max");
  settings.request_max = all.duration("proxy.request_max");
  settings.body_bytes_max = all.bytes("proxy.body_bytes_max");
  settings.streams_max = all.integer("proxy.streams_max");
  settings.tls_cert_file = all.text("tls.cert_file");
  settings.tls_key_file = all.text("tls.key_file");
  settings.redirect_listen = all.text("server.redirect_listen");
  settings.trusted_proxies = all.list("server.trusted_proxies");
  settings.has_proxy_protocol = all.boolean("server.proxy_protocol");
  return settings;
}

std::string public_url_of(const config::Settings& all) {
  auto url = all.text("server.public_url");
  if (url.empty()) {
    auto listen = all.address("server.listen");
    // An address that means "every one" is no address to connect to.
    if (listen.host == "0.0.0.0" || listen.host == "::") listen.host = "127.0.0.1";
    url = (all.text("tls.cert_file").empty() ? "http://" : "https://") + listen.text();
  }
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

std::string reversed_host_of(const std::string& url) {
  auto host = url.substr(url.find("://") + 3);
  host = host.substr(0, host.find_first_of(":/"));
  std::string reversed;
  while (!host.empty()) {
    const auto dot = host.rfind('.');
    const auto label = dot == std::string::npos ? host : host.substr(dot + 1);
    reversed += (reversed.empty() ? "" : ".") + label;
    host = dot == std::string::npos ? "" : host.substr(0, dot);
  }
  return reversed;
}

// "local.sigil" before a public host is set.
std::string registry_namespace_of(const config::Settings& all, const std::string& public_url) {
  if (!all.text("registry.namespace").empty()) return all.text("registry.namespace");
  return all.is_set("server.public_url") ? reversed_host_of(public_url) : "local.sigil";
}

void complain(Error& error, const std::string& key, const std::string& sentence) {
  error.details[key] = sentence;
  error.message += (error.message.empty() ? "" : "\n") + key + ": " + sentence;
}

void check_git_credentials(const BuilderSettings& builder, Error& error) {
  for (const auto& [origin, file] : builder.git_credentials) {
    if (const auto good = builder::git_origin(origin); !good)
      complain(error, "builder.git_credentials", good.error().message + "; " + good.error().hint);
    if (file.empty() || file.front() != '/')
      complain(error, "builder.git_credentials", "\"" + file + "\": an absolute path is needed");
  }
}

// What one value alone cannot show. The loader's own complaints come first, all in one error.
Result<void> check_together(const Settings& settings) {
  Error error{ErrorCode::invalid_argument, "E_CONFIG", "", "", {}};
  if (settings.api_listen.host != "127.0.0.1" && settings.api_listen.host != "::1")
    complain(error, "api.listen",
             "\"" + settings.api_listen.text() + "\": only a loopback address is allowed");
  if (settings.proxy.control_listen.host != "127.0.0.1" &&
      settings.proxy.control_listen.host != "::1")
    complain(
        error, "proxy.control_listen",
        "\"" + settings.proxy.control_listen.text() + "\": only a loopback address is allowed");
  if (settings.api_listen.port == settings.proxy.control_listen.port)
    complain(error, "proxy.control_listen",
             "must differ from api.listen (" + settings.api_listen.text() + ")");
  if (settings.proxy.tls_cert_file.empty() != settings.proxy.tls_key_file.empty())
    complain(error, "tls.key_file", "belongs together with tls.cert_file: set both or none");
  const auto& door = settings.listen.host;
  if (!settings.has_tls() && door != "localhost" && door != "::1" && door.rfind("127.", 0) != 0)
    complain(error, "server.listen",
             "\"" + settings.listen.text() +
                 "\": plain HTTP is served on a loopback address only; set tls.cert_file and "
                 "tls.key_file");
  const auto& url = settings.public_url;
  if (url.rfind("http://", 0) != 0 && url.rfind("https://", 0) != 0)
    complain(error, "server.public_url", "\"" + url + "\": an http:// or https:// URL is needed");
  if (settings.data_dir.empty() || settings.data_dir.front() != '/')
    complain(error, "data_dir", "\"" + settings.data_dir + "\": an absolute path is needed");
  if (settings.runtime.backoff_max < settings.runtime.backoff_min)
    complain(error, "runtime.backoff_max", "must not be shorter than runtime.backoff_min");
  if (const auto rules = check_source_rules(settings.scan.sources); !rules)
    complain(error, "policy.sources", rules.error().message);
  check_git_credentials(settings.builder, error);
  if (error.details.empty()) return {};
  return fail(std::move(error));
}

}  // namespace

std::string default_data_dir() {
  if (::geteuid() == 0) return "/var/lib/sigil";
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data == '/')
    return std::string(data) + "/sigil";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : "/tmp") + "/.local/share/sigil";
}

std::string default_admin_key_owner() {
  if (const char* user = std::getenv("SUDO_USER"); user != nullptr && *user != '\0') return user;
  return name_of_user(::getuid());
}

Result<Settings> load_settings(const config::Sources& sources) {
  SIGIL_TRY(const auto all, config::load(settings_table(), sources));
  Settings settings;
  settings.data_dir = all.text("data_dir").empty() ? default_data_dir() : all.text("data_dir");
  settings.listen = listen_address(all.address("server.listen"));
  settings.public_url = public_url_of(all);
  settings.allowed_hosts = all.list("server.allowed_hosts");
  settings.api_listen = listen_address(all.address("api.listen"));
  settings.database_url = all.secret("database_url");
  settings.postgres_binaries = all.text("database.binaries");
  settings.postgres_user = all.text("database.user");
  settings.docker_socket = all.text("docker_socket");
  settings.admin_key_owner =
      all.text("admin_key_owner").empty() ? default_admin_key_owner() : all.text("admin_key_owner");
  settings.admin_key_file = all.text("admin_key_file");
  settings.registry_namespace = registry_namespace_of(all, settings.public_url);
  settings.upload_bytes_max = all.bytes("server.upload_bytes_max");
  settings.log_level = all.text("log.level");
  settings.log_format = all.text("log.format");
  settings.builder = builder_settings(all);
  settings.scan = scan_settings(all);
  settings.runtime = runtime_settings(all, settings.builder);
  settings.proxy = proxy_settings(all);
  SIGIL_CHECK(check_together(settings));
  return settings;
}

}  // namespace sigil::controlplane
