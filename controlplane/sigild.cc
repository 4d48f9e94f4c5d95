#include "controlplane/sigild.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "controlplane/api/server.h"
#include "controlplane/authenticator.h"
#include "controlplane/bootstrap.h"
#include "controlplane/config/session_configs.h"
#include "controlplane/data_directory.h"
#include "controlplane/deployment_desk.h"
#include "controlplane/housekeeper.h"
#include "controlplane/operations/operation_runner.h"
#include "controlplane/proxy_supervisor.h"
#include "controlplane/replicas/reconciler.h"
#include "controlplane/routes/database_routes.h"
#include "controlplane/routes/proxy_waker.h"
#include "controlplane/system_doctor.h"
#include "controlplane/system_health.h"
#include "registry-db/change_listener.h"
#include "registry-db/cluster.h"
#include "runtime/docker/docker_driver.h"

namespace sigil::controlplane {

namespace {

// Operations that wait for an engine or a build hold no connection, so few are enough.
constexpr int kConnectionsMax = 16;
// Beside the builds: restarts, deletes and fetches go on while builds fill their slots.
constexpr int kWorkersBesideBuilds = 2;

builder::BuildSettings build_settings(const Settings& settings) {
  builder::BuildSettings build;
  build.base_images = settings.builder.base_images;
  build.ca_bundle = settings.builder.ca_bundle;
  build.npm_registry = settings.builder.npm_registry;
  build.pip_index_url = settings.builder.pip_index_url;
  build.proxy_variables = settings.builder.proxy_variables;
  build.memory_bytes_max = settings.builder.memory_bytes_max;
  build.time_max = settings.builder.time_max;
  build.shim_file = binary_beside(settings.builder.shim_file, "sigil-shim");
  build.git_credentials = settings.builder.git_credentials;
  build.git_credential_helper = binary_beside("", "sigil-git-credential");
  return build;
}

runtime::DockerDriverOptions driver_options(const Settings& settings, const std::string& instance) {
  runtime::DockerDriverOptions options;
  options.instance = instance;
  if (!settings.runtime.network_pools.empty())
    options.network_pools = settings.runtime.network_pools;
  return options;
}

Result<std::optional<db::Cluster>> private_cluster(const Settings& settings,
                                                   const std::stop_token& stop) {
  if (!settings.database_url.is_empty()) return std::optional<db::Cluster>();
  db::ClusterOptions options;
  options.directory = settings.data_dir + "/postgres";
  options.binaries = settings.postgres_binaries;
  options.user = settings.postgres_user;
  SIGIL_TRY(auto cluster, db::Cluster::start(std::move(options), stop));
  log::info(cluster.was_adopted() ? "running private database adopted" : "private database started",
            {{"pid", static_cast<std::int64_t>(cluster.pid())}});
  return std::optional<db::Cluster>(std::move(cluster));
}

// What half-made operations left there; they begin their fetch anew.
void empty_directory(const std::string& path) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored))
    std::filesystem::remove_all(entry.path(), ignored);
}

db::DatabaseOptions database_options(const Secret& url) {
  db::DatabaseOptions options;
  options.url = url;
  options.connections_max = kConnectionsMax;
  return options;
}

}  // namespace

// In the order in which they are made; destroyed the other way round.
struct Sigild::Parts {
  Settings settings;
  DataDirectory directory;
  std::optional<db::Cluster> cluster;
  std::unique_ptr<db::Database> database;
  WallTime started_at = system_clock().wall_now();

  ControlplaneMetrics metrics;
  SecretBox secret_box{directory.secrets_key()};
  engine::Engine engine{{.socket = settings.docker_socket}};
  builder::Builder builder{engine, build_settings(settings)};
  runtime::DockerDriver driver{engine, driver_options(settings, directory.instance())};
  CommandFunctions functions{builder, driver};
  Launcher launcher{settings, functions};
  DiscoveryClient discovery{kVersion, {}};
  ProxyClient proxy{settings.proxy.control_listen, directory.control_token()};
  ProxySupervisor supervisor{settings, proxy};
  ProxyWaker followers{proxy};
  DatabaseRoutes routes{
      settings, *database, proxy, metrics, directory.instance(), directory.session_key()};

  LogCollector logs{*database, driver, followers, secret_box, settings.runtime.log_lines_max};
  ReplicaStarter starter{*database, driver, launcher, secret_box};
  ReplicaProber prober{*database, driver, discovery, settings.runtime.start_max,
                       settings.runtime.probe_every};
  Reconciler reconciler{
      {settings, *database, driver, proxy, routes, starter, prober, logs, metrics}};

  BuildSlots build_slots{settings.builder.concurrent_max};
  OperationTools tools{.settings = settings,
                       .instance = directory.instance(),
                       .database = *database,
                       .engine = engine,
                       .build_settings = build_settings(settings),
                       .driver = driver,
                       .secret_box = secret_box,
                       .launcher = launcher,
                       .discovery = discovery,
                       .routes = routes,
                       .followers = followers,
                       .metrics = metrics,
                       .build_slots = build_slots,
                       .reconcile_soon = [this] { reconciler.look(); }};
  OperationRunner runner{tools, directory.instance(),
                         static_cast<int>(settings.builder.concurrent_max) + kWorkersBesideBuilds};

