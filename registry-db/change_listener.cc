#include "registry-db/change_listener.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <pqxx/connection>
#include <pqxx/notification>
#include <stop_token>
#include <thread>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/log.h"
#include "registry-db/conninfo.h"

namespace sigil::db {
namespace {

// Sets one flag when its channel is heard.
class Ear final : public pqxx::notification_receiver {
 public:
  Ear(pqxx::connection& connection, const std::string& channel, bool& is_heard)
      : notification_receiver(connection, channel), is_heard_(is_heard) {}
  void operator()(const std::string&, int) override { is_heard_ = true; }

 private:
  bool& is_heard_;
};

}  // namespace

struct ChangeListener::Implementation {
  Implementation(Options given, std::function<void(const Changes&)> callback)
      : options(std::move(given)),
        on_change(std::move(callback)),
        wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        thread([this](const std::stop_token& stop) { run(stop); }) {}

  void run(const std::stop_token& stop);
  void listen(const Secret& conninfo, const std::stop_token& stop);
  // True when the server has something to say, false when the time is over or a stop is asked for.
  bool wait_for(int socket, std::chrono::milliseconds limit) const;

  Options options;
  std::function<void(const Changes&)> on_change;
  Descriptor wake;  // readable once a stop is asked for
  std::jthread thread;
};

bool ChangeListener::Implementation::wait_for(int socket, std::chrono::milliseconds limit) const {
  pollfd watched[2] = {{socket, POLLIN, 0}, {wake.get(), POLLIN, 0}};
  const int ready = ::poll(watched, 2, static_cast<int>(limit.count()));
  return ready > 0 && watched[0].revents != 0 && watched[1].revents == 0;
}

void ChangeListener::Implementation::listen(const Secret& conninfo, const std::stop_token& stop) {
  Changes heard;
  pqxx::connection connection(conninfo.reveal());
  const Ear operations(connection, "sigil_operations", heard.is_operation_queued);
  const Ear cancels(connection, "sigil_cancel", heard.is_cancel_requested);
  const Ear feed(connection, "sigil_feed", heard.is_feed_grown);
  // Whatever happened while nobody listened.
  on_change(Changes{.is_poll = true});
  while (!stop.stop_requested()) {
    const bool is_spoken_to = wait_for(connection.sock(), options.poll_every);
    if (stop.stop_requested()) return;
    if (is_spoken_to) connection.get_notifs();
    heard.is_poll = !is_spoken_to;
    // Something else was said (a parameter changed): nobody needs to know.
    if (!is_spoken_to || heard.is_operation_queued || heard.is_cancel_requested ||
        heard.is_feed_grown)
      on_change(heard);
    heard = {};
  }
}

void ChangeListener::Implementation::run(const std::stop_token& stop) {
  ::pthread_setname_np(::pthread_self(), "sigil-db-listen");
  const std::stop_callback on_stop(stop, [this] {
    const std::uint64_t one = 1;
    (void)!::write(wake.get(), &one, sizeof one);
  });
  const auto conninfo = make_conninfo(options.url, {.application = "sigild listener"});
  while (!stop.stop_requested()) {
    try {
      if (conninfo) listen(*conninfo, stop);
    } catch (const std::exception&) {
      // Away for now: those who wait for changes look for themselves.
      log::debug("database listener disconnected");
    }
    if (stop.stop_requested()) return;
    on_change(Changes{.is_poll = true});
    sleep_for(options.reconnect_after, stop);
  }
}

ChangeListener::ChangeListener(Options options, std::function<void(const Changes&)> on_change)
    : implementation_(std::make_unique<Implementation>(std::move(options), std::move(on_change))) {}
ChangeListener::~ChangeListener() = default;

}  // namespace sigil::db
