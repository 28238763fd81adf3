// The Asio shell: coroutines, cancellation, exceptions, destruction.
#include "agent/engine/engine.hpp"

#include "tests/unit/engine/rig.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace sfb::engine {
namespace {

namespace asio = boost::asio;
using namespace sfb::engine::testing;  // NOLINT: builders

/// Answers at once, hangs until cancelled, or throws, as told.
class ScriptedTransport final : public remote::Transport {
 public:
  enum class Act { answer, hang, explode };

  explicit ScriptedTransport(const Clock& clock) : clock_(clock) {}
  Status can_ask(const remote::Ask&) const override { return {}; }
  asio::awaitable<Result<remote::Reply>> ask(remote::Ask ask, MonoTime) override {
    calls.push_back(std::move(ask.call));
    const Act act = acts.empty() ? Act::answer : acts.front();
    if (!acts.empty()) {
      acts.pop_front();
    }
    if (act == Act::explode) {
      throw std::runtime_error("bang");
    }
    if (act == Act::hang) {
      asio::steady_timer never(co_await asio::this_coro::executor,
                               asio::steady_timer::time_point::max());
      const auto [error] = co_await never.async_wait(asio::as_tuple(asio::use_awaitable));
      cancelled = error == asio::error::operation_aborted;
      co_return fail(Reason::timeout, "test.cancelled", "cancelled");
    }
    co_return reply(clock_.now());
  }
  void on_change(OnChange callback) override { changed = std::move(callback); }
  void remove_pool(const Fqdn&, std::string_view) override { ++removed; }
  void on_credentials(std::function<void(std::uint64_t)> callback) override {
    new_credentials = std::move(callback);
  }
  asio::awaitable<bool> close(MonoTime deadline) override {
    ++closing;
    if (close_takes_for_ever) {
      asio::steady_timer never(co_await asio::this_coro::executor, deadline + 1h);
      co_await never.async_wait(asio::use_awaitable);
    }
    ++closed;
    co_return !close_fails;
  }

  std::deque<Act> acts;
  std::vector<Call> calls;
  bool cancelled = false;
  int removed = 0;
  OnChange changed;
  std::function<void(std::uint64_t)> new_credentials;
  int closing = 0;
  int closed = 0;
  bool close_takes_for_ever = false;
  bool close_fails = false;

 private:
  const Clock& clock_;
};

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    PoolOptions pool{status::testing::identity("a.x")};
    pool.identity.endpoint = "one";
    pool.evaluation_interval = 20ms;
    options.endpoints.push_back({"one", transport, 1, "id"});
    options.pools.push_back(pool);
    options.min_live_interval = 0ms;
    engine->apply(options);
  }
  void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!done() && std::chrono::steady_clock::now() < end) {
      if (loop.stopped()) {
        loop.restart();
      }
      loop.run_one_for(100ms);
    }
    ASSERT_TRUE(done()) << "nothing happened for 20 s";
  }
  /// How many transports are still open then.
  std::size_t close(std::chrono::milliseconds time) {
    std::optional<std::size_t> open;
    asio::co_spawn(loop, engine->close(clock.now().mono + time),
                   [&](const std::exception_ptr&, std::size_t count) { open = count; });
    run_until([&] { return open.has_value(); });
    return open.value_or(999);
  }
  std::shared_ptr<Heard> ask(std::stop_token stop = {}) {
    auto heard = std::make_shared<Heard>();
    engine->evaluate({fqdn("a.x")}, {.deadline = clock.now().mono + 60s}, std::move(stop),
                     [heard](auto said) {
                       ++heard->calls;
                       heard->said = std::move(said);
                     });
    return heard;
  }

  SystemClock clock;
  asio::io_context loop{1};
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>(clock);
  std::unique_ptr<Engine> engine = std::make_unique<Engine>(loop.get_executor(), clock, Logger());
  Options options;
};

TEST_F(EngineTest, TheScheduleRunsByItself) {
  engine->start();
  EXPECT_FALSE(engine->first_cycle_done());
  run_until([&] { return engine->snapshot()->pools.at(0)->evaluations >= 3; });
  EXPECT_TRUE(engine->first_cycle_done());
  EXPECT_EQ(engine->snapshot()->pools.at(0)->up, true);
  EXPECT_EQ(engine->history(fqdn("a.x"))->size(), engine->snapshot()->pools.at(0)->evaluations);
}

TEST_F(EngineTest, AQueryIsAnswered) {
  const auto heard = ask();
  run_until([&] { return heard->calls == 1; });
  EXPECT_TRUE(heard->answered()) << heard->code();
  ASSERT_EQ(transport->calls.size(), 1U);
  EXPECT_EQ(transport->calls[0].parameter("PoolFqdn"), "a.x");
  EXPECT_EQ(engine->running(), 0U);
}

TEST_F(EngineTest, ACallerGoneCancelsTheCoroutine) {
  transport->acts = {ScriptedTransport::Act::hang};
  std::stop_source gone;
  const auto heard = ask(gone.get_token());
  run_until([&] { return !transport->calls.empty(); });
  EXPECT_EQ(engine->running(), 1U);
  gone.request_stop();
  EXPECT_EQ(heard->code(), "caller.gone");
  run_until([&] { return engine->running() == 0; });
  EXPECT_TRUE(transport->cancelled);
  EXPECT_EQ(engine->snapshot()->pools.at(0)->evaluations, 0U);
  const auto next = ask();
  run_until([&] { return next->calls == 1; });
  EXPECT_TRUE(next->answered());
}

