#include "agent/http/listener.hpp"

#include "agent/base/descriptor.hpp"
#include "agent/base/host_port.hpp"
#include "agent/net/resolve.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace sfb::http {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

constexpr mode_t kSocketMode = 0660;

std::unexpected<Error> listen_failed(const std::string& name, int error) {
  switch (error) {
    case EADDRINUSE:
      return fail(Reason::connect, "listen.in_use", name + ": address already in use",
                  "stop the other program or choose another --web.listen-address");
    case EACCES:
    case EPERM:
      return fail(Reason::connect, "listen.denied", name + ": permission denied",
                  name.starts_with("unix:")
                      ? "let the agent's account write to the socket's folder"
                      : "choose a port above 1023 or grant CAP_NET_BIND_SERVICE");
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return fail(Reason::connect, "listen.unavailable",
                  name + ": this machine has no such address",
                  "choose another --web.listen-address");
    default:
      return fail(Reason::connect, "listen.failed",
                  fmt::format("{}: {}", name, std::generic_category().message(error)),
                  "choose another --web.listen-address");
  }
}

// Zero or the errno of the step that failed.
int bind_and_listen(StreamAcceptor& acceptor, const tcp::endpoint& endpoint, bool v6_only) {
  boost::system::error_code error;
  const StreamProtocol::endpoint generic(endpoint);
  acceptor.open(generic.protocol(), error);
  if (!error) {
    acceptor.set_option(asio::socket_base::reuse_address(true), error);
  }
  if (!error && endpoint.address().is_v6()) {
    // A mapped address (::ffff:127.0.0.1) is one of IPv4 and needs it off, whatever the system's
    // own setting is.
    acceptor.set_option(asio::ip::v6_only(v6_only && endpoint.address().is_unspecified()), error);
  }
  if (!error) {
    acceptor.bind(generic, error);
  }
  if (!error) {
    acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  return error.value();
}

std::optional<tcp::endpoint> to_tcp(const StreamProtocol::endpoint& generic) {
  const int family = generic.data()->sa_family;
  tcp::endpoint endpoint;
  if ((family != AF_INET && family != AF_INET6) || generic.size() > endpoint.capacity()) {
    return std::nullopt;
  }
  std::memcpy(endpoint.data(), generic.data(), generic.size());
  endpoint.resize(generic.size());
  return endpoint;
}

// IPv4-mapped addresses as what they are.
asio::ip::address plain(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address;
}

std::string name_of(const StreamAcceptor& acceptor, const net::ListenAddress& wanted) {
  boost::system::error_code error;
  const auto endpoint = to_tcp(acceptor.local_endpoint(error));
  return endpoint ? host_port(endpoint->address().to_string(), endpoint->port()) : wanted.str();
}

Result<std::vector<tcp::endpoint>> candidates(const net::ListenAddress& address) {
  if (address.host.empty()) {
    return std::vector<tcp::endpoint>{{asio::ip::address_v6::any(), address.port},
                                      {asio::ip::address_v4::any(), address.port}};
  }
  auto endpoints = net::resolve_blocking(address.host, address.port);
  if (!endpoints) {
    Error error = std::move(endpoints.error());
    error.code = "listen.resolve";
    error.message = address.str() + ": " + error.message;
    return std::unexpected(std::move(error));
  }
  // A name means one socket: its IPv4 address where it has one, as `localhost` is mostly meant.
  const auto v4 = std::ranges::find_if(
      *endpoints, [](const tcp::endpoint& endpoint) { return endpoint.address().is_v4(); });
  return std::vector<tcp::endpoint>{v4 == endpoints->end() ? endpoints->front() : *v4};
}

// An address of the list: what it may be bound to, best first. None of a unix socket.
struct Wanted {
  net::ListenAddress address;
  std::vector<tcp::endpoint> endpoints;
};

bool is_any(const tcp::endpoint& endpoint, const tcp& family) {
  return endpoint.address().is_unspecified() && endpoint.protocol() == family;
}

// Another address of the list takes IPv4 at the port of this `[::]`, which then leaves it alone.
bool has_any_v4(const std::vector<Wanted>& all, std::uint16_t port) {
  return std::ranges::any_of(all, [&](const Wanted& each) {
    return !each.endpoints.empty() && each.endpoints.front().port() == port &&
           is_any(each.endpoints.front(), tcp::v4());
  });
}

// Do callers of `address` get to a socket at `by` anyway? Of port 0 every socket has its own.
bool covers(const std::vector<Wanted>& all, const tcp::endpoint& by, const tcp::endpoint& address) {
  if (by.port() == 0 || by.port() != address.port()) {
    return false;
  }
  const bool any_of_both = is_any(by, tcp::v6()) && !has_any_v4(all, by.port());
  return by == address || any_of_both || is_any(by, address.protocol());
}

std::filesystem::path normal(const std::string& path) {
  return std::filesystem::path(path).lexically_normal();
}

// Another one takes it in: one before it, or a wildcard.
bool is_covered(const std::vector<Wanted>& all, std::size_t index) {
  const Wanted& wanted = all[index];
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Wanted& other = all[i];
    if (i == index) {
      continue;
    }
    if (wanted.address.is_unix() || other.address.is_unix()) {
      if (i < index && normal(wanted.address.path) == normal(other.address.path)) {
        return true;
      }
      continue;
    }
    const tcp::endpoint& by = other.endpoints.front();
    const tcp::endpoint& endpoint = wanted.endpoints.front();
    if ((i < index || by != endpoint) && covers(all, by, endpoint)) {
      return true;
    }
  }
  return false;
}

