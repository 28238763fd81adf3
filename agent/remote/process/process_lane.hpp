// One session of transport `ssh` with its process.
#pragma once

#include "agent/base/redactor.hpp"
#include "agent/os/child_process.hpp"
#include "agent/remote/process/process_session.hpp"
#include "agent/remote/process/process_transport.hpp"
#include "agent/remote/session/lanes_transport.hpp"
#include "agent/remote/session/stage_times.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace sfb::remote {

/// What the lanes of one endpoint share. Thread rule: loop thread.
struct SshEndpoint {
  boost::asio::any_io_executor executor;
  SshOptions options;  ///< budget and readers are set
  const Clock& clock;
  Logger logger;
};

/// Thread rule: as Lane.
class ProcessLane final : public Lane {
 public:
  explicit ProcessLane(std::shared_ptr<SshEndpoint> endpoint);
  ~ProcessLane() override { release(); }
  ProcessLane(const ProcessLane&) = delete;
  ProcessLane& operator=(const ProcessLane&) = delete;

  boost::asio::awaitable<Result<Reply>> run(Call call, MonoTime deadline) override;
  void interrupted() override;
  boost::asio::awaitable<void> tidy(bool close, MonoTime deadline) override;
  bool needs_clearing() const override { return child_ != nullptr && session_->needs_clearing(); }
  bool holds_session() const override { return child_ != nullptr; }
  bool fit(MonoTime now) const override;
  void renew() override;
  void release() override { keep(0); }

 private:
  using Next = ProcessSession::Next;
  boost::asio::awaitable<Result<PipelineResult>> converse(const Call& call, MonoTime deadline,
                                                          StageTimes& times);
  boost::asio::awaitable<Next> step(Next next, MonoTime deadline);
  boost::asio::awaitable<Next> start();
  static boost::asio::awaitable<void> end(std::shared_ptr<SshEndpoint> endpoint,
                                          std::unique_ptr<os::ChildProcess> child);
  Next noted(Next next);
  boost::asio::awaitable<Next> exchange(ProcessSession::Wait wait, MonoTime deadline);
  boost::asio::awaitable<Next> take(std::string bytes);
  boost::asio::awaitable<Next> gone(Error error, MonoTime deadline);
  boost::asio::awaitable<void> drive(Next next, MonoTime deadline);
  void explain(Error& error) const;
  bool keep(std::size_t bytes);

  std::shared_ptr<SshEndpoint> endpoint_;
  std::unique_ptr<os::ChildProcess> child_;
  std::shared_ptr<ProcessSession> session_;  ///< shared with a job that reads an answer
  std::size_t kept_ = 0;                     ///< bytes of the budget
  bool failed_ = false;   ///< the session's last run ended with the cmdlet's failure
  bool reading_ = false;  ///< a job has the session
  bool writing_ = false;  ///< a line is not said, or half of it
};

}  // namespace sfb::remote
