// What `evaluate` and `discover` share: questions asked in the foreground.
#pragma once

#include "agent/base/error.hpp"
#include "agent/remote/transport.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <memory>

namespace sfb::app {

struct Ended {
  bool interrupted = false;    ///< by SIGINT or SIGTERM
  std::exception_ptr failure;  ///< what the task threw; null when it was interrupted
};

/// Runs a task until it ends or a signal comes, which cancels it: whoever presses Ctrl-C shall not
/// leave a shell on the server.
Ended run_foreground(boost::asio::io_context& loop, boost::asio::awaitable<void> task);

/// Closes the sessions, after the answer was shown, which nobody wants to wait for. Says so on
/// stderr when it could not.
void run_close(boost::asio::io_context& loop, const std::shared_ptr<remote::Transport>& transport);

/// Message, reason, code, stage, the server's words and the remedy, on stderr.
void print_failure(const Error& error);

}  // namespace sfb::app