Result<Listener> open_tcp(const asio::any_io_executor& executor, const Wanted& wanted,
                          bool v6_only) {
  int error = 0;
  for (const tcp::endpoint& endpoint : wanted.endpoints) {
    StreamAcceptor acceptor(executor);
    error = bind_and_listen(acceptor, endpoint, v6_only);
    if (error == 0) {
      std::string name = name_of(acceptor, wanted.address);
      return Listener{std::move(acceptor), std::move(name), SocketFile()};
    }
    if (error != EAFNOSUPPORT && error != EADDRNOTAVAIL) {
      break;  // only a machine without IPv6 is a reason to try the next one
    }
  }
  return listen_failed(wanted.address.str(), error);
}

// Makes way for a new socket file: removes one that nobody listens on.
Status clear_path(const net::ListenAddress& address, const sockaddr_un& name) {
  struct stat info{};
  if (::lstat(address.path.c_str(), &info) != 0) {
    return errno == ENOENT ? Status() : Status(listen_failed(address.str(), errno));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return fail(Reason::connect, "listen.not_a_socket",
                address.str() + ": a file that is no socket is in the way",
                "remove it or choose another --web.listen-address");
  }
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (probe.get() < 0) {
    return listen_failed(address.str(), errno);
  }
  // POSIX wants this cast.
  const auto* generic = reinterpret_cast<const sockaddr*>(&name);
  const int code = ::connect(probe.get(), generic, sizeof(name)) == 0 ? 0 : errno;
  if (code == ECONNREFUSED || code == ENOENT) {
    return ::unlink(address.path.c_str()) == 0 || errno == ENOENT
               ? Status()
               : Status(listen_failed(address.str(), errno));
  }
  // It answered, or its queue is full.
  return listen_failed(address.str(), code == 0 || code == EAGAIN ? EADDRINUSE : code);
}

Result<Listener> open_unix(const asio::any_io_executor& executor,
                           const net::ListenAddress& address) {
  sockaddr_un name{};
  if (address.path.size() >= sizeof(name.sun_path)) {
    return fail(Reason::connect, "listen.too_long",
                fmt::format("{}: the path is longer than {} bytes", address.str(),
                            sizeof(name.sun_path) - 1),
                "choose a shorter path");
  }
  name.sun_family = AF_UNIX;
  std::ranges::copy(address.path, name.sun_path);
  if (Status cleared = clear_path(address, name); !cleared) {
    return std::unexpected(std::move(cleared.error()));
  }
  StreamAcceptor acceptor(executor);
  boost::system::error_code error;
  const StreamProtocol::endpoint endpoint(&name, sizeof(name));
  acceptor.open(endpoint.protocol(), error);
  if (!error) {
    acceptor.bind(endpoint, error);
  }
  if (error) {
    return listen_failed(address.str(), error.value());
  }
  SocketFile file(address.path);
  // Before `listen` nobody can connect, so there is no moment with the wrong mode.
  if (::chmod(address.path.c_str(), kSocketMode) != 0) {
    return listen_failed(address.str(), errno);
  }
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return listen_failed(address.str(), error.value());
  }
  return Listener{std::move(acceptor), address.str(), std::move(file)};
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat info{};
  if (::lstat(path_.c_str(), &info) != 0) {
    path_.clear();
    return;
  }
  device_ = info.st_dev;
  inode_ = info.st_ino;
}

SocketFile::~SocketFile() {
  remove();
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::exchange(other.path_, {});
    device_ = other.device_;
    inode_ = other.inode_;
  }
  return *this;
}

void SocketFile::remove() {
  struct stat info{};
  if (!path_.empty() && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ &&
      info.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
  path_.clear();
}

Result<std::vector<Listener>> open_listeners(const asio::any_io_executor& executor,
                                             const std::vector<net::ListenAddress>& addresses) {
  std::vector<Wanted> all;
  for (const net::ListenAddress& address : addresses) {
    auto endpoints = address.is_unix() ? std::vector<tcp::endpoint>() : candidates(address);
    if (!endpoints) {
      return std::unexpected(std::move(endpoints.error()));
    }
    all.push_back({address, std::move(*endpoints)});
  }
  std::vector<Listener> opened;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (is_covered(all, i)) {
      continue;
    }
    const net::ListenAddress& address = all[i].address;
    const bool v6_only = !address.is_unix() && has_any_v4(all, address.port);
    if (v6_only) {
      all[i].endpoints.resize(1);  // `:9943` is `[::]` here, its IPv4 callers have a socket
    }
    auto listener =
        address.is_unix() ? open_unix(executor, address) : open_tcp(executor, all[i], v6_only);
    if (!listener && v6_only && address.host.empty() &&
        listener.error().code == "listen.unavailable") {
      continue;  // a machine without IPv6
    }
    if (!listener) {
      return std::unexpected(std::move(listener.error()));
    }
    opened.push_back(std::move(*listener));
  }
  return opened;
}

Peer peer_of(const StreamSocket& socket) {
  boost::system::error_code error;
  const auto generic = socket.remote_endpoint(error);
  if (error) {
    return {.unix_socket = false, .address = "unknown", .loopback = false};
  }
  const auto endpoint = to_tcp(generic);
  if (!endpoint) {
    return {.unix_socket = true, .address = "unix", .loopback = true};
  }
  const auto address = plain(endpoint->address());
  return {.unix_socket = false, .address = address.to_string(), .loopback = address.is_loopback()};
}

std::string local_address_of(const StreamSocket& socket, const std::string& listener_name) {
  boost::system::error_code error;
  const auto endpoint = to_tcp(socket.local_endpoint(error));
  return !error && endpoint ? host_port(plain(endpoint->address()).to_string(), endpoint->port())
                            : listener_name;
}

}  // namespace sfb::http
