#include "agent/app/signals.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace sfb::app {

namespace {

int open_signals() {
  sigset_t set{};
  ::sigemptyset(&set);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
    ::sigaddset(&set, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const int fd = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(), "signalfd");
  }
  return fd;
}

}  // namespace

Signals::Signals(const boost::asio::any_io_executor& loop) : descriptor_(loop, open_signals()) {}

boost::asio::awaitable<int> Signals::next() {
  signalfd_siginfo info{};
  const auto [error, size] = co_await descriptor_.async_read_some(
      boost::asio::buffer(&info, sizeof info), boost::asio::as_tuple(boost::asio::use_awaitable));
  co_return error || size != sizeof info ? 0 : static_cast<int>(info.ssi_signo);
}

}  // namespace sfb::app
