// How a question gets to the server and the objects come back. One implementation per transport
// (README.md).
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/remote/reply.hpp"
#include "agent/remote/transport_control.hpp"

#include <boost/asio/awaitable.hpp>

namespace sfb::remote {

/// One endpoint's way to its servers. Thread rule: used on the loop thread; at most
/// `max_concurrent` asks run at once.
class Transport : public TransportControl {
 public:
  Transport& transport() final { return *this; }
  /// Asks. Ends by the deadline with Reason::timeout and the stage that ran out. Cancellable.
  virtual boost::asio::awaitable<Result<Reply>> ask(Ask ask, MonoTime deadline) = 0;
  /// Nothing more will be asked: leaves nothing behind on the server. Returns when all is cleared,
  /// or false when the deadline came first; asks still running are cleared behind them.
  virtual boost::asio::awaitable<bool> close(MonoTime deadline) {
    static_cast<void>(deadline);
    co_return true;
  }
};

}  // namespace sfb::remote
