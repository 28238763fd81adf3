// One session of transport `winrm` with its connection: drives the sans-IO session until an ask is
// over, and clears away behind it.
#pragma once

#include "agent/remote/transport.hpp"
#include "agent/remote/winrm_link.hpp"
#include "agent/remote/winrm_session.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>

namespace sfb::remote {

/// Thread rule: loop thread; one of `run` and `tidy` at a time.
class WinrmLane {
 public:
  explicit WinrmLane(std::shared_ptr<WinrmEndpoint> endpoint);

  /// One ask. Ends by the deadline; every error has its stage. When it throws (cancelled),
  /// `interrupted` must follow.
  boost::asio::awaitable<Result<Reply>> run(Call call, MonoTime deadline);
  /// The ask was cut off in mid-air.
  void interrupted();
  /// Clears what the last run left on the server, or closes the shell. Ends by the deadline, never
  /// throws; afterwards the lane can be used again.
  boost::asio::awaitable<void> tidy(bool close, MonoTime deadline);

  /// The last run left something to clear.
  bool needs_clearing() const { return session_->needs_clearing(); }
  /// A shell may exist on the server.
  bool holds_shell() const { return session_->holds_shell(); }
  /// The shell may serve another run: open, clean, and neither too old nor used too often.
  bool fit(MonoTime now) const;
  /// Begins a new session in the place of one that has nothing on the server; the connection stays.
  void renew();
  WinrmLink& link() { return link_; }

  std::optional<MonoTime> idle_since;  ///< while it is idle; the transport's affair

 private:
  boost::asio::awaitable<Result<PipelineResult>> converse(const Call& call, MonoTime deadline,
                                                          StageTimes& times);
  boost::asio::awaitable<void> drive(WinrmSession::Next next, MonoTime deadline);

  std::shared_ptr<WinrmEndpoint> endpoint_;
  WinrmLink link_;
  std::unique_ptr<WinrmSession> session_;
  bool posting_ = false;  ///< the session waits for an answer
};

}  // namespace sfb::remote
