// The control door: what tests look at and change while the simulator runs.
#include "tests/simulator/await.hpp"
#include "tests/simulator/json.hpp"
#include "tests/simulator/listening.hpp"
#include "tests/simulator/site.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sim {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t kLargest = 64UL << 20U;

std::pair<int, std::string> refused(int status, const std::string& why) {
  return {status, fmt::format("{{\"error\": {}}}\n", json_text(why))};
}

}  // namespace

ControlDoor::ControlDoor(asio::io_context& loop, World& world, Sites& sites)
    : world_(world),
      sites_(sites),
      acceptor_(listen_on(loop, *world.scenario().control, world.scenario().control_place,
                          "the control door")) {
  asio::co_spawn(loop, accept(), asio::detached);
}

std::string ControlDoor::address() const {
  return address_of(acceptor_).text();
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
      "{{\"shells\": {}, \"commands\": {}, \"connections\": {}, \"contexts\": {}, "
      "\"connections_made\": {}, \"http_requests\": {}, \"sealed_requests\": {}, "
      "\"requests\": {}, \"requests_by_action\": {}, \"runs_by_pool\": {}, \"runs_by_cmdlet\": {}, "
      "\"faults_done\": {}, "
      "\"violations\": {}, \"logons_ok\": {}, \"logons_failed\": {}, "
      "\"logons_by_method\": {}, \"logon_legs\": {}, \"last_logon\": {}, \"bytes_in\": {}, "
      "\"bytes_out\": {}, \"host_responses\": {}, \"max_envelope_seen\": {}, \"last_call\": "
      "{}}}\n",
      world_.shells, world_.commands, world_.connections, world_.contexts, c.connections_made,
      c.http_requests, c.sealed_requests, c.requests, object(c.requests_by_action),
      object(c.runs_by_pool), object(c.runs_by_cmdlet), object(c.faults_done), c.violations,
      c.logons_ok, c.logons_failed, object(c.logons_by_method), c.logon_legs,
      object(world_.last_logon), c.bytes_in, c.bytes_out, c.host_responses, c.max_envelope_seen,
      object(world_.last_call));
}

std::pair<int, std::string> ControlDoor::handle(const std::string& method, const std::string& path,
                                                const std::string& body) {
  constexpr std::string_view kPools = "/pools/";
  constexpr std::string_view kListeners = "/listeners/";
  const std::pair<int, std::string> done{200, "{}\n"};
  if (method == "GET" && path == "/status") {
    return {200, status_json()};
  }
  if (method == "POST" && path == "/reset-counters") {
    world_.counters = {};
    return done;
  }
  if (method == "POST" && path == "/faults") {
    auto faults = read_faults(body, world_.scenario());
    if (!faults) {
      return refused(400, faults.error());
    }
    world_.set_faults(std::move(*faults));
    return done;
  }
  if (method == "POST" && path.starts_with(kPools)) {
    auto pool = read_pool(body);
    if (!pool) {
      return refused(400, pool.error());
    }
    world_.set_pool(path.substr(kPools.size()), std::move(*pool));
    return done;
  }
  if (method == "POST" && path.starts_with(kListeners)) {
    const std::string name = path.substr(kListeners.size());
    const auto site =
        std::ranges::find_if(sites_, [&](const auto& one) { return one->listener().name == name; });
    if (site == sites_.end()) {
      return refused(404, fmt::format("there is no listener \"{}\"", name));
    }
    const auto error = (*site)->change(body);
    return error ? refused(400, *error) : done;
  }
  return refused(
      404, "there are GET /status, POST /faults, /pools/FQDN, /listeners/NAME, /reset-counters");
}

asio::awaitable<void> ControlDoor::serve(tcp::socket socket) {
  boost::beast::flat_buffer buffer;
  http::request_parser<http::string_body> parser;
  parser.body_limit(kLargest);
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
