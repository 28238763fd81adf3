// The HTTP side of one listener: accepts, authenticates, delivers answers well or badly.
#pragma once

#include "tests/simulator/machine.hpp"
#include "tests/simulator/world.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sim {

/// Thread rule: one loop thread; lives as long as the loop.
class Site {
 public:
  /// Throws when it cannot listen or read its certificate.
  Site(boost::asio::io_context& loop, const Listener& listener, World& world);

  std::string address() const;
  Machine& machine() { return machine_; }

 private:
  boost::asio::awaitable<void> accept();
  template <typename Stream>
  boost::asio::awaitable<void> serve(Stream& stream, boost::asio::ip::tcp::socket& socket);
  bool let_in(const std::string& authorization);

  const Listener& listener_;
  World& world_;
  Machine machine_;
  std::optional<boost::asio::ssl::context> tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

/// The control door (README.md): `handle` gets method, path and body, and gives status and JSON.
class ControlDoor {
 public:
  ControlDoor(boost::asio::io_context& loop, const std::string& address, World& world);
  std::string address() const;

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);
  std::pair<int, std::string> handle(const std::string& method, const std::string& path,
                                     const std::string& body);
  std::string status_json() const;

  World& world_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace sim
