#include "agent/http/server.hpp"

#include "agent/http/listener.hpp"
#include "agent/http/server_connection.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <utility>

namespace sfb::http {

namespace {

namespace asio = boost::asio;

// Connections over the limit beyond this many are closed without a word.
constexpr std::size_t kMaxTurningAway = 64;
// The wait when the system has no descriptor or memory for another connection.
constexpr std::chrono::milliseconds kAcceptPause{100};

void take(const std::shared_ptr<ServerCore>& core, StreamSocket socket, const Listener& listener) {
  if (core->connections.size() < core->options.max_connections) {
    std::make_shared<Connection>(core, std::move(socket), listener.name)->start();
    return;
  }
  ++core->refused;
  if (core->turning_away < kMaxTurningAway) {
    asio::co_spawn(core->executor, turn_away(core, std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> accept_loop(std::shared_ptr<ServerCore> core,
                                  std::shared_ptr<Listener> listener) {
  bool complained = false;
  while (listener->acceptor.is_open()) {
    StreamSocket socket(core->executor);
    const auto [error] =
        co_await listener->acceptor.async_accept(socket, asio::as_tuple(asio::use_awaitable));
    if (!error) {
      complained = false;
      take(core, std::move(socket), *listener);
    } else if (error != asio::error::connection_aborted && listener->acceptor.is_open()) {
      if (!complained) {
        core->logger.warn("connections cannot be accepted",
                          {{"address", listener->name}, {"error", error.message()}});
        complained = true;
      }
      co_await net::sleep_until(net::mono_now() + kAcceptPause);
    }
  }
}

}  // namespace

class Server::Impl {
 public:
  Impl(asio::any_io_executor executor, ServerOptions options, Handler handler, Logger logger)
      : core(std::make_shared<ServerCore>(std::move(executor), std::move(options),
                                          std::move(handler), std::move(logger))) {}

  void stop_accepting() {
    for (const auto& listener : listeners) {
      boost::system::error_code ignored;
      listener->acceptor.close(ignored);
      listener->file = SocketFile();
    }
    listeners.clear();
  }

  // A copy: what is closed takes itself out of the set.
  std::vector<std::shared_ptr<Connection>> connections() const {
    std::vector<std::shared_ptr<Connection>> out;
    for (Connection* connection : core->connections) {
      if (auto alive = connection->weak_from_this().lock()) {
        out.push_back(std::move(alive));
      }
    }
    return out;
  }

  void close_all() {
    stop_accepting();
    for (const auto& connection : connections()) {
      connection->close();
    }
  }

  std::shared_ptr<ServerCore> core;
  std::vector<std::shared_ptr<Listener>> listeners;
};

Server::Server(asio::any_io_executor executor, ServerOptions options, Handler handler,
               Logger logger)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(options), std::move(handler),
                                   std::move(logger))) {}

Server::~Server() {
  impl_->close_all();
}

Status Server::listen(const std::vector<net::ListenAddress>& addresses) {
  auto listeners = open_listeners(impl_->core->executor, addresses);
  if (!listeners) {
    return std::unexpected(std::move(listeners.error()));
  }
  for (Listener& listener : *listeners) {
    auto shared = std::make_shared<Listener>(std::move(listener));
    impl_->listeners.push_back(shared);
    asio::co_spawn(impl_->core->executor, accept_loop(impl_->core, std::move(shared)),
                   asio::detached);
  }
  return {};
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> out;
  for (const auto& listener : impl_->listeners) {
    out.push_back(listener->name);
  }
  return out;
}

void Server::stop_accepting() {
  impl_->stop_accepting();
}

asio::awaitable<bool> Server::drain(MonoTime deadline) {
  const std::shared_ptr<Impl> impl = impl_;  // the server may go while this waits
  ServerCore& core = *impl->core;
  impl->stop_accepting();
  core.draining = true;
  for (const auto& connection : impl->connections()) {
    connection->end_soon();
  }
  if (!core.connections.empty()) {
    co_await core.drained.wait_until(deadline);
  }
  co_return core.connections.empty();
}

void Server::close_all() {
  impl_->close_all();
}

ServerCounters Server::counters() const {
  return {impl_->core->connections.size(), impl_->core->accepted, impl_->core->refused};
}

}  // namespace sfb::http
