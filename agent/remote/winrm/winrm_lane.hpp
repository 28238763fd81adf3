// One session of transport `winrm` with its connection: drives the sans-IO session until an ask is
// over, and clears away behind it.
#pragma once

#include "agent/remote/session/lanes_transport.hpp"
#include "agent/remote/winrm/shell_record.hpp"
#include "agent/remote/winrm/winrm_link.hpp"
#include "agent/remote/winrm/winrm_session.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>

namespace sfb::remote {

/// Thread rule: as Lane.
class WinrmLane final : public Lane {
 public:
  explicit WinrmLane(std::shared_ptr<WinrmEndpoint> endpoint);

  boost::asio::awaitable<Result<Reply>> run(Call call, MonoTime deadline) override;
  void interrupted() override;
  boost::asio::awaitable<void> tidy(bool close, MonoTime deadline) override;
  bool needs_clearing() const override { return session_->needs_clearing(); }
  bool holds_session() const override { return session_->holds_shell(); }
  bool fit(MonoTime now) const override;
  void renew() override;  ///< the connection stays
  std::string front_end() const override { return link_.reached(); }
  void release() override { link_.release(); }
  std::optional<MonoTime> idle_end() const override;
  void look_after(MonoTime now) override;

 private:
  boost::asio::awaitable<Result<PipelineResult>> converse(const Call& call, MonoTime deadline,
                                                          StageTimes& times);
  boost::asio::awaitable<std::optional<WinrmSession::Next>> choose(MonoTime deadline,
                                                                   StageTimes& times);
  boost::asio::awaitable<WinrmSession::Next> answer(http::HttpReply reply, MonoTime came);
  boost::asio::awaitable<void> drive(WinrmSession::Next next, MonoTime deadline);

  std::shared_ptr<WinrmEndpoint> endpoint_;
  WinrmLink link_;
  ShellRecord record_;
  std::shared_ptr<WinrmSession> session_;  ///< shared with a job that reads an answer
  bool failed_ = false;   ///< the session's last run ended with the cmdlet's failure
  bool reading_ = false;  ///< a job has the session
  bool posting_ = false;  ///< the session waits for an answer
};

}  // namespace sfb::remote
