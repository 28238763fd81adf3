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
  /// The shell may serve another run: open, clean, neither too old nor used too often, and its last
  /// run did not end with the cmdlet's failure: what an administrator changes then, rights or the
  /// session configuration, counts from the next session on.
  bool fit(MonoTime now) const;
  /// Begins a new session in the place of one that has nothing on the server; the connection stays.
  void renew();
  WinrmLink& link() { return link_; }

  // The transport's affair.
  std::optional<MonoTime> idle_since;     ///< while it is idle
  std::optional<MonoTime> tidying_since;  ///< while it is cleared or closed
  bool ending = false;                    ///< its shell is being deleted

 private:
  boost::asio::awaitable<Result<PipelineResult>> converse(const Call& call, MonoTime deadline,
                                                          StageTimes& times);
  boost::asio::awaitable<WinrmSession::Next> answer(net::HttpReply reply, MonoTime came);
  boost::asio::awaitable<void> drive(WinrmSession::Next next, MonoTime deadline);

  std::shared_ptr<WinrmEndpoint> endpoint_;
  WinrmLink link_;
  std::shared_ptr<WinrmSession> session_;  ///< shared with a job that reads an answer
  bool failed_ = false;   ///< the session's last run ended with the cmdlet's failure
  bool reading_ = false;  ///< a job has the session
  bool posting_ = false;  ///< the session waits for an answer
};

}  // namespace sfb::remote
