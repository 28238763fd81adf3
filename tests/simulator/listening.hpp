// What a listener needs before it can listen: its port and its certificate. Errors are
// std::runtime_error with the place in the scenario.
#pragma once

#include "tests/simulator/scenario.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace sim {

/// `name` is for the error.
boost::asio::ip::tcp::acceptor listen_on(boost::asio::io_context& loop, const Address& address,
                                         const std::string& place, const std::string& name);
/// As it listens: with the port that it got.
Address address_of(const boost::asio::ip::tcp::acceptor& acceptor);

/// Nothing for plain HTTP.
std::shared_ptr<boost::asio::ssl::context> tls_of(const Listener& listener);

}  // namespace sim
