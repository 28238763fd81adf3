#include "tests/integration/http/raw_client.hpp"

#include "agent/net/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace sfb::http {

namespace {

template <typename T>
bool connect_to(int fd, const T& name) {
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0;
}

bool connect_to(int fd, const net::ListenAddress& address) {
  if (address.is_unix()) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::ranges::copy(address.path, name.sun_path);
    return connect_to(fd, name);
  }
  if (address.host.find(':') != std::string::npos) {
    sockaddr_in6 name{};
    name.sin6_family = AF_INET6;
    name.sin6_port = htons(address.port);
    ::inet_pton(AF_INET6, address.host.c_str(), &name.sin6_addr);
    return connect_to(fd, name);
  }
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(address.port);
  ::inet_pton(AF_INET, address.host.c_str(), &name.sin_addr);
  return connect_to(fd, name);
}

int family_of(const net::ListenAddress& address) {
  if (address.is_unix()) {
    return AF_UNIX;
  }
  return address.host.find(':') != std::string::npos ? AF_INET6 : AF_INET;
}

}  // namespace

RawClient::RawClient(const std::string& address, int receive_buffer) {
  const auto parsed = net::parse_listen_address(address);
  if (!parsed) {
    return;
  }
  const int fd = ::socket(family_of(*parsed), SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  if (receive_buffer > 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  if (connect_to(fd, *parsed)) {
    fd_ = fd;
  } else {
    ::close(fd);
  }
}

RawClient::~RawClient() {
  close();
}

void RawClient::close() {
  if (fd_ >= 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::fill() {
  std::array<char, 65536> bytes{};
  const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (size <= 0) {
    reset_ = size < 0 && errno == ECONNRESET;
    return false;
  }
  buffer_.append(bytes.data(), static_cast<std::size_t>(size));
  return true;
}

RawAnswer RawClient::read(bool with_body) {
  RawAnswer answer;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) {
      return answer;
    }
  }
  answer.head = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  std::size_t length = 0;
  constexpr std::string_view kLength = "Content-Length: ";
  if (const std::size_t at = answer.head.find(kLength); at != std::string::npos && with_body) {
    length = std::strtoul(answer.head.c_str() + at + kLength.size(), nullptr, 10);
  }
  while (buffer_.size() < length && fill()) {
  }
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  answer.status = std::atoi(answer.head.c_str() + std::string_view("HTTP/1.1 ").size());
  return answer;
}

std::string RawClient::read_some() {
  fill();
  return std::exchange(buffer_, {});
}

void RawClient::shut_down() {
  ::shutdown(fd_, SHUT_WR);
}

std::string RawClient::read_all() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

}  // namespace sfb::http
