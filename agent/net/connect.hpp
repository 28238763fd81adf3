// Connecting to the first address that answers.
#pragma once

#include "agent/base/time.hpp"
#include "agent/net/resolve.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <expected>

namespace sfb::net {

/// One address after the other; each may take its share of the time that is left. The last one's
/// error when none answers, `timed_out` when the time is over. Cancellable. The socket closes on
/// exec. Thread rule: the caller's executor.
boost::asio::awaitable<std::expected<boost::asio::ip::tcp::socket, boost::system::error_code>>
connect_any(const Endpoints& endpoints, MonoTime deadline);

}  // namespace sfb::net
