// The bounded pools: limits, deadlines, and jobs that never return.
#include "agent/net/worker_pool.hpp"

#include "tests/integration/net/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace sfb::net {
namespace {

using namespace std::chrono_literals;

// A value without a default, which a result must not need.
struct Number {
  explicit Number(int n) : value(n) {}
  int value;
};

// A job that holds its thread until the test lets it go. Shared, as a stuck job outlives the test's
// other objects.
struct Gate {
  std::promise<void> opened;
  std::shared_future<void> open = opened.get_future().share();
  std::atomic<int> running{0};
  std::atomic<int> finished{0};
};

auto blocked_job(std::shared_ptr<Gate> gate) {
  return [gate = std::move(gate)]() -> Result<int> {
    ++gate->running;
    gate->open.wait();
    ++gate->finished;
    return 7;
  };
}

TEST(WorkerPool, RunsBesideTheLoopAndResumesOnIt) {
  Loop loop;
  WorkerPool pool("test", 2, 4);
  const auto loop_thread = loop.call([] { return std::this_thread::get_id(); });
  struct Seen {
    std::thread::id worker;
    std::thread::id resumed;
  };
  const auto probe = [](WorkerPool& p) -> boost::asio::awaitable<Seen> {
    const auto worker =
        co_await p.run([]() -> Result<std::thread::id> { return std::this_thread::get_id(); });
    co_return Seen{worker.value(), std::this_thread::get_id()};
  };
  const Seen seen = loop.start(probe(pool)).get();
  EXPECT_NE(seen.worker, loop_thread);
  EXPECT_EQ(seen.resumed, loop_thread);
}

TEST(WorkerPool, GivesTheJobsOwnResultOrError) {
  Loop loop;
  WorkerPool pool("test", 1, 4);
  EXPECT_EQ(loop.start(pool.run([]() -> Result<int> { return 5; })).get().value(), 5);
  const auto failed =
      loop.start(pool.run([]() -> Status { return fail(Reason::parse, "x.y", "no"); })).get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "x.y");
}

boost::asio::awaitable<int> run_without_default(WorkerPool& pool) {
  const auto result = co_await pool.run([]() -> Result<Number> { return Number(6); });
  co_return result.value().value;
}

TEST(WorkerPool, AResultNeedsNoDefault) {
  Loop loop;
  WorkerPool pool("test", 1, 4);
  EXPECT_EQ(loop.start(run_without_default(pool)).get(), 6);
}

TEST(WorkerPool, TakesMoveOnlyJobs) {
  Loop loop;
  WorkerPool pool("test", 1, 4);
  const auto result =
      loop.start(pool.run([p = std::make_unique<int>(9)]() -> Result<int> { return *p; })).get();
  EXPECT_EQ(result.value(), 9);
}

TEST(WorkerPool, AnExceptionIsAnError) {
  Loop loop;
  WorkerPool pool("test", 1, 4);
  const auto result =
      loop.start(pool.run([]() -> Result<int> { throw std::runtime_error("oops"); })).get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, Reason::internal);
  EXPECT_EQ(result.error().code, "pool.exception");
  EXPECT_THAT(result.error().message, testing::HasSubstr("oops"));
}

TEST(WorkerPool, RunsManyJobsOnFewThreads) {
  Loop loop;
  WorkerPool pool("test", 3, 1000);
  std::atomic<int> count{0};
  std::vector<std::future<Result<int>>> results;
  for (int i = 0; i < 500; ++i) {
    results.push_back(loop.start(pool.run([&count, i]() -> Result<int> {
      ++count;
      return i;
    })));
  }
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(results[static_cast<std::size_t>(i)].get().value(), i);
  }
  EXPECT_EQ(count, 500);
  EXPECT_LE(pool.counters().threads, 3U);
}

