// The body of a request that its handler reads itself, when it has seen who asks.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace sfb::http {

class Connection;

/// Thread rule: loop thread, and only until the handler has answered. A body that was not read
/// costs the connection: it is closed behind the answer.
class UnreadBody {
 public:
  virtual ~UnreadBody() = default;
  /// As announced, in bytes; nobody has sent them yet, or so many.
  virtual std::uint64_t size() const = 0;
  /// The whole body, once; sends `100 Continue` before where the client waits for that.
  /// Reason::timeout, code `http.body_slow`; Reason::protocol, code `http.body` (the client is
  /// gone, or what it sends is no body).
  virtual boost::asio::awaitable<Result<std::string>> read(MonoTime deadline) = 0;
};

/// The body that `connection` is about to read.
std::shared_ptr<UnreadBody> unread_body(std::weak_ptr<Connection> connection, std::uint64_t size);

}  // namespace sfb::http
