// The control door: what tests look at and change while the simulator runs.
#include "tests/simulator/site.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

namespace sim {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

template <typename Map>
std::string object(const Map& map) {
  std::string out = "{";
  for (const auto& [name, value] : map) {
    out += out.size() > 1 ? ", " : "";
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>) {
      out += fmt::format("{}: {}", quoted(name), value);
    } else {
      out += fmt::format("{}: {}", quoted(name), quoted(value));
    }
  }
  return out + "}";
}

tcp::endpoint endpoint_of(const std::string& address) {
  const auto colon = address.rfind(':');
  return {asio::ip::make_address(address.substr(0, colon)),
          static_cast<std::uint16_t>(std::stoul(address.substr(colon + 1)))};
}

}  // namespace

ControlDoor::ControlDoor(asio::io_context& loop, const std::string& address, World& world)
    : world_(world), acceptor_(loop, endpoint_of(address)) {
  asio::co_spawn(loop, accept(), asio::detached);
}

std::string ControlDoor::address() const {
  const auto endpoint = acceptor_.local_endpoint();
  return fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
}

asio::awaitable<void> ControlDoor::accept() {
  while (true) {
    auto [error, socket] = co_await acceptor_.async_accept(kAwait);
    if (!error) {
      asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), asio::detached);
    }
  }
}

std::string ControlDoor::status_json() const {
  const Counters& c = world_.counters;
  return fmt::format(
      "{{\"shells\": {}, \"commands\": {}, \"connections\": {}, \"connections_made\": {}, "
      "\"requests\": {}, \"requests_by_action\": {}, \"runs_by_pool\": {}, \"faults_done\": {}, "
      "\"violations\": {}, \"logons_ok\": {}, \"logons_failed\": {}, \"bytes_in\": {}, "
      "\"bytes_out\": {}, \"last_call\": {}}}\n",
      world_.shells, world_.commands, world_.connections, c.connections_made, c.requests,
      object(c.requests_by_action), object(c.runs_by_pool), object(c.faults_done), c.violations,
      c.logons_ok, c.logons_failed, c.bytes_in, c.bytes_out, object(world_.last_call));
}

std::pair<int, std::string> ControlDoor::handle(const std::string& method, const std::string& path,
                                                const std::string& body) {
  constexpr std::string_view kPools = "/pools/";
  if (method == "GET" && path == "/status") {
    return {200, status_json()};
  }
  if (method == "POST" && path == "/reset-counters") {
    world_.counters = {};
    return {200, "{}\n"};
  }
  if (method == "POST" && path == "/faults") {
    auto faults = read_faults(body);
    if (!faults) {
      return {400, fmt::format("{{\"error\": {}}}\n", quoted(faults.error()))};
    }
    world_.set_faults(std::move(*faults));
    return {200, "{}\n"};
  }
  if (method == "POST" && path.starts_with(kPools)) {
    auto pool = read_pool(body);
    if (!pool) {
      return {400, fmt::format("{{\"error\": {}}}\n", quoted(pool.error()))};
    }
    world_.set_pool(path.substr(kPools.size()), std::move(*pool));
    return {200, "{}\n"};
  }
  return {404, "{\"error\": \"GET /status, POST /faults, /pools/NAME, /reset-counters\"}\n"};
}

asio::awaitable<void> ControlDoor::serve(tcp::socket socket) {
  boost::beast::flat_buffer buffer;
  http::request_parser<http::string_body> parser;
  const auto [error, count] = co_await http::async_read(socket, buffer, parser, kAwait);
  if (error) {
    co_return;
  }
  const auto& request = parser.get();
  const auto [status, body] =
      handle(std::string(request.method_string()), std::string(request.target()), request.body());
  const std::string text = fmt::format(
      "HTTP/1.1 {} Control\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}",
      status, body.size(), body);
  co_await asio::async_write(socket, asio::buffer(text), kAwait);
}

}  // namespace sim
