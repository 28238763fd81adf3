// A transport whose sessions are reused: hands them out, one ask at a time, clears away behind
// them, and ends them in time. What a session is, its lane knows.
#pragma once

#include "agent/net/wake.hpp"
#include "agent/remote/session/stage_times.hpp"
#include "agent/remote/transport.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::remote {

/// One session with its way to the server: drives it until an ask is over, and clears away behind
/// it. Thread rule: loop thread; one of `run` and `tidy` at a time.
class Lane {
 public:
  Lane() = default;
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  virtual ~Lane() = default;

  /// One ask. Ends by the deadline; every error has its stage. When it throws (cancelled),
  /// `interrupted` must follow.
  virtual boost::asio::awaitable<Result<Reply>> run(Call call, MonoTime deadline) = 0;
  /// The ask was cut off in mid-air.
  virtual void interrupted() = 0;
  /// Clears what the last run left on the server, or closes the session. Ends by the deadline,
  /// never throws; afterwards the lane can be used again.
  virtual boost::asio::awaitable<void> tidy(bool close, MonoTime deadline) = 0;

  /// The last run left something to clear.
  virtual bool needs_clearing() const = 0;
  /// A session may exist on the server.
  virtual bool holds_session() const = 0;
  /// The session may serve another run: open, clean, neither too old nor used too often, and its
  /// last run did not end with the cmdlet's failure: what an administrator changes then, rights or
  /// the session configuration, counts from the next session on.
  virtual bool fit(MonoTime now) const = 0;
  /// Reply::session.
  std::uint64_t session() const { return session_; }
  /// URL of the server that the last run asked; empty: it has none, or was not reached.
  virtual std::string front_end() const { return {}; }
  /// Begins a new session in the place of one that has nothing on the server.
  virtual void renew() = 0;
  /// Gives its share of `limits.in_flight` back.
  virtual void release() = 0;
  /// When something besides the session is to be looked after while it is idle: a connection.
  virtual std::optional<MonoTime> idle_end() const { return std::nullopt; }
  virtual void look_after(MonoTime now) { static_cast<void>(now); }

 protected:
  /// To be called by `renew`.
  void count_session();

 private:
  std::uint64_t session_ = 0;
};

/// What the reply says of the cmdlet: it failed (and not only beside the pool's status), so what an
/// administrator may change now counts from the next session on.
bool cmdlet_failed(const Call& call, const Result<PipelineResult>& result);
/// What a session brought, made now.
Reply live_reply(PipelineResult result, WallTime now, const StageTimes& times);
/// When a session stops its pipeline: before the ask's deadline, so that there is time to hear so
/// over the same connection.
MonoTime last_word(MonoTime deadline, MonoTime now);

struct LanesOptions {
  std::string endpoint;            ///< its name, for messages
  std::string_view transport;      ///< the first word of its codes
  std::size_t max_concurrent = 1;  ///< sessions at once
  bool reuse = true;               ///< the session is kept for the next ask
  std::chrono::milliseconds close_cap{5'000};
  std::chrono::milliseconds session_idle{200'000};
};

/// What an ask leaves behind on the server (it failed, ran out of time or was cancelled) is cleared
/// in the background within close_cap; the next ask waits for it a moment, then opens a session
/// beside it. Idle sessions are used newest first. Close the transport before it is dropped; asks
/// that wait for a session then are still served. Errors of its own: timeout `T.timeout` (all
/// sessions are busy), internal `T.closing`; T is the transport. Thread rule: loop thread.
class LanesTransport : public Transport, public std::enable_shared_from_this<LanesTransport> {
 public:
  using MakeLane = std::function<std::shared_ptr<Lane>()>;
  LanesTransport(boost::asio::any_io_executor executor, LanesOptions options, MakeLane make_lane);

  Status can_ask(const Ask&) const override { return {}; }
  bool can_render() const override { return true; }
  boost::asio::awaitable<Result<Reply>> ask(Ask ask, MonoTime deadline) override;
  boost::asio::awaitable<bool> close(MonoTime deadline) override;

 private:
  // A lane and what the transport does with it.
  struct Slot {
    std::shared_ptr<Lane> lane;
    std::optional<MonoTime> idle_since = {};     ///< while it is idle
    std::optional<MonoTime> tidying_since = {};  ///< while it is cleared or closed
    bool ending = false;                         ///< its session is being closed
  };
  using SlotPtr = std::shared_ptr<Slot>;
  class Loan;

  boost::asio::awaitable<Result<SlotPtr>> take(MonoTime deadline);
  bool one_in_its_place() const;
  bool surplus() const;
  std::size_t places(MonoTime now) const;
  MonoTime next_place(MonoTime now) const;
  void give_back(const SlotPtr& slot);
  void rest(const SlotPtr& slot);
  void tidy_behind(const SlotPtr& slot, bool close);
  static boost::asio::awaitable<void> tidy(std::shared_ptr<LanesTransport> self, SlotPtr slot,
                                           bool close);
  void arm();
  void look_after_idle();
  std::optional<MonoTime> next_idle_end() const;

  boost::asio::any_io_executor executor_;
  LanesOptions options_;
  MakeLane make_lane_;
  std::vector<SlotPtr> slots_;  ///< all of them
  std::vector<SlotPtr> idle_;   ///< the newest last
  net::Wake changed_;           ///< a session rests, or this closes
  boost::asio::steady_timer idle_timer_;
  std::optional<MonoTime> armed_;
  bool closing_ = false;
};

}  // namespace sfb::remote
