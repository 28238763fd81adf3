#include "agent/net/worker_pool.hpp"

#include "agent/base/signals_blocked.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace sfb::net {

namespace {

using TicketPtr = std::shared_ptr<detail::JobTicket>;

struct Job {
  TicketPtr ticket;
  std::move_only_function<void()> work;
};

// Pools of a short grace that go together, as at a reload, share one: what runs in the later ones
// had the time of the earlier ones. Without that, each stuck endpoint would hold up the loop.
constexpr std::chrono::milliseconds kShortGrace{100};
constexpr std::chrono::milliseconds kTogether{5};
std::atomic<std::chrono::steady_clock::time_point> grace_ended{};  // NOLINT: as below

std::atomic<std::size_t> threads_left_behind{0};  // NOLINT: of the process, as its end is

Error stopped(const std::string& name) {
  return fail(Reason::internal, "pool.stopped", fmt::format("{}: the program is stopping", name))
      .error();
}

}  // namespace

// Shared by the pool and its threads, so that a thread stuck in a system call may outlive the pool.
struct WorkerPool::Core {
  struct Thread {
    std::thread thread;
    bool running = false;  // a job
    bool finished = false;
  };

  std::string name;
  std::size_t thread_limit = 1;
  std::size_t queue_limit = 0;

  mutable std::mutex mutex;
  std::condition_variable work_or_stop;
  std::condition_variable thread_finished;
  std::deque<Job> queue;
  std::vector<std::unique_ptr<Thread>> threads;
  std::size_t busy = 0;
  bool stopping = false;
  bool detached = false;  // the pool is gone, and with it perhaps every io_context

  // Called with the mutex held, so that no io_context is touched once `detached` is set.
  void hand_back(const TicketPtr& ticket) const {
    if (detached || ticket->abandoned) {
      return;
    }
    boost::asio::post(ticket->executor, [ticket] {
      ticket->done = true;
      ticket->ended.notify_all();
    });
  }

  static void serve(const std::shared_ptr<Core>& core, Thread& self) {
    std::unique_lock lock(core->mutex);
    while (true) {
      self.running = false;
      core->work_or_stop.wait(lock, [&] { return core->stopping || !core->queue.empty(); });
      if (core->queue.empty()) {
        break;
      }
      Job job = std::move(core->queue.front());
      core->queue.pop_front();
      if (job.ticket->abandoned) {
        continue;
      }
      ++core->busy;
      self.running = true;
      lock.unlock();
      job.work();
      job.work = nullptr;  // what the job owns goes before its result is told, and outside the lock
      lock.lock();
      --core->busy;
      core->hand_back(job.ticket);
      lock.unlock();
      job.ticket.reset();  // a late result is destroyed here
      lock.lock();
    }
    self.finished = true;
    core->thread_finished.notify_all();
  }

  bool needs_thread() const {
    return threads.size() < thread_limit && busy + queue.size() >= threads.size();
  }

  // Called with the mutex held.
  Status start_thread(const std::shared_ptr<Core>& core) {
    auto slot = std::make_unique<Thread>();
    try {
      const SignalsBlocked blocked;
      slot->thread = std::thread([core, self = slot.get()] { serve(core, *self); });
    } catch (const std::system_error& e) {
      if (!threads.empty()) {
        return {};  // fewer threads than wanted still do the work
      }
      return fail(Reason::process, "pool.threads",
                  fmt::format("{}: no thread could be started: {}", name, e.code().message()),
                  "raise the limit of tasks (TasksMax= of the unit, ulimit -u)");
    }
    pthread_setname_np(slot->thread.native_handle(), name.substr(0, 15).c_str());
    threads.push_back(std::move(slot));
    return {};
  }
};

WorkerPool::WorkerPool(std::string name, std::size_t threads, std::size_t queue_limit,
                       std::chrono::milliseconds grace)
    : name_(std::move(name)), grace_(grace), core_(std::make_shared<Core>()) {
  core_->name = name_;
  core_->thread_limit = std::max<std::size_t>(threads, 1);
  core_->queue_limit = queue_limit;
}

WorkerPool::~WorkerPool() {
  stop();
  const auto now = std::chrono::steady_clock::now();
  const bool together = grace_ <= kShortGrace && now - grace_ended.load() < kTogether;
  const auto deadline = together ? now : now + grace_;
  std::vector<std::unique_ptr<Core::Thread>> threads;
  {
    std::unique_lock lock(core_->mutex);
    core_->thread_finished.wait_until(lock, deadline, [&] {
      return std::ranges::all_of(core_->threads, [](const auto& t) { return t->finished; });
    });
    // One without a job ends by itself.
    core_->thread_finished.wait(lock, [&] {
      return std::ranges::all_of(core_->threads,
                                 [](const auto& t) { return t->finished || t->running; });
    });
    if (grace_ <= kShortGrace &&
        std::ranges::any_of(core_->threads, [](const auto& t) { return !t->finished; })) {
      grace_ended = std::chrono::steady_clock::now();
    }
    core_->detached = true;
    for (auto& slot : core_->threads) {
      if (!slot->finished) {
        slot->thread.detach();
        ++threads_left_behind;
      } else {
        threads.push_back(std::move(slot));
      }
    }
  }
  for (const auto& slot : threads) {
    slot->thread.join();
  }
}

Status WorkerPool::start() {
  const std::lock_guard lock(core_->mutex);
  return core_->threads.empty() ? core_->start_thread(core_) : Status{};
}

std::size_t WorkerPool::left_behind() {
  return threads_left_behind;
}

void WorkerPool::stop() {
  std::deque<Job> dropped;
  {
    const std::lock_guard lock(core_->mutex);
    core_->stopping = true;
    dropped.swap(core_->queue);
    for (const Job& job : dropped) {
      job.ticket->refusal = stopped(name_);
      core_->hand_back(job.ticket);
    }
  }
  core_->work_or_stop.notify_all();
}

PoolCounters WorkerPool::counters() const {
  const std::lock_guard lock(core_->mutex);
  return {core_->threads.size(), core_->busy, core_->queue.size()};
}

Status WorkerPool::submit(TicketPtr ticket, std::move_only_function<void()> work) {
  {
    const std::lock_guard lock(core_->mutex);
    if (core_->stopping) {
      return std::unexpected(stopped(name_));
    }
    // Jobs nobody waits for any more make room.
    if (core_->queue.size() >= core_->queue_limit) {
      std::erase_if(core_->queue, [](const Job& job) { return job.ticket->abandoned.load(); });
    }
    const std::size_t idle = core_->thread_limit - std::min(core_->busy, core_->thread_limit);
    if (core_->queue.size() >= core_->queue_limit + idle) {
      return fail(Reason::throttled, "pool.full",
                  fmt::format("{}: {} jobs are running and {} are waiting", name_, core_->busy,
                              core_->queue.size()),
                  "try again later");
    }
    if (core_->needs_thread()) {
      if (Status started = core_->start_thread(core_); !started) {
        return started;
      }
    }
    core_->queue.push_back({std::move(ticket), std::move(work)});
  }
  core_->work_or_stop.notify_one();
  return {};
}

Error WorkerPool::unfinished(const std::string& name, bool timed_out, std::string timeout_code) {
  if (timed_out) {
    return fail(Reason::timeout, std::move(timeout_code),
                fmt::format("{}: the work did not finish in time", name))
        .error();
  }
  return fail(Reason::internal, "pool.cancelled",
              fmt::format("{}: the wait for the work was cancelled", name))
      .error();
}

}  // namespace sfb::net
