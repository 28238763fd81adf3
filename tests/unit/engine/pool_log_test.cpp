// What the log tells of a pool's answers, where nobody could read all of it.
#include "agent/engine/pool_log.hpp"

#include "tests/unit/engine/rig.hpp"

#include <gtest/gtest.h>

namespace sfb::engine {
namespace {

using namespace sfb::engine::testing;  // NOLINT: the rig

TEST(PoolLog, AThousandChangesAreAFewLinesAndACount) {
  collectors::Collector what = collectors::pool_status();
  what.name = "other";
  what.changes = [](const collectors::Finding&, const collectors::Finding&) {
    return std::vector<collectors::Change>(1000, {"replica gone", {{"replica", "s.x"}}});
  };
  const status::testing::FakeClock clock;
  const auto before = status::testing::good(clock.now(), {});
  const auto now = status::testing::good(clock.now(), {});
  now->question.what = &what;
  const auto sink = std::make_shared<MemorySink>();
  const Logger logger(sink, LogLevel::debug, "engine");
  PoolLog log;
  status::History history;
  log.completed(logger, *now, history.add(*now, true, before.get()).changes);
  const std::string who = " pool=" + now->question.pool.str() + " collector=other ";
  EXPECT_EQ(sink->count("info replica gone" + who + "replica=s.x"), 50U);
  EXPECT_EQ(sink->count("info further changes" + who + "count=950"), 1U);
  EXPECT_EQ(sink->lines.size(), 51U);
}

}  // namespace
}  // namespace sfb::engine
