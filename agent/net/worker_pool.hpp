// Bounded threads beside the loop for work that blocks or takes long (agent/README.md, "Threads").
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/net/deadline.hpp"
#include "agent/net/wake.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace sfb::net {

namespace detail {

// What the waiting coroutine and the worker share. `ended` and `done` belong to the loop thread;
// `abandoned` may be set by it at any time; everything else is written before the job is handed on.
struct JobTicket {
  boost::asio::any_io_executor executor;
  Wake ended;  // or refused
  bool done = false;
  std::atomic<bool> abandoned{false};
  std::optional<Error> refusal;  // why the job was never run (the pool stopped)
};

template <typename R>
struct JobWithOutcome : JobTicket {
  std::optional<R> outcome;
};

// Tells the worker when nobody waits any more, however the wait ends.
class JobWaiter {
 public:
  explicit JobWaiter(JobTicket& ticket) : ticket_(ticket) {}
  ~JobWaiter() { ticket_.abandoned = true; }
  JobWaiter(const JobWaiter&) = delete;
  JobWaiter& operator=(const JobWaiter&) = delete;

 private:
  JobTicket& ticket_;
};

template <typename R>
inline constexpr bool kIsResult = false;
template <typename T>
inline constexpr bool kIsResult<std::expected<T, Error>> = true;

// The job's own result; an exception becomes Reason::internal, code `pool.exception`.
template <typename R, typename F>
R call_job(F& job) {
  try {
    return job();
  } catch (const std::exception& e) {
    return fail(Reason::internal, "pool.exception",
                std::string("a background job failed unexpectedly: ") + e.what(),
                "this is a bug of sfb_backup_exporter: please report it");
  }
}

}  // namespace detail

/// Figures of a pool, for metrics and tests.
struct PoolCounters {
  std::size_t threads = 0;  ///< started so far and still there
  std::size_t busy = 0;     ///< jobs running
  std::size_t queued = 0;   ///< jobs waiting for a thread
};

/// A bounded pool of threads with a bounded queue. Threads start when there is work for them;
/// `start` has the first one at once. Thread rule: `run` and `run_until` are awaited on the loop
/// thread and resume there; jobs run on the pool's threads; the pool is destroyed before the
/// io_context of those who wait. A job that never returns costs its thread for ever but holds up
/// neither its caller (with a deadline) nor the end of the program.
class WorkerPool {
 public:
  /// `name` (its first 15 bytes) names the threads and stands in messages. At most `queue_limit`
  /// jobs wait; at the end, running jobs have `grace` to finish.
  WorkerPool(std::string name, std::size_t threads, std::size_t queue_limit,
             std::chrono::milliseconds grace = std::chrono::seconds(2));
  /// `stop`, then joins the threads that finish within the grace and leaves the others alone.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Starts the first thread, so that a machine that has none left is found out before the work
  /// comes. Reason::process, code `pool.threads`. Again is harmless.
  Status start();

  /// Runs `job`, which returns a Result<T>, on a thread of the pool. Besides the job's own errors:
  /// Reason::throttled, code `pool.full`; Reason::internal, `pool.exception` (the job threw),
  /// `pool.stopped`, `pool.cancelled` (this coroutine was) or Reason::process, `pool.threads` (no
  /// thread could be started).
  template <typename F>
  boost::asio::awaitable<std::invoke_result_t<F&>> run(F job) {
    return run_until(std::move(job), kNever, {});
  }

  /// The same, but gives Reason::timeout with `timeout_code` when `deadline` comes first. A job
  /// still queued then never runs; a late result is dropped. So a job must own what it uses.
  template <typename F>
  boost::asio::awaitable<std::invoke_result_t<F&>> run_until(
      F job, MonoTime deadline, std::string timeout_code = "pool.timeout") {
    using R = std::invoke_result_t<F&>;
    static_assert(detail::kIsResult<R>, "a job returns Result<T>");
    auto ticket = std::make_shared<detail::JobWithOutcome<R>>();
    ticket->executor = co_await boost::asio::this_coro::executor;
    const detail::JobWaiter waiter(*ticket);
    const std::string name = name_;  // the pool may be gone when this resumes
    if (Status queued = submit(ticket,
                               [ticket, job = std::move(job)]() mutable {
                                 ticket->outcome.emplace(detail::call_job<R>(job));
                               });
        !queued) {
      co_return std::unexpected(std::move(queued.error()));
    }
    const bool in_time = co_await ticket->ended.wait_until(deadline);
    if (ticket->done) {
      if (ticket->refusal) {
        co_return std::unexpected(std::move(*ticket->refusal));
      }
      co_return std::move(*ticket->outcome);
    }
    co_return std::unexpected(unfinished(name, !in_time, std::move(timeout_code)));
  }

  /// Takes no more jobs and ends the waiting ones with `pool.stopped`. Running ones go on.
  void stop();

  PoolCounters counters() const;

  /// How many threads all pools that are gone have left alone in this process. With any, end it by
  /// `_Exit`: they may still run, and must not see what `exit` destroys.
  static std::size_t left_behind();

 private:
  struct Core;

  Status submit(std::shared_ptr<detail::JobTicket> ticket, std::move_only_function<void()> work);
  static Error unfinished(const std::string& name, bool timed_out, std::string timeout_code);

  std::string name_;
  std::chrono::milliseconds grace_;
  std::shared_ptr<Core> core_;
};

}  // namespace sfb::net
