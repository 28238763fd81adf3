#include "agent/app/foreground.hpp"

#include "agent/base/text.hpp"
#include "agent/engine/backoff.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

namespace sfb::app {

namespace {

namespace asio = boost::asio;

// How long the session on the server may take to be closed at the end.
constexpr std::chrono::seconds kCloseSession{5};

asio::awaitable<bool> close(std::shared_ptr<remote::Transport> transport) {
  co_return co_await transport->close(net::mono_now() + kCloseSession);
}

// `1, 2, 5, 10 minutes`.
std::string steps_text() {
  std::string text;
  for (const std::chrono::minutes step : engine::kBackoffSteps) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", step.count());
  }
  return text + " minutes";
}

}  // namespace

Ended run_foreground(asio::io_context& loop, asio::awaitable<void> task) {
  Ended ended;
  // Shared: a signal that comes together with the end is handled only when the loop runs again.
  struct Interrupt {
    bool came = false;
    asio::cancellation_signal cancel;
  };
  const auto interrupt = std::make_shared<Interrupt>();
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([interrupt](const boost::system::error_code& error, int) {
    if (!error) {
      interrupt->came = true;
      interrupt->cancel.emit(asio::cancellation_type::terminal);
    }
  });
  asio::co_spawn(
      loop, std::move(task),
      asio::bind_cancellation_slot(interrupt->cancel.slot(), [&](std::exception_ptr failure) {
        if (!interrupt->came) {
          ended.failure = std::move(failure);
        }
        signals.cancel();
        loop.stop();
      }));
  loop.run();
  ended.interrupted = interrupt->came;
  return ended;
}

void run_close(asio::io_context& loop, const std::shared_ptr<remote::Transport>& transport) {
  loop.restart();
  bool closed = false;
  asio::co_spawn(loop, close(transport), [&](const std::exception_ptr& failure, bool all) {
    closed = !failure && all;
    loop.stop();
  });
  loop.run();
  if (!closed) {
    fmt::print(stderr,
               "note: the session could not be closed in {} s, the server's idle time-out "
               "clears it\n",
               kCloseSession.count());
  }
}

void print_failure(const Error& error) {
  fmt::print(stderr, "\nfailed: {}\n", error.message);
  fmt::print(stderr, "reason: {} ({})\n", to_string(error.reason), error.code);
  if (error.stage != Stage::none) {
    fmt::print(stderr, "stage:  {}\n", to_string(error.stage));
  }
  if (!error.peer.empty()) {
    fmt::print(stderr, "answer: {}\n", quote(error.peer, 2000));
  }
  if (!error.remedy.empty()) {
    fmt::print(stderr, "remedy: {}\n", error.remedy);
  }
  // Our own pools of threads are throttled too, but no server has a say in that.
  if (error.reason == Reason::throttled && !error.code.starts_with("pool.")) {
    fmt::print(stderr,
               "waits:  for this quota of the server; the agent leaves the endpoint alone for "
               "{}, and then asks again by itself\n",
               steps_text());
  }
}

}  // namespace sfb::app
