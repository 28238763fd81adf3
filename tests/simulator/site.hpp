// The HTTP side of one listener: accepts, authenticates, delivers answers well or badly.
#pragma once

#include "tests/simulator/doorman.hpp"
#include "tests/simulator/machine.hpp"
#include "tests/simulator/world.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sim {

/// Thread rule: one loop thread; lives as long as the loop.
class Site {
 public:
  /// Throws std::runtime_error when it cannot listen or read its certificate.
  Site(boost::asio::io_context& loop, Listener listener, World& world);

  const Listener& listener() const { return listener_; }
  std::string address() const;
  Machine& machine() { return machine_; }
  /// Takes other keys while it runs: a certificate for new connections, a server for new shells.
  /// The error text when it cannot; then all is as before.
  std::optional<std::string> change(const std::string& yaml);

 private:
  boost::asio::awaitable<void> accept();
  template <typename Stream>
  boost::asio::awaitable<void> serve(Stream& stream, boost::asio::ip::tcp::socket& socket);
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  boost::asio::awaitable<Answer> answer_to(const Request& request, Doorman& doorman);
  /// The plain body; `head` becomes that of the plain request.
  std::expected<std::string, std::string> unseal(const Request& request, HttpHead& head,
                                                 Doorman& doorman);
  void seal(Answer& answer, Doorman& doorman);

  Listener listener_;
  World& world_;
  Machine machine_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

using Sites = std::vector<std::unique_ptr<Site>>;

/// The control door (README.md).
class ControlDoor {
 public:
  /// Throws std::runtime_error when it cannot listen.
  ControlDoor(boost::asio::io_context& loop, World& world, Sites& sites);
  std::string address() const;

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);
  /// HTTP status and JSON.
  std::pair<int, std::string> handle(const std::string& method, const std::string& path,
                                     const std::string& body);
  std::string status_json() const;

  World& world_;
  Sites& sites_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace sim