TEST(WorkerPool, AFullQueueIsRefused) {
  Loop loop;
  WorkerPool pool("test", 2, 3);
  auto gate = std::make_shared<Gate>();
  std::vector<std::future<Result<int>>> accepted;
  for (int i = 0; i < 5; ++i) {
    accepted.push_back(loop.start(pool.run(blocked_job(gate))));
  }
  ASSERT_TRUE(eventually([&] { return gate->running == 2 && pool.counters().queued == 3; }));
  const auto refused = loop.start(pool.run(blocked_job(gate))).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::throttled);
  EXPECT_EQ(refused.error().code, "pool.full");
  gate->opened.set_value();
  for (auto& future : accepted) {
    EXPECT_EQ(future.get().value(), 7);
  }
}

TEST(WorkerPool, AStuckJobCostsItsCallerOnlyTheDeadline) {
  Loop loop;
  WorkerPool pool("test", 1, 3);
  auto gate = std::make_shared<Gate>();
  ASSERT_TRUE(pool.start());
  const auto late =
      loop.start(pool.run_until(blocked_job(gate), mono_now() + 1s, "file.timeout")).get();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().reason, Reason::timeout);
  EXPECT_EQ(late.error().code, "file.timeout");
  EXPECT_EQ(pool.counters().busy, 1U) << "the thread is still held";

  // What waits behind it and is given up never runs, and makes room.
  std::atomic<bool> ran{false};
  for (int i = 0; i < 9; ++i) {
    const auto behind = loop.start(pool.run_until(
                                       [&ran]() -> Status {
                                         ran = true;
                                         return {};
                                       },
                                       mono_now() + 5ms))
                            .get();
    ASSERT_FALSE(behind);
    EXPECT_EQ(behind.error().code, "pool.timeout") << "attempt " << i;
  }
  gate->opened.set_value();
  ASSERT_TRUE(eventually([&] { return pool.counters().busy == 0; }));
  EXPECT_EQ(loop.start(pool.run([]() -> Result<int> { return 1; })).get().value(), 1)
      << "the thread serves again";
  EXPECT_EQ(gate->finished, 1) << "the late job did end, and nobody saw its result";
  EXPECT_FALSE(ran);
}

TEST(WorkerPool, CancellingTheWaitGivesTheJobUp) {
  Loop loop;
  WorkerPool pool("test", 1, 3);
  auto gate = std::make_shared<Gate>();
  const auto wait = [](WorkerPool& p, std::shared_ptr<Gate> g) -> boost::asio::awaitable<bool> {
    const auto result = co_await with_deadline(p.run(blocked_job(g)), mono_now() + 50ms);
    co_return result.has_value();
  };
  EXPECT_FALSE(loop.start(wait(pool, gate)).get());
  gate->opened.set_value();
}

TEST(WorkerPool, StopEndsTheWaitingAndRefusesNewJobs) {
  Loop loop;
  WorkerPool pool("test", 1, 3);
  auto gate = std::make_shared<Gate>();
  auto running = loop.start(pool.run(blocked_job(gate)));
  ASSERT_TRUE(eventually([&] { return gate->running == 1; }));
  auto waiting = loop.start(pool.run(blocked_job(gate)));
  ASSERT_TRUE(eventually([&] { return pool.counters().queued == 1; }));
  pool.stop();
  EXPECT_EQ(waiting.get().error().code, "pool.stopped");
  EXPECT_EQ(loop.start(pool.run(blocked_job(gate))).get().error().code, "pool.stopped");
  gate->opened.set_value();
  EXPECT_EQ(running.get().value(), 7) << "what runs may finish";
}

TEST(WorkerPool, AStuckThreadDoesNotHoldUpTheEnd) {
  auto gate = std::make_shared<Gate>();
  {
    Loop loop;
    std::future<Result<int>> result;
    const auto start = mono_now();
    {
      WorkerPool pool("test", 2, 3, 50ms);
      ASSERT_TRUE(pool.start());
      result = loop.start(pool.run_until(blocked_job(gate), mono_now() + 1s));
      ASSERT_TRUE(eventually([&] { return gate->running == 1; }));
    }
    EXPECT_LT(mono_now() - start, 10s);
    EXPECT_EQ(result.get().error().reason, Reason::timeout);
  }
  // The loop and the pool are gone; the thread comes back now and finds nobody.
  gate->opened.set_value();
  EXPECT_TRUE(eventually([&] { return gate.use_count() == 1; }));
  EXPECT_EQ(gate->finished, 1);
}

