#include "proxy/proxy_process.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/crypto/crypto.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/log.h"
#include "proxy/follow_hub.h"

namespace sigil::proxy {
namespace {

constexpr auto kReportEvery = std::chrono::hours(12);
// Kept back for files, sigild and the control port.
constexpr std::size_t kSpareDescriptors = 128;

// A client and its replica are two descriptors.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur > 1'000'000 ? 1'000'000 : static_cast<std::size_t>(limit.rlim_cur);
}

std::vector<std::string> hosts_of(const config::Address& listen) {
  const std::string port = std::to_string(listen.port);
  return {listen.text(), "127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port};
}

std::string host_without_port(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

ProxyProcess::ProxyProcess(const ProxyOptions& options, const Timing& timing)
    : options_(options),
      started_at_(to_rfc3339(system_clock().wall_now())),
      shared_(std::make_unique<Shared>(options.data_dir + "/proxy/routes.json", options.workers)) {
  shared_->timing = timing;
  shared_->api_address = options.api.host == "localhost" ? "127.0.0.1" : options.api.host;
  shared_->api_port = options.api.port;
  shared_->own_hosts = hosts_of(options.listen);
  shared_->trusted_proxies = options.trusted_proxies;
  shared_->has_preamble = options.has_preamble;
  shared_->is_loopback_listener = options.listen.is_loopback();
  const std::size_t descriptors = raise_descriptor_limit();
  const std::size_t usable =
      descriptors > 2 * kSpareDescriptors ? descriptors - kSpareDescriptors : kSpareDescriptors;
  shared_->connections_max = std::max<std::size_t>(16, usable / 2 / options.workers);
}

Result<std::unique_ptr<ProxyProcess>> ProxyProcess::start(const ProxyOptions& options,
                                                          const Sockets& sockets,
                                                          const Timing& timing) {
  std::unique_ptr<ProxyProcess> process(new ProxyProcess(options, timing));
  SIGIL_TRY(const Secret key, crypto::load_or_make_key_file(options.data_dir + "/control.token"));
  process->shared_->control_token = Secret(to_hex(key.reveal()));
  if (const auto loaded = process->shared_->book.load(); loaded.has_value())
    log::info("routes of the last run are in use",
              {{"version", process->shared_->book.current()->version}});
  else if (loaded.error().code != ErrorCode::not_found)
    log::error("the routes on disk cannot be used", {{"reason", loaded.error().message}});
  if (!options.tls_cert_file.empty()) {
    SIGIL_TRY(process->shared_->tls, TlsKeeper::open(options.tls_cert_file, options.tls_key_file));
    process->report_certificate();
  }
  process->start_workers(sockets);
  return process;
}

void ProxyProcess::start_workers(const Sockets& sockets) {
  for (std::size_t i = 0; i < options_.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(*shared_, i,
                                                sockets.data[i % sockets.data.size()].get(),
                                                i == 0 ? sockets.redirect.get() : -1));
    shared_->workers.push_back(workers_.back().get());
  }
  shared_->book.on_change([this] {
    for (const auto& worker : workers_) worker->post([] {});
  });
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker* worker = workers_[i].get();
    threads_.emplace_back([worker] { worker->run(); });
    ::pthread_setname_np(threads_.back().native_handle(), ("worker-" + std::to_string(i)).c_str());
  }
  ControlActions actions;
  actions.take_routes = [this](std::string_view text) { return shared_->book.take(text); };
  actions.wake = [this](const std::vector<std::string>& paths) {
    for (const auto& worker : workers_)
      worker->post([worker = worker.get(), paths] { worker->hub().wake(paths); });
  };
  actions.status = [this] { return status(); };
  actions.metrics = [this] { return metrics(); };
  control_ = std::make_unique<ControlServer>(sockets.control.get(), shared_->control_token,
                                             std::move(actions));
  poller_ = std::make_unique<RoutePoller>(shared_->book, "http://" + options_.api.text(),
                                          shared_->control_token);
  sweeper_ = std::jthread([this](const std::stop_token& stop) { sweep(stop); });
}

void ProxyProcess::sweep(const std::stop_token& stop) {
  auto next_report = std::chrono::steady_clock::now() + kReportEvery;
  while (sleep_for(shared_->timing.sweep, stop)) {
    shared_->sessions.sweep(system_clock().wall_now(), shared_->book.current()->session_idle);
    if (!shared_->tls) continue;
    const bool is_new = shared_->tls->refresh();
    if (!is_new && std::chrono::steady_clock::now() < next_report) continue;
    next_report = std::chrono::steady_clock::now() + kReportEvery;
    report_certificate();
  }
}

void ProxyProcess::report_certificate() const {
  const auto table = shared_->book.current();
  shared_->tls->report(table->is_https ? host_without_port(table->public_host) : "");
}

ProxyProcess::~ProxyProcess() {
  sweeper_ = {};
  poller_.reset();
  control_.reset();
  for (const auto& worker : workers_) worker->stop();
  threads_.clear();
  workers_.clear();
}

void ProxyProcess::begin_drain() {
  shared_->is_draining = true;
  for (const auto& worker : workers_) {
    worker->begin_drain();
    worker->end_streams();
  }
}

bool ProxyProcess::has_stopped_accepting() const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](const auto& worker) { return worker->has_stopped_accepting(); });
}

bool ProxyProcess::is_idle() const {
  for (const auto& worker : workers_)
    if (worker->busy_connections() > 0) return false;
  return true;
}

std::string ProxyProcess::status() const {
  const auto table = shared_->book.current();
  const auto sessions = shared_->sessions.live_by_replica();
  Json replicas = Json::array();
  for (const auto& route : table->routes)
    for (const Replica& replica : route.second->replicas) {
      const auto live = sessions.find(replica.id);
      replicas.push_back(
          {{"id", replica.id},
           {"active_requests", replica.load ? replica.load->active_requests.load() : 0},
           {"open_streams", replica.load ? replica.load->open_streams.load() : 0},
           {"sessions", live == sessions.end() ? 0 : live->second}});
    }
  return to_text(Json{{"pid", parent_pid_.load()},
                      {"worker_pid", ::getpid()},
                      {"version", table->version},
                      {"started_at", started_at_},
                      {"listen", options_.listen.text()},
                      {"replicas", std::move(replicas)}});
}

std::string ProxyProcess::metrics() const { return workers_.front()->metrics_page(); }

}  // namespace sigil::proxy
