#include "agent/http/server.hpp"

#include "agent/base/seldom.hpp"
#include "agent/http/inherited.hpp"
#include "agent/http/listener.hpp"
#include "agent/http/server_connection.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <poll.h>

#include <chrono>
#include <utility>

namespace sfb::http {

namespace {

namespace asio = boost::asio;

// The wait when the system has no descriptor or memory for another connection.
constexpr std::chrono::milliseconds kAcceptPause{100};

void take(const std::shared_ptr<ServerCore>& core, StreamSocket socket, const Listener& listener) {
  if (core->has_place()) {
    std::make_shared<Connection>(core, std::move(socket), listener.name)->start();
  } else {
    core->turn_away(std::move(socket));
  }
}

// Whoever waits at the door without a descriptor for it gets that of another connection, else the
// spare one: a scrape must tell what is wrong. `again`: the last attempt found none either.
bool find_descriptor(ServerCore& core, bool again) {
  if (!again && core.make_room()) {
    return true;
  }
  const bool has_spare = core.spare.get() >= 0;
  core.spare.reset();
  return has_spare;
}

// Linux looks for a descriptor before it looks for a caller: is there one at all?
bool is_called(StreamAcceptor& acceptor) {
  pollfd door{.fd = acceptor.native_handle(), .events = POLLIN, .revents = 0};
  return ::poll(&door, 1, 0) > 0;
}

asio::awaitable<void> accept_loop(std::shared_ptr<ServerCore> core,
                                  std::shared_ptr<Listener> listener) {
  Seldom log;
  bool again = false;
  while (listener->acceptor.is_open()) {
    StreamSocket socket(core->executor);
    const auto [error] =
        co_await listener->acceptor.async_accept(socket, asio::as_tuple(asio::use_awaitable));
    if (!error) {
      again = false;
      take(core, std::move(socket), *listener);
      core->keep_spare();
    } else if (error != asio::error::connection_aborted && listener->acceptor.is_open()) {
      if (!is_called(listener->acceptor)) {
        co_await listener->acceptor.async_wait(asio::socket_base::wait_read,
                                               asio::as_tuple(asio::use_awaitable));
        continue;
      }
      if (log.due(net::mono_now())) {
        core->logger.warn("connections cannot be accepted",
                          {{"address", listener->name}, {"error", error.message()}});
      }
      if (!find_descriptor(*core, std::exchange(again, true))) {
        again = false;
        co_await net::sleep_until(net::mono_now() + kAcceptPause);
      }
    }
  }
}

}  // namespace

class Server::Impl {
 public:
  Impl(asio::any_io_executor executor, ServerOptions options, Handler handler, Logger logger)
      : core(std::make_shared<ServerCore>(std::move(executor), std::move(options),
                                          std::move(handler), std::move(logger))) {}

  void serve(std::vector<Listener> opened) {
    for (Listener& listener : opened) {
      auto shared = std::make_shared<Listener>(std::move(listener));
      listeners.push_back(shared);
      asio::co_spawn(core->executor, accept_loop(core, std::move(shared)), asio::detached);
    }
  }

  void stop_accepting() {
    for (const auto& listener : listeners) {
      boost::system::error_code ignored;
      listener->acceptor.close(ignored);
      listener->file = SocketFile();
    }
    listeners.clear();
  }

  void close_all() {
    stop_accepting();
    core->stop_watching();
    for (const auto& connection : core->all()) {
      connection->close();
    }
  }

  std::shared_ptr<ServerCore> core;
  std::vector<std::shared_ptr<Listener>> listeners;
};

Server::Server(asio::any_io_executor executor, ServerOptions options, Handler handler,
               Logger logger)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(options), std::move(handler),
                                   std::move(logger))) {
  const ServerOptions& limits = impl_->core->options;
  if (limits.tls != nullptr) {
    // A connection has one job at a time. One thread leaves a core to the loop.
    handshakes_ = std::make_unique<net::WorkerPool>("tls", 1, limits.max_connections);
    impl_->core->handshakes = handshakes_.get();
  }
}

Server::~Server() {
  impl_->close_all();
}

Status Server::listen(const std::vector<net::ListenAddress>& addresses) {
  auto listeners = open_listeners(impl_->core->executor, addresses);
  if (!listeners) {
    return std::unexpected(std::move(listeners.error()));
  }
  impl_->serve(std::move(*listeners));
  return {};
}

Status Server::inherit(std::vector<Descriptor> sockets) {
  std::vector<Listener> listeners;
  for (Descriptor& socket : sockets) {
    auto listener = inherit_listener(impl_->core->executor, std::move(socket));
    if (!listener) {
      return std::unexpected(std::move(listener.error()));
    }
    listeners.push_back(std::move(*listener));
  }
  impl_->serve(std::move(listeners));
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
  for (const auto& connection : core.all()) {
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

bool Server::cut_slow_reader() {
  return impl_->core->cut_slow_reader();
}

ServerCounters Server::counters() const {
  ServerCounters counters = impl_->core->counters;
  counters.open = impl_->core->connections.size();
  return counters;
}

}  // namespace sfb::http
