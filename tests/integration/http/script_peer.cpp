#include "tests/integration/http/script_peer.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace sfb::http {

namespace {

void set_patience(int fd) {
  const timeval time{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(port);
  ::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name));
  set_patience(fd);
  return fd;
}

}  // namespace

std::string Wire::read_some(std::size_t most) {
  std::string out(most, '\0');
  const auto count = ssl_ != nullptr ? SSL_read(ssl_, out.data(), static_cast<int>(most))
                                     : static_cast<int>(::recv(fd_, out.data(), most, 0));
  out.resize(static_cast<std::size_t>(std::max(count, 0)));
  return out;
}

std::string Wire::read_request() {
  std::string bytes;
  while (true) {
    const std::size_t end = bytes.find("\r\n\r\n");
    const std::size_t length = bytes.find("Content-Length: ");
    if (end != std::string::npos && length < end) {
      const auto body = std::strtoul(bytes.c_str() + length + 16, nullptr, 10);
      if (bytes.size() >= end + 4 + body) {
        return bytes;
      }
    }
    const std::string more = read_some();
    if (more.empty()) {
      return bytes;
    }
    bytes += more;
  }
}

bool Wire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count =
        ssl_ != nullptr
            ? SSL_write(ssl_, bytes.data(),
                        static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 20U)))
            : static_cast<int>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    if (count <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void Wire::wait_closed() {
  while (!read_some().empty()) {
  }
}

bool Wire::accept_tls(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, fd_);
  const bool good = SSL_accept(ssl_) == 1;
  ERR_clear_error();
  return good;
}

void Wire::say_goodbye() {
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

void Wire::close() {
  SSL_free(ssl_);
  ssl_ = nullptr;
  if (fd_ >= 0) {
    ::close(fd_);
  }
  fd_ = -1;
}

void Wire::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close();
}

ScriptPeer::ScriptPeer(Script script, bool ipv6)
    : script_(std::move(script)),
      fd_(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in6 name6{};
  name6.sin6_family = AF_INET6;
  name6.sin6_addr = in6addr_loopback;
  sockaddr_in name4{};
  name4.sin_family = AF_INET;
  name4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic =
      ipv6 ? reinterpret_cast<sockaddr*>(&name6) : reinterpret_cast<sockaddr*>(&name4);
  socklen_t size = ipv6 ? sizeof(name6) : sizeof(name4);
  ::bind(fd_, generic, size);
  ::listen(fd_, 64);
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  ::getsockname(fd_, generic, &size);
  port = ntohs(ipv6 ? name6.sin6_port : name4.sin_port);
  acceptor_ = std::thread([this] { serve(); });
}

ScriptPeer::~ScriptPeer() {
  ::shutdown(fd_, SHUT_RDWR);
  acceptor_.join();
  for (auto& thread : threads_) {
    thread.join();
  }
  ::close(fd_);
}

void ScriptPeer::serve() {
  while (true) {
    const int client = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
      return;
    }
    set_patience(client);
    ++accepted;
    threads_.emplace_back([this, client] {
      {
        Wire wire(client);
        script_(wire);
      }
      ++ended;
    });
  }
}

std::string ScriptPeer::url(std::string_view scheme, std::string_view host) const {
  return fmt::format("{}://{}:{}/wsman", scheme, host, port);
}

ServerContext server_context(const net::Identity& leaf,
                             const std::vector<const net::Identity*>& others, int oldest,
                             int newest) {
  ServerContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), leaf.certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), leaf.key.get());
  for (const net::Identity* other : others) {
    SSL_CTX_add1_chain_cert(context.get(), other->certificate.get());
  }
  // The ancient versions need the ancient signatures.
  SSL_CTX_set_cipher_list(context.get(), "DEFAULT@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context.get(), oldest);
  SSL_CTX_set_max_proto_version(context.get(), newest);
  return context;
}

std::string answer_of(std::string_view body, std::string_view more_headers) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), more_headers,
                     body);
}

void relay(Wire& wire, std::uint16_t port, std::size_t up, std::size_t down, bool reset) {
  Wire server(connect_to(port));
  std::array<pollfd, 2> ends{pollfd{wire.fd(), POLLIN, 0}, pollfd{server.fd(), POLLIN, 0}};
  while (up > 0 && down > 0 && ::poll(ends.data(), ends.size(), 20'000) > 0) {
    if (ends[0].revents != 0) {
      const std::string bytes = wire.read_some(std::min<std::size_t>(up, 65536));
      if (bytes.empty() || !server.send(bytes)) {
        break;
      }
      up -= bytes.size();
    }
    if (ends[1].revents != 0) {
      const std::string bytes = server.read_some(std::min<std::size_t>(down, 65536));
      if (bytes.empty() || !wire.send(bytes)) {
        break;
      }
      down -= bytes.size();
    }
  }
  if (reset) {
    wire.reset();
  }
}

}  // namespace sfb::http
