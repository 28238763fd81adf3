// Connecting to the first address that answers.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/net/resolve.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <expected>
#include <string>

namespace sfb::net {

/// One address after the other; each may take its share of the time that is left. The last one's
/// error when none answers, `timed_out` when the time is over. Cancellable. The socket closes on
/// exec. Thread rule: the caller's executor.
boost::asio::awaitable<std::expected<boost::asio::ip::tcp::socket, boost::system::error_code>>
connect_any(const Endpoints& endpoints, MonoTime deadline);

/// What that error means, stage connect. Reason::timeout, code connect.timeout; Reason::connect,
/// codes connect.refused, connect.unreachable, connect.failed. `where`: the server, for messages.
Error connect_error(const std::string& where, const boost::system::error_code& error);

}  // namespace sfb::net
