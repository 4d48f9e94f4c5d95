#include "controlplane/settings_table.h"

namespace sigil::controlplane {

namespace {

using config::Entry;
using config::Table;
using config::Type;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDay = 24 * 60 * kMinute;
constexpr std::int64_t kMiB = 1024 * 1024;

// server.listen is SIGIL_SERVER_LISTEN unless the shorter name of docs/interfaces.md is given.
Entry entry(std::string key, Type type, std::string fallback, std::string sentence) {
  Entry row;
  row.environment = "SIGIL_";
  for (const char c : key)
    row.environment += c == '.' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
  row.key = std::move(key);
  row.type = type;
  row.fallback = std::move(fallback);
  row.sentence = std::move(sentence);
  return row;
}

Entry named(Entry row, std::string environment) {
  row.environment = std::move(environment);
  return row;
}

Entry within(Entry row, std::int64_t at_least, std::int64_t at_most) {
  row.at_least = at_least;
  row.at_most = at_most;
  return row;
}

Entry one_of(Entry row, std::vector<std::string> choices) {
  row.choices = std::move(choices);
  return row;
}

Entry secret(Entry row) {
  row.is_secret = true;
  return row;
}

void add_server(Table& table) {
  table.push_back(named(entry("server.listen", Type::address, "127.0.0.1:7450",
                              "where sigil-proxy, the front door, listens; on other addresses than "
                              "loopback only with a certificate"),
                        "SIGIL_LISTEN"));
  table.push_back(
      named(entry("server.public_url", Type::text, "",
                  "the URL people use; empty: http:// (https:// with a certificate) and "
                  "server.listen"),
            "SIGIL_PUBLIC_URL"));
  table.push_back(entry("server.allowed_hosts", Type::list, "",
                        "Host headers accepted besides those of public_url, server.listen and "
                        "localhost (mcp.example.org,10.0.0.5:7450)"));
  table.push_back(entry("server.redirect_listen", Type::text, "",
                        "a port for plain HTTP that names the https:// address and does nothing "
                        "else (0.0.0.0:80)"));
  table.push_back(entry("server.trusted_proxies", Type::list, "",
                        "load balancers (10.0.0.0/8,2001:db8::7) whose Forwarded or X-Forwarded-* "
                        "headers are believed"));
  table.push_back(entry("server.proxy_protocol", Type::boolean, "false",
                        "trusted proxies begin each connection with a PROXY v2 header, and nobody "
                        "else may connect"));
  table.push_back(entry("tls.cert_file", Type::path, "",
                        "PEM certificate of the public host and its chain; read again when it "
                        "changes"));
  table.push_back(
      entry("tls.key_file", Type::path, "", "its key, PEM, readable by sigil-proxy alone"));
  table.push_back(within(entry("server.upload_bytes_max", Type::bytes, "512MiB",
                               "the largest archive that may be uploaded"),
                         kMiB, 100 * 1024 * kMiB));
  table.push_back(named(entry("api.listen", Type::address, "127.0.0.1:7451",
                              "where sigild listens for sigil-proxy; loopback only"),
                        "SIGIL_API_LISTEN"));
  table.push_back(entry("data_dir", Type::path, "",
                        "everything Sigil keeps; empty: /var/lib/sigil as root, else "
                        "$XDG_DATA_HOME/sigil"));
  table.push_back(secret(entry("database_url", Type::text, "",
                               "an existing PostgreSQL 15 or newer (postgresql://…); empty: a "
                               "private cluster under data_dir")));
  table.push_back(entry("database.binaries", Type::path, "",
                        "where initdb and postgres of the private cluster are; empty: the newest "
                        "/usr/lib/postgresql/*/bin"));
  table.push_back(entry("database.user", Type::text, "postgres",
                        "the user a private cluster runs as when sigild is root"));
  table.push_back(entry("docker_socket", Type::path, "/var/run/docker.sock",
                        "the socket of the Docker Engine"));
  table.push_back(entry("admin_key_owner", Type::text, "",
                        "whose ~/.config/sigil/credentials.json gets the first admin key; empty: "
                        "the caller of sudo, else the user sigild runs as"));
  table.push_back(entry("admin_key_file", Type::path, "",
                        "where the first admin key is written instead (its folder must exist)"));
  table.push_back(entry("registry.namespace", Type::text, "",
                        "the part before the slash in names of packages without a server.json; "
                        "empty: the public host reversed, local.sigil before one is set"));
}

void add_builder(Table& table) {
  table.push_back(entry("builder.base_images", Type::map, "",
                        "public image name = the image to use in its place, for hosts without a "
                        "registry (node:22-slim=sigil-base/node:22)"));
  table.push_back(entry("builder.ca_bundle", Type::path, "",
                        "PEM file that builds trust in addition; empty: "
                        "/etc/ssl/certs/ca-certificates.crt where it exists"));
  table.push_back(entry("builder.npm_registry", Type::text, "", "npm registry for builds"));
  table.push_back(
      entry("builder.pip_index_url", Type::text, "", "Python package index for builds"));
  table.push_back(entry("builder.proxy_variables", Type::map, "",
                        "HTTP_PROXY, HTTPS_PROXY, NO_PROXY of builds"));
  table.push_back(within(
      entry("builder.memory_max", Type::bytes, "0", "memory a build step may use; 0: no limit"), 0,
      1024LL * 1024 * kMiB));
  table.push_back(
      within(entry("builder.time_max", Type::duration, "30m", "the longest build"), 1'000, kDay));
  table.push_back(
      within(entry("builder.fetch_time_max", Type::duration, "5m", "the longest fetch of a source"),
             1'000, kDay));
  table.push_back(
      within(entry("builder.fetch_bytes_max", Type::bytes, "1GiB", "the largest source tree"), kMiB,
             1024LL * 1024 * kMiB));
  table.push_back(within(entry("builder.cache_age", Type::duration, "24h",
                               "age at which layers kept for later builds are removed"),
                         0, 365 * kDay));
  table.push_back(within(
      entry("builder.concurrent_max", Type::integer, "2", "operations that run at the same time"),
      1, 64));
  table.push_back(
      entry("builder.shim_file", Type::path, "", "the static sigil-shim; empty: beside sigild"));
  table.push_back(entry("builder.git_credentials", Type::map, "",
                        "origin of a git server = file that holds TOKEN or USER:TOKEN for private "
                        "repositories there (https://git.example.org=/etc/sigil/git.token)"));
}

void add_scan(Table& table) {
  table.push_back(one_of(entry("scan.fail_on", Type::text, "block",
                               "the severity of a finding from which on a deploy is refused"),
                         {"block", "error", "warning"}));
  table.push_back(entry("scan.policy_file", Type::path, "",
                        "severities, allowed hosts and packages of scans, as JSON or YAML"));
  table.push_back(
      within(entry("scan.time_max", Type::duration, "60s", "the longest scan; longer ones block"),
             1'000, 60 * kMinute));
  table.push_back(one_of(entry("scan.four_eyes", Type::text, "auto",
                               "auto: the only admin of a team may waive a finding alone for a "
                               "week; required: never"),
                         {"auto", "required"}));
  table.push_back(one_of(entry("scan.unscanned_image", Type::text, "warn",
                               "whether an image, whose source nobody here has seen, is deployed"),
                         {"allow", "warn", "block"}));
  table.push_back(entry("policy.sources", Type::list, "",
                        "what may be deployed, the first rule that fits decides: allow or deny and "
                        "a pattern (allow git:https://git.corp/**,allow npm:@corp/*,deny **); "
                        "empty: everything"));
  table.push_back(entry("scan.binary", Type::path, "", "sigil-scan; empty: beside sigild"));
}

void add_runtime(Table& table) {
  table.push_back(entry("runtime.ca_bundle", Type::path, "",
                        "PEM file that running servers trust, seen as /etc/sigil/ca.crt; empty: "
                        "that of builds"));
  table.push_back(entry("runtime.proxy_variables", Type::map, "",
                        "HTTP_PROXY, HTTPS_PROXY, NO_PROXY of running servers; empty: those of "
                        "builds"));
  table.push_back(entry("runtime.network_pools", Type::list, "",
                        "addresses for the networks of deployments, one /28 each, from the first "
                        "pool that is free (10.213.0.0/16,…); empty: pools of Sigil's own choice"));
  table.push_back(within(entry("runtime.memory", Type::bytes, "512MiB", "memory of a replica"),
                         16 * kMiB, 1024LL * 1024 * kMiB));
  table.push_back(within(entry("runtime.cpu_thousandths", Type::integer, "1000",
                               "processor time of a replica in thousandths of one"),
                         10, 1'000'000));
  table.push_back(
      within(entry("runtime.pids", Type::integer, "256", "processes and threads of a replica"), 16,
             100'000));
  table.push_back(within(entry("runtime.tmp", Type::bytes, "64MiB", "size of a replica's /tmp"),
                         kMiB, 100 * 1024 * kMiB));
  table.push_back(within(entry("runtime.start_max", Type::duration, "60s",
                               "how long a new replica may take to answer"),
                         1'000, 60 * kMinute));
  table.push_back(
      within(entry("runtime.stop_grace", Type::duration, "10s", "time between SIGTERM and SIGKILL"),
             0, 10 * kMinute));
  table.push_back(within(entry("runtime.drain_max", Type::duration, "30m",
                               "how long sessions of an old revision may go on"),
                         0, kDay));
  table.push_back(within(entry("runtime.backoff_min", Type::duration, "1s",
                               "pause before the first restart of a crashed replica"),
                         100, kDay));
  table.push_back(within(
      entry("runtime.backoff_max", Type::duration, "5m", "the longest such pause"), 100, kDay));
  table.push_back(within(entry("runtime.crash_loop_after", Type::integer, "5",
                               "crashes in a row that make a crash loop"),
                         1, 1'000));
  table.push_back(within(entry("runtime.orphan_grace", Type::duration, "5m",
                               "age at which things of ours that nobody knows are removed"),
                         1'000, kDay));
  table.push_back(within(entry("runtime.reconcile_every", Type::duration, "10s",
                               "how often wish and world are compared without an event"),
                         100, 60 * kMinute));
  table.push_back(within(entry("runtime.probe_every", Type::duration, "10s",
                               "how often each replica is asked whether it lives"),
                         100, 60 * kMinute));
  table.push_back(within(
      entry("runtime.log_lines_max", Type::integer, "20000", "log lines kept for each deployment"),
      100, 10'000'000));
}

void add_proxy(Table& table) {
  table.push_back(named(entry("proxy.control_listen", Type::address, "127.0.0.1:7452",
                              "where sigil-proxy listens for sigild; loopback only"),
                        "SIGIL_PROXY_CONTROL_LISTEN"));
  table.push_back(
      entry("proxy.start", Type::boolean, "true", "start a sigil-proxy where none answers"));
  table.push_back(entry("proxy.binary", Type::path, "", "sigil-proxy; empty: beside sigild"));
  table.push_back(within(
      entry("proxy.session_idle", Type::duration, "30m", "a session unused for so long is over"),
      1'000, 30 * kDay));
  table.push_back(within(entry("proxy.session_max", Type::duration, "24h", "the longest session"),
                         1'000, 365 * kDay));
  table.push_back(
      within(entry("proxy.request_max", Type::duration, "10m", "the longest call without an event"),
             1'000, kDay));
  table.push_back(within(
      entry("proxy.body_bytes_max", Type::bytes, "4MiB", "the largest request body of a call"),
      1'024, 1024 * kMiB));
  table.push_back(
      within(entry("proxy.streams_max", Type::integer, "1000", "open streams of one deployment"), 1,
             1'000'000));
}

void add_log(Table& table) {
  table.push_back(one_of(entry("log.level", Type::text, "info", "the least important line written"),
                         {"debug", "info", "warn", "error"}));
  table.push_back(
      one_of(entry("log.format", Type::text, "auto", "json, text, or auto: text on a terminal"),
             {"auto", "json", "text"}));
}

}  // namespace

const config::Table& settings_table() {
  static const Table table = [] {
    Table rows;
    add_server(rows);
    add_builder(rows);
    add_scan(rows);
    add_runtime(rows);
    add_proxy(rows);
    add_log(rows);
    return rows;
  }();
  return table;
}

}  // namespace sigil::controlplane