TEST(WorkerPool, ThreadsStartWhenThereIsWork) {
  Loop loop;
  WorkerPool pool("test", 8, 8);
  EXPECT_EQ(pool.counters().threads, 0U);
  for (int i = 0; i < 5; ++i) {
    loop.start(pool.run([]() -> Result<int> { return 1; })).get();
    ASSERT_TRUE(eventually([&] { return pool.counters().busy == 0; }));
  }
  EXPECT_EQ(pool.counters().threads, 1U) << "one after the other needs one";
}

TEST(WorkerPool, StartsItsFirstThreadBeforeTheWorkComes) {
  WorkerPool pool("test", 2, 3);
  EXPECT_EQ(pool.counters().threads, 0U);
  EXPECT_TRUE(pool.start());
  EXPECT_TRUE(pool.start());
  EXPECT_EQ(pool.counters().threads, 1U);
  Loop loop;
  EXPECT_EQ(loop.start(pool.run([]() -> Result<int> { return 5; })).get().value(), 5);
  EXPECT_EQ(pool.counters().threads, 1U);
}

// In a process of its own, of an account that may have one task; root has no such limit.
TEST(WorkerPool, WithoutAThreadLeftTheStartFails) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit one{1, 1};
    if ((::geteuid() == 0 &&
         (::setresgid(64'987, 64'987, 64'987) != 0 || ::setresuid(64'987, 64'987, 64'987) != 0)) ||
        ::setrlimit(RLIMIT_NPROC, &one) != 0) {
      ::_exit(90);
    }
    WorkerPool pool("pages", 1, 3);
    const Status started = pool.start();
    ::_exit(started                                                        ? 91
            : started.error().code != "pool.threads"                       ? 92
            : !started.error().message.starts_with("pages: no thread")     ? 93
            : started.error().remedy.find("TasksMax") == std::string::npos ? 94
                                                                           : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(WorkerPool, StuckPoolsThatGoTogetherShareOneGraceAndIdleThreadsEnd) {
  const std::size_t before = WorkerPool::left_behind();
  auto gate = std::make_shared<Gate>();
  Loop loop;
  std::vector<std::unique_ptr<WorkerPool>> pools;
  std::vector<std::future<Result<int>>> waits;
  for (int i = 0; i < 20; ++i) {
    auto& pool = pools.emplace_back(std::make_unique<WorkerPool>("test", 2, 3, 20ms));
    waits.push_back(loop.start(pool->run_until(blocked_job(gate), mono_now() + 2s)));
    ASSERT_TRUE(loop.start(pool->run([]() -> Result<int> { return 5; })).get());
  }
  ASSERT_TRUE(eventually([&] { return gate->running == 20; }));
  for (auto& wait : waits) {
    EXPECT_FALSE(wait.get()) << "nobody waits for it any more";
  }
  pools.clear();
  EXPECT_EQ(WorkerPool::left_behind(), before + 20) << "the second thread of each has ended";
  gate->opened.set_value();
  ASSERT_TRUE(eventually([&] { return gate->finished == 20; }));
}

TEST(WorkerPool, ThreadsThatAreLeftAloneAreCounted) {
  const std::size_t before = WorkerPool::left_behind();
  auto gate = std::make_shared<Gate>();
  Loop loop;
  {
    WorkerPool pool("test", 1, 3, 0ms);
    ASSERT_TRUE(pool.start());
    EXPECT_FALSE(loop.start(pool.run_until(blocked_job(gate), mono_now() + 1s)).get());
    ASSERT_TRUE(eventually([&] { return gate->running == 1; }));
  }
  EXPECT_EQ(WorkerPool::left_behind(), before + 1);
  {
    WorkerPool pool("test", 1, 3);
    EXPECT_EQ(loop.start(pool.run([]() -> Result<int> { return 5; })).get().value(), 5);
  }
  EXPECT_EQ(WorkerPool::left_behind(), before + 1);
  gate->opened.set_value();
  ASSERT_TRUE(eventually([&] { return gate->finished == 1; }));
}

}  // namespace
}  // namespace sfb::net
