#include "agent/http/inherited.hpp"

#include "agent/base/host_port.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::http {

namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr int kMostSockets = 64;

std::unexpected<Error> no_socket(std::string message) {
  return fail(Reason::process, "listen.systemd", std::move(message),
              "start it by a .socket unit with ListenStream=, or leave out --web.systemd-socket");
}

std::optional<int> number_in(const char* name) {
  const char* const value = std::getenv(name);
  const std::string_view text = value == nullptr ? std::string_view() : value;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(number)
                                                                  : std::nullopt;
}

// -1: none of that socket.
int option_of(int socket, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

std::string socket_name(const sockaddr_storage& address, socklen_t size) {
  if (address.ss_family == AF_UNIX) {
    sockaddr_un name{};
    std::memcpy(&name, &address, std::min<std::size_t>(size, sizeof(name)));
    const std::size_t length = size > offsetof(sockaddr_un, sun_path)
                                   ? ::strnlen(name.sun_path, sizeof(name.sun_path))
                                   : 0;
    return "unix:" + std::string(name.sun_path, length);
  }
  boost::asio::ip::tcp::endpoint endpoint;
  if ((address.ss_family != AF_INET && address.ss_family != AF_INET6) ||
      size > endpoint.capacity()) {
    return {};
  }
  std::memcpy(endpoint.data(), &address, size);
  endpoint.resize(size);
  return host_port(endpoint.address().to_string(), endpoint.port());
}

}  // namespace

Result<std::vector<Descriptor>> inherited_sockets() {
  const auto pid = number_in("LISTEN_PID");
  const auto count = number_in("LISTEN_FDS");
  for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    ::unsetenv(name);
  }
  if (pid != ::getpid() || !count || *count <= 0) {
    return no_socket("no socket was handed over ($LISTEN_FDS, $LISTEN_PID)");
  }
  if (*count > kMostSockets) {
    return no_socket(fmt::format("more than {} sockets were handed over", kMostSockets));
  }
  std::vector<Descriptor> sockets;
  for (int i = kFirst; i < kFirst + *count; ++i) {
    const int flags = ::fcntl(i, F_GETFD);
    if (flags < 0 || ::fcntl(i, F_SETFD, flags | FD_CLOEXEC) < 0) {
      return no_socket(fmt::format("descriptor {}, which $LISTEN_FDS tells of, is not open", i));
    }
    sockets.emplace_back(i);
  }
  return sockets;
}

std::string socket_address(const Descriptor& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  // POSIX wants this cast.
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  return ::getsockname(socket.get(), generic, &size) == 0 ? socket_name(address, size)
                                                          : std::string();
}

Result<Listener> inherit_listener(const boost::asio::any_io_executor& executor, Descriptor socket) {
  const int number = socket.get();
  const std::string name = socket_address(socket);
  if (name.empty() || option_of(number, SO_TYPE) != SOCK_STREAM ||
      option_of(number, SO_ACCEPTCONN) != 1) {
    return no_socket(fmt::format("descriptor {} is no stream socket that listens", number));
  }
  StreamAcceptor acceptor(executor);
  boost::system::error_code error;
  const int family = option_of(number, SO_DOMAIN);
  acceptor.assign(StreamProtocol(family, family == AF_UNIX ? 0 : IPPROTO_TCP), number, error);
  if (error) {
    return no_socket(fmt::format("{}: {}", name, error.message()));
  }
  static_cast<void>(socket.release());  // the acceptor has it
  return Listener{std::move(acceptor), name, SocketFile()};
}

}  // namespace sfb::http
