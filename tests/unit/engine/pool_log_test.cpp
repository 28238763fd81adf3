// What the log tells of a pool's answers, where nobody could read all of it.
#include "agent/engine/pool_log.hpp"

#include "agent/status/common_lines.hpp"
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
  status::History history(std::make_shared<status::CommonLines>());
  log.completed(logger, *now, history.add(*now, true, before.get()).changes,
                {.pool = now->question.pool});
  const std::string who = " pool=" + now->question.pool.str() + " collector=other ";
  EXPECT_EQ(sink->count("info replica gone" + who + "replica=s.x"), 50U);
  EXPECT_EQ(sink->count("info further changes" + who + "count=950"), 1U);
  EXPECT_EQ(sink->lines.size(), 51U);
}

TEST(PoolLog, WarnsOnceOfWhatDiffersFromTheConfiguration) {
  collectors::Collector what = collectors::pool_status();
  what.name = "other";
  what.changes = [](const collectors::Finding&, const collectors::Finding&) {
    return std::vector<collectors::Change>();
  };
  what.warnings = [](const collectors::Finding&, const collectors::Facts& facts) {
    return facts.expectation.cms_master ? std::vector<std::string>{"not so"}
                                        : std::vector<std::string>();
  };
  const status::testing::FakeClock clock;
  const auto now = status::testing::good(clock.now(), {});
  now->question.what = &what;
  const auto sink = std::make_shared<MemorySink>();
  const Logger logger(sink, LogLevel::debug, "engine");
  PoolLog log;
  const auto told = [&](bool differs) {
    log.completed(logger, *now, {},
                  {.pool = now->question.pool, .expectation = {.cms_master = differs}});
    return sink->count("warn answer differs from the configuration pool=" +
                       now->question.pool.str() + " collector=other message=not so");
  };
  EXPECT_EQ(told(true), 1U);
  EXPECT_EQ(told(true), 1U);
  EXPECT_EQ(told(false), 1U);
  EXPECT_EQ(told(true), 2U);
}

}  // namespace
}  // namespace sfb::engine
