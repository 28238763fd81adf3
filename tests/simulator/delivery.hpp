// How an answer leaves, well or badly.
#pragma once

#include "tests/simulator/machine.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <string>

namespace sim {

/// Writes to the peer; false when it is gone.
using Write = std::function<boost::asio::awaitable<bool>(std::string)>;

/// True when the connection can be used again. `write` outlives it.
boost::asio::awaitable<bool> deliver(const Write& write, boost::asio::ip::tcp::socket& socket,
                                     const Answer& answer);

/// The end that nobody asked for.
boost::asio::awaitable<void> part(boost::asio::ip::tcp::socket& socket, Closing closing);

}  // namespace sim