  DeploymentDesk desk{settings,
                      *database,
                      secret_box,
                      {.operation_queued = [this] { runner.look_for_work(); },
                       .cancel_requested = [this] { runner.look_for_cancellation(); },
                       .deployment_changed =
                           [this] {
                             static_cast<void>(routes.publish());
                             reconciler.look();
                           }}};
  KeyAuthenticator authenticator{*database};
  Evaluations evaluations{
      {.recall = [this](const std::string& text,
                        const Json& config) { return functions.recall(text, config); },
       .evaluate =
           [this](const std::string& text, const Json& config, std::stop_token stopped) {
             return functions.evaluate(text, config, std::move(stopped));
           }}};
  SessionConfigs session_configs{*database, launcher, secret_box, evaluations};
  std::optional<SystemHealth> health;
  std::optional<SystemDoctor> doctor;
  std::optional<Housekeeper> housekeeper;
  std::optional<db::ChangeListener> listener;
  std::optional<Services> services;
  std::unique_ptr<api::Server> server;

  Parts(Settings given, DataDirectory opened, std::optional<db::Cluster> started,
        std::unique_ptr<db::Database> connected)
      : settings(std::move(given)),
        directory(std::move(opened)),
        cluster(std::move(started)),
        database(std::move(connected)) {}

  Result<void> begin(const std::stop_token& stop);
  void begin_watching();
  Result<void> begin_serving();
  void end();
};

Result<void> Sigild::Parts::begin(const std::stop_token& stop) {
  SIGIL_CHECK(bootstrap(*database,
                        {settings.admin_key_owner, settings.admin_key_file, settings.public_url}));
  empty_directory(directory.scratch_directory());
  SIGIL_CHECK(routes.publish());
  SIGIL_CHECK(begin_serving());
  // The proxy carries requests to us as soon as it is up, so the API answers before.
  if (const auto ensured = supervisor.ensure(stop); !ensured)
    log::error("the front door is not open",
               {{"error", ensured.error().message}, {"hint", ensured.error().hint}});
  runner.start();
  reconciler.start();
  begin_watching();
  return {};
}

void Sigild::Parts::begin_watching() {
  housekeeper.emplace(Housekeeper::Parts{*database, engine, directory.instance(),
                                         settings.data_dir + "/uploads",
                                         settings.builder.cache_age});
  db::ChangeListener::Options options;
  options.url = cluster ? cluster->url() : settings.database_url;
  listener.emplace(std::move(options), [this](const db::Changes& changes) {
    if (changes.is_operation_queued) runner.look_for_work();
    if (changes.is_cancel_requested) runner.look_for_cancellation();
    if (changes.is_feed_grown) followers.wake({"/api/v1/events"});
  });
}

Result<void> Sigild::Parts::begin_serving() {
  health.emplace(SystemHealth::Parts{*database, engine, proxy, supervisor, metrics, [this] {
                                       // A proxy that was away has the routes of its disk.
                                       const auto current = routes.current();
                                       static_cast<void>(proxy.put_routes(current->text));
                                     }});
  doctor.emplace(settings, engine, *health);
  services.emplace(Services{settings, *database, authenticator, desk, *health, *doctor,
                            session_configs, routes, followers, metrics, directory.control_token(),
                            directory.instance(), kVersion, started_at});
  SIGIL_TRY(server, api::Server::start({.listen = settings.api_listen}, *services));
  return {};
}

// Requests first, then work, then what watches. Replicas and the proxy are not touched.
void Sigild::Parts::end() {
  if (server) server->stop();
  listener.reset();
  runner.stop();
  reconciler.stop();
  housekeeper.reset();
  doctor.reset();
  health.reset();
}

Sigild::Sigild(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Sigild::~Sigild() {
  parts_->end();
  auto cluster = std::move(parts_->cluster);
  parts_.reset();
  // Nobody else uses the private database. After a SIGKILL it runs on and is adopted.
  if (cluster)
    if (const auto stopped = cluster->stop(std::chrono::seconds(10)); !stopped)
      log::warn("the private database did not stop", {{"error", stopped.error().message}});
}

const Settings& Sigild::settings() const { return parts_->settings; }

Result<std::unique_ptr<Sigild>> Sigild::start(Settings settings, const std::stop_token& stop) {
  SIGIL_TRY(auto directory, DataDirectory::open(settings.data_dir));
  SIGIL_TRY(auto cluster, private_cluster(settings, stop));
  auto database =
      db::Database::open(database_options(cluster ? cluster->url() : settings.database_url));
  if (!database) return fail(database.error());
  auto parts = std::make_unique<Parts>(std::move(settings), std::move(directory),
                                       std::move(cluster), *std::move(database));
  auto sigild = std::unique_ptr<Sigild>(new Sigild(std::move(parts)));
  SIGIL_CHECK(sigild->parts_->begin(stop));
  return sigild;
}

}  // namespace sigil::controlplane
