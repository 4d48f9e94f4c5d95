#include "runtime/shim/serve.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "base/clock.h"
#include "runtime/shim/options.h"

namespace sigil::shim {

namespace {

constexpr std::chrono::milliseconds kLookPause{200};
constexpr std::chrono::milliseconds kTermGrace{8'000};

// This container's address: a socket bound to it stands beside the server's own on loopback.
in_addr own_address() {
  in_addr address{};
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return address;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    sockaddr_in found{};
    std::memcpy(&found, each->ifa_addr, sizeof(found));
    if (ntohl(found.sin_addr.s_addr) != INADDR_LOOPBACK) address = found.sin_addr;
  }
  freeifaddrs(list);
  return address;
}

Descriptor listen_on(in_addr ip, std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr = ip;
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(socket.get(), 256) != 0)
    socket.close();
  return socket;
}

Descriptor connect_to(const ListeningSocket& target) {
  const int family = target.is_v6 ? AF_INET6 : AF_INET;
  Descriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(target.port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(target.port);
  v6.sin6_addr = in6addr_loopback;
  const int answer = target.is_v6
                         ? connect(socket.get(), reinterpret_cast<sockaddr*>(&v6), sizeof(v6))
                         : connect(socket.get(), reinterpret_cast<sockaddr*>(&v4), sizeof(v4));
  if (answer != 0 && errno != EINPROGRESS) socket.close();
  return socket;
}

std::uint16_t port_from(const Environment& environment) {
  std::uint16_t port = 8080;
  if (const auto found = environment.find("PORT"); found != environment.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), port);
  return port;
}

// The program in a process group of its own, with the signals as the shim found them.
pid_t launch(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp(words[0], words.data());
  std::fprintf(stderr, "sigil-shim: %s cannot be started: %s\n", words[0], std::strerror(errno));
  _exit(127);
}

// Waits for the program; passes signals on.
class Program {
 public:
  Program(Loop& loop, pid_t pid) : loop_(loop), pid_(pid) {}
  ~Program() {
    if (signals_.is_open()) loop_.forget(signals_.get());
  }

  void watch(const sigset_t& wanted) {
    signals_ = Descriptor(signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC));
    loop_.watch(signals_.get(), EPOLLIN, [this](std::uint32_t) { read_signals(); });
  }
  int exit_code() const { return exit_code_; }

 private:
  void read_signals() {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
      const auto signal = static_cast<int>(info.ssi_signo);
      if (signal == SIGCHLD) {
        reap();
        continue;
      }
      kill(-pid_, signal);
      loop_.after(kTermGrace, [this] { kill(-pid_, SIGKILL); });
    }
  }
  void reap() {
    int status = 0;
    for (pid_t ended = waitpid(-1, &status, WNOHANG); ended > 0;
         ended = waitpid(-1, &status, WNOHANG)) {
      if (ended != pid_) continue;
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      loop_.stop();
    }
  }

  Loop& loop_;
  const pid_t pid_;
  Descriptor signals_;
  int exit_code_ = 0;
};

}  // namespace

Forwarder::~Forwarder() {
  if (listener_.is_open()) loop_.forget(listener_.get());
}

void Forwarder::look() {
  auto sockets = read_listening();
  // Our own listener is no server.
  if (listener_.is_open()) {
    const auto is_ours = [&](const ListeningSocket& each) {
      return each.port == port_ && !each.is_loopback && !each.is_v6;
    };
    sockets.erase(std::remove_if(sockets.begin(), sockets.end(), is_ours), sockets.end());
  }
  if (const auto found = socket_to_reach(sockets, port_)) {
    target_ = *found;
    if (!listener_.is_open()) open();
  }
  loop_.after(kLookPause * (listener_.is_open() ? 10 : 1), [this] { look(); });
}

void Forwarder::open() {
  const auto address = own_address();
  if (address.s_addr == 0) return;
  listener_ = listen_on(address, port_);
  if (!listener_.is_open()) return;
  std::fprintf(
      stderr, "sigil-shim: the server listens on %s%u; calls for port %u are carried there\n",
      target_.is_loopback ? "loopback port " : "port ", unsigned{target_.port}, unsigned{port_});
  loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_all(); });
}

void Forwarder::accept_all() {
  while (true) {
    Descriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client.is_open()) return;
    if (relays_.size() >= kRelaysMax) continue;
    auto server = connect_to(target_);
    if (!server.is_open()) continue;
    relays_.push_back(
        std::make_unique<Relay>(loop_, std::move(client), std::move(server), [this](Relay* over) {
          relays_.remove_if([over](const auto& each) { return each.get() == over; });
        }));
  }
}

int run_serve(const std::vector<std::string>& argv) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, signal);
  sigprocmask(SIG_BLOCK, &wanted, nullptr);
  signal(SIGPIPE, SIG_IGN);
  Loop loop(system_clock());
  const pid_t pid = launch(argv);
  if (pid < 0) {
    std::fprintf(stderr, "sigil-shim: no process can be started: %s\n", std::strerror(errno));
    return 1;
  }
  Program program(loop, pid);
  program.watch(wanted);
  Forwarder forwarder(loop, port_from(current_environment()));
  forwarder.start();
  loop.run();
  return program.exit_code();
}

}  // namespace sigil::shim