TEST_F(EngineTest, AnExceptionIsAnInternalFailure) {
  transport->acts = {ScriptedTransport::Act::explode};
  const auto heard = ask();
  run_until([&] { return heard->calls == 1; });
  ASSERT_TRUE(heard->answered());
  const auto& error = heard->answer().evaluation->error;
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, "engine.exception");
  EXPECT_EQ(error->peer, "bang");
  const auto next = ask();
  run_until([&] { return next->calls == 1; });
  EXPECT_TRUE(next->answer().evaluation->good());
}

TEST_F(EngineTest, ChangedContentIsReadEarly) {
  options.pools[0].evaluation_interval = 1h;
  engine->apply(options);
  engine->start();
  transport->changed(fqdn("a.x"), remote::kDefaultCollector);
  run_until([&] { return engine->snapshot()->pools.at(0)->evaluations == 1; });
}

TEST_F(EngineTest, StopCancelsAndEmptiesTheLoop) {
  transport->acts = {ScriptedTransport::Act::hang};
  const auto heard = ask();
  run_until([&] { return !transport->calls.empty(); });
  engine->stop();
  EXPECT_EQ(heard->code(), "engine.stopping");
  run_until([&] { return engine->running() == 0; });
  if (loop.stopped()) {
    loop.restart();
  }
  loop.run_for(1s);
  EXPECT_TRUE(loop.stopped()) << "nothing is left to wait for";
}

TEST_F(EngineTest, CloseStopsAndClosesEveryTransport) {
  const auto second = std::make_shared<ScriptedTransport>(clock);
  options.endpoints.push_back({"two", second, 1, "id"});
  engine->apply(options);
  transport->acts = {ScriptedTransport::Act::hang};
  const auto heard = ask();
  run_until([&] { return !transport->calls.empty(); });
  EXPECT_EQ(close(20s), 0U);
  EXPECT_EQ(heard->code(), "engine.stopping");
  EXPECT_EQ(transport->closed, 1);
  EXPECT_EQ(second->closed, 1);
}

TEST_F(EngineTest, CloseEndsAtItsDeadline) {
  const auto second = std::make_shared<ScriptedTransport>(clock);
  options.endpoints.push_back({"two", second, 1, "id"});
  engine->apply(options);
  transport->close_takes_for_ever = true;
  EXPECT_EQ(close(50ms), 1U);
  EXPECT_EQ(transport->closing, 1);
  EXPECT_EQ(transport->closed, 0);
  EXPECT_EQ(second->closed, 1);
}

TEST_F(EngineTest, CloseTellsHowManyAreNotClosed) {
  transport->close_fails = true;
  EXPECT_EQ(close(20s), 1U);
}

TEST_F(EngineTest, CloseWithoutEndpointsIsOverAtOnce) {
  engine->apply({});
  run_until([&] { return transport->closed == 1; });
  transport.reset();
  EXPECT_EQ(close(1h), 0U);
}

TEST_F(EngineTest, AReplacedTransportIsClosedInTheBackgroundAndBeforeTheEnd) {
  transport->close_takes_for_ever = true;
  transport->acts = {ScriptedTransport::Act::hang};
  const auto heard = ask();
  run_until([&] { return !transport->calls.empty(); });
  const auto old = transport;
  options.endpoints[0].transport = std::make_shared<ScriptedTransport>(clock);
  engine->apply(options);
  run_until([&] { return old->closing == 1; });
  EXPECT_EQ(engine->running(), 1U) << "the run under way goes on";
  EXPECT_EQ(close(50ms), 1U);
  EXPECT_EQ(old->closing, 2);
  EXPECT_TRUE(old->cancelled);
}

TEST_F(EngineTest, NewCredentialsMayComeAfterTheEngine) {
  const auto tell = transport->new_credentials;
  tell(1);
  engine.reset();
  tell(1);
}

TEST_F(EngineTest, MayDieWhileWorkRuns) {
  transport->acts = {ScriptedTransport::Act::hang};
  const auto heard = ask();
  run_until([&] { return !transport->calls.empty(); });
  const auto changed = transport->changed;
  engine.reset();
  EXPECT_EQ(heard->calls, 1);
  changed(fqdn("a.x"), remote::kDefaultCollector);
  run_until([&] { return transport->cancelled; });
  changed(fqdn("a.x"), remote::kDefaultCollector);
}

TEST_F(EngineTest, TheLoopMayDieBeforeTheWorkEnds) {
  transport->acts = {ScriptedTransport::Act::hang};
  auto inner = std::make_unique<asio::io_context>(1);
  Engine short_lived(inner->get_executor(), clock, Logger());
  short_lived.apply(options);
  auto calls = std::make_shared<int>(0);
  short_lived.evaluate({fqdn("a.x")}, {.deadline = clock.now().mono + 60s}, {},
                       [calls](auto) { ++*calls; });
  inner->poll();
  EXPECT_EQ(transport->calls.size(), 1U);
  short_lived.stop();
  EXPECT_EQ(*calls, 1);
}

}  // namespace
}  // namespace sfb::engine
