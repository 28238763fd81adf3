// What outlives the process, seen from the engine: two cores, one after the other, and between them
// nothing but what a keeper was given.
#include "agent/engine/keeping.hpp"

#include "tests/unit/engine/rig.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

namespace sfb::engine {
namespace {

using namespace testing;
using status::Freshness;

/// Keeps texts, as a database does.
class FakeKeeper final : public status::Keeper {
 public:
  std::optional<status::FoundPool> recall(const status::KeptName& name) override {
    auto node = left.extract(name);
    return node ? std::optional(std::move(node.mapped())) : std::nullopt;
  }
  std::vector<status::KeptName> found() const override {
    std::vector<status::KeptName> names;
    for (const auto& [name, pool] : left) {
      names.push_back(name);
    }
    return names;
  }
  std::uint64_t last_id() const override { return id; }
  void keep(const status::KeptName& name, status::KeptPool pool) override {
    status::FoundPool& row = rows[name];
    row.source = pool.source;
    row.knowledge = pool.knowledge;
    row.memory = pool.memory;
    row.answer = pool.good ? write_answer(*pool.good, {}).value() : std::string();
  }
  void keep(const status::KeptName& name, const status::HistoryEntry& entry) override {
    rows[name].history.insert(rows[name].history.begin(), entry);
  }
  void leave(const status::KeptName& name, status::FoundPool pool) override {
    left.insert_or_assign(name, std::move(pool));
  }
  void forget(const status::KeptName& name) override {
    left.erase(name);
    rows.erase(name);
  }
  /// What the next process finds.
  void restart() {
    left = rows;
    for (const auto& [name, row] : rows) {
      for (const status::HistoryEntry& entry : row.history) {
        id = std::max(id, entry.id);
      }
    }
  }

  std::map<status::KeptName, status::FoundPool> rows;
  std::map<status::KeptName, status::FoundPool> left;
  std::uint64_t id = 0;
};

status::KeptName name(std::string pool = "a.x") {
  return {std::move(pool), "backup_service_status"};
}

// A process that has seen an answer, a change and a failure; its end comes without a warning.
void live(FakeKeeper& keeper) {
  Rig rig(&keeper);
  rig.first_run();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good("A.B:[ErrorState,NormalState]");
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish(failure(Reason::connect));
}

TEST(Keeping, NothingIsKeptWithoutAKeeper) {
  Rig rig;
  rig.first_run();
  EXPECT_EQ(rig.core.history(fqdn("a.x"))->front().id, 1U);
}

TEST(Keeping, TheLastGoodAnswerComesBackWithItsTrueAge) {
  FakeKeeper keeper;
  live(keeper);
  keeper.restart();
  Rig rig(&keeper, 1800s);
  const status::PoolSnapshotPtr pool = rig.pool();
  ASSERT_NE(pool->last_good, nullptr);
  EXPECT_TRUE(pool->last_good->restored);
  EXPECT_EQ(pool->freshness, Freshness::fresh);
  EXPECT_EQ(pool->up, std::nullopt) << "nothing was asked yet";
  EXPECT_EQ(pool->evaluations, 0U);
  const auto age = pool->last_good->age(rig.clock.now().mono);
  EXPECT_EQ(rig.clock.now().wall - pool->last_good->evaluated_at, age);
  EXPECT_GT(age, 1000s);
  EXPECT_LT(age, 1800s);
  EXPECT_EQ(pool->last_success, pool->last_good->evaluated_at);
  const auto modules = shown(pool).modules;
  ASSERT_EQ(modules.size(), 1U);
  EXPECT_EQ(modules[0].module.export_word, "ErrorState");
  EXPECT_LT(*modules[0].last_healthy, *modules[0].export_changed);
  EXPECT_EQ(shown(pool).verdict.working, false);
  // Stale when the answer is an hour old.
  rig.pass(3600s - age + 1s);
  EXPECT_EQ(rig.pool()->freshness, Freshness::stale);
  EXPECT_EQ(rig.pool()->last_success, pool->last_success);
}

TEST(Keeping, APoolThatFailedIsNotWellBecauseOfARestart) {
  FakeKeeper keeper;
  live(keeper);
  keeper.restart();
  Rig rig(&keeper, 1800s);
  ASSERT_NE(rig.pool()->failure, nullptr);
  EXPECT_EQ(rig.pool()->failure->reason, Reason::connect);
  EXPECT_EQ(rig.pool()->last_completed, nullptr) << "this process asked nothing yet";
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good();
  EXPECT_EQ(rig.pool()->failure, nullptr);
}

TEST(Keeping, AnAnswerDatedAheadKeepsItsFirstSight) {
  FakeKeeper keeper;
  WallTime seen;
  WallTime date;
  {
    Rig rig(&keeper);
    rig.core.start();
    ASSERT_TRUE(rig.pass_until_launch());
    seen = rig.clock.now().wall;
    date = seen + 50min;
    auto answer = reply(rig.clock.now());
    answer.dated = date;
    rig.finish(std::move(answer));
  }
  keeper.restart();
  const Rig rig(&keeper, 1800s);
  ASSERT_EQ(rig.transports.begin()->second->recalled.size(), 1U);
  EXPECT_EQ(rig.transports.begin()->second->recalled[0].second, std::pair(date, seen));
}

TEST(Keeping, SinceTimesLastOverARestart) {
  FakeKeeper keeper;
  live(keeper);
  keeper.restart();
  Rig rig(&keeper, 1800s);
  const auto since = shown(rig.pool()).modules.at(0).export_changed;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good("A.B:[ErrorState,NormalState]");
  EXPECT_EQ(shown(rig.pool()).modules.at(0).export_changed, since);
  EXPECT_FALSE(rig.pool()->last_good->restored);
  EXPECT_EQ(rig.pool()->up, true);
}

TEST(Keeping, AChangeOverARestartIsTold) {
  FakeKeeper keeper;
  live(keeper);
  keeper.restart();
  Rig rig(&keeper, 1800s);
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good("A.B:[FinalState,NormalState]");
  EXPECT_EQ(rig.log->count("ErrorState"), 1U) << "the state before the restart";
}

TEST(Keeping, TheHistoryComesBackAndItsNumbersGoOn) {
  FakeKeeper keeper;
  live(keeper);
  keeper.restart();
  Rig rig(&keeper, 1800s);
  ASSERT_EQ(rig.core.history(fqdn("a.x"))->size(), 3U);
  EXPECT_EQ(rig.core.history(fqdn("a.x"))->front().id, 3U);
  EXPECT_EQ(rig.core.history(fqdn("a.x"))->front().reason, "connect");
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good();
  EXPECT_EQ(rig.core.history(fqdn("a.x"))->front().id, 4U);
}

TEST(Keeping, AnotherEndpointOrAccountStartsAnew) {
  FakeKeeper keeper;
  live(keeper);
  keeper.restart();
  keeper.left[name()].source = "of another account";
  Rig rig(&keeper, 1800s);
  EXPECT_EQ(rig.pool()->freshness, Freshness::none);
  EXPECT_EQ(rig.pool()->last_success, std::nullopt);
  EXPECT_TRUE(rig.core.history(fqdn("a.x"))->empty());
  EXPECT_TRUE(keeper.rows.empty()) << "and the old rows go";
}

TEST(Keeping, AReloadKeepsAndANewAddressForgets) {
  FakeKeeper keeper;
  Rig rig(&keeper);
  rig.first_run();
  rig.configure();
  EXPECT_TRUE(keeper.rows.contains(name()));
  EXPECT_EQ(rig.pool()->freshness, Freshness::fresh);
  rig.options.endpoints[0].identity = std::string("elsewhere");
  rig.configure();
  EXPECT_FALSE(keeper.rows.contains(name()));
  EXPECT_EQ(rig.pool()->freshness, Freshness::none);
  EXPECT_EQ(rig.log->count("info pool starts anew"), 1U);
}

TEST(Keeping, AnEndpointUnderAnotherNameKeeps) {
  FakeKeeper keeper;
  Rig rig(&keeper);
  rig.first_run();
  const auto since = shown(rig.pool()).modules.at(0).export_changed;
  rig.options.endpoints[0].name = "renamed";
  rig.options.pools[0].identity.endpoint = "renamed";
  rig.configure();
  EXPECT_EQ(rig.pool()->freshness, Freshness::fresh);
  EXPECT_EQ(shown(rig.pool()).modules.at(0).export_changed, since);
  EXPECT_EQ(rig.core.history(fqdn("a.x"))->size(), 1U);
  EXPECT_EQ(rig.log->count("starts anew"), 0U);
}

TEST(Keeping, RowsOfPoolsThatAreNotConfiguredStayAndAReloadBringsThemBack) {
  FakeKeeper keeper;
  live(keeper);
  keeper.rows[name("gone.x")] = keeper.rows[name()];
  keeper.restart();
  Rig rig(&keeper, 1800s);
  EXPECT_TRUE(keeper.rows.contains(name("gone.x")));
  EXPECT_TRUE(keeper.rows.contains(name()));
  EXPECT_EQ(rig.log->count("info the state holds pools that are not asked pools=gone.x state="),
            1U);
  rig.options.pools.clear();
  rig.add_pool("gone.x", "one");
  rig.configure();
  EXPECT_EQ(rig.core.history(fqdn("gone.x"))->size(), 3U);
}

// As after a slip of the pen, and its repair.
TEST(Keeping, APoolThatAReloadLosesIsToldAndComesBackWithItsHistory) {
  FakeKeeper keeper;
  Rig rig(&keeper);
  rig.add_pool("b.x", "one");
  rig.configure();
  rig.first_run();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good("A.B:[ErrorState,NormalState]");
  const auto before = shown(rig.pool(1)).modules;
  const auto entries = rig.core.history(fqdn("b.x"))->size();
  ASSERT_GT(entries, 0U);
  const PoolOptions lost = rig.options.pools.back();
  rig.options.pools.pop_back();
  rig.configure();
  EXPECT_TRUE(keeper.rows.contains(name("b.x")));
  EXPECT_EQ(rig.core.history(fqdn("b.x")), std::nullopt);
  EXPECT_EQ(rig.log->count("warn pools are not asked any more: the configuration does not name "
                           "them pools=b.x state=since-times and history stay"),
            1U);
  rig.pass(300s);
  rig.options.pools.push_back(lost);
  rig.configure();
  EXPECT_EQ(rig.core.history(fqdn("b.x"))->size(), entries);
  const auto after = rig.pool(1);
  EXPECT_EQ(after->freshness, Freshness::fresh);
  EXPECT_GE(after->last_good->age(rig.clock.now().mono), 300s) << "with its true age";
  ASSERT_EQ(shown(after).modules.size(), 1U);
  EXPECT_EQ(shown(after).modules[0].export_changed, before.at(0).export_changed);
  EXPECT_EQ(after->up, std::nullopt) << "nothing was asked since";
}

TEST(Keeping, APoolThatComesBackAtAnotherAddressStartsAnew) {
  FakeKeeper keeper;
  Rig rig(&keeper);
  rig.options.endpoints[0].source = "one";
  rig.configure();
  rig.first_run();
  rig.add_pool("b.x", "one");
  const PoolOptions lost = rig.options.pools.front();
  rig.options.pools.erase(rig.options.pools.begin());
  rig.configure();
  rig.options.pools.push_back(lost);
  rig.options.endpoints[0].identity = std::string("elsewhere");
  rig.options.endpoints[0].source = "two";
  rig.configure();
  EXPECT_TRUE(rig.core.history(fqdn("a.x"))->empty());
  EXPECT_EQ(rig.pool()->freshness, Freshness::none);
}

TEST(Keeping, WithoutAKeeperALostPoolIsToldAsLost) {
  Rig rig;
  rig.first_run();
  rig.options.pools[0].identity.fqdn = fqdn("b.x");
  rig.configure();
  EXPECT_EQ(rig.log->count("pools=a.x state=since-times and history are lost"), 1U);
}

TEST(Keeping, ManyLostPoolsAreOneLine) {
  Rig rig;
  for (int i = 10; i < 40; ++i) {
    rig.add_pool(fmt::format("p{}.x", i), "one");
  }
  rig.configure();
  rig.options.pools.erase(rig.options.pools.begin() + 1, rig.options.pools.end());
  rig.configure();
  EXPECT_EQ(rig.log->count("pools=p10.x, p11.x, "), 1U);
  EXPECT_EQ(rig.log->count("p29.x and 10 more"), 1U);
}

TEST(Keeping, AClockThatWasSetBackBringsNoAnswerAndNoFutureDate) {
  FakeKeeper keeper;
  live(keeper);
  keeper.restart();
  Rig rig(&keeper, -86'400s);
  const status::PoolSnapshotPtr pool = rig.pool();
  EXPECT_EQ(pool->last_good, nullptr) << "its age is not known";
  EXPECT_EQ(pool->freshness, Freshness::none);
  EXPECT_EQ(pool->last_success, rig.clock.now().wall);
  for (const auto& module : shown(pool).modules) {
    EXPECT_LE(*module.export_changed, rig.clock.now().wall);
    EXPECT_LE(*module.last_healthy, rig.clock.now().wall);
  }
  EXPECT_EQ(rig.log->count("not brought back"), 1U);
}

TEST(Keeping, GarbageIsToldAndTimesStartAnew) {
  for (const char* const what : {"answer", "knowledge", "memory"}) {
    FakeKeeper keeper;
    live(keeper);
    keeper.restart();
    status::FoundPool& row = keeper.left[name()];
    (std::string_view(what) == "answer"      ? row.answer
     : std::string_view(what) == "knowledge" ? row.knowledge
                                             : row.memory) = "garbage\x01";
    Rig rig(&keeper, 1800s);
    EXPECT_EQ(rig.log->count("warn"), 1U) << what;
    EXPECT_NO_THROW(rig.pool());
    rig.core.start();
    ASSERT_TRUE(rig.pass_until_launch()) << what;
    rig.finish_good();
    EXPECT_EQ(rig.pool()->up, true) << what;
  }
}

TEST(Keeping, ARestoredAnswerServesThoseWhoTakeItsAge) {
  FakeKeeper keeper;
  live(keeper);
  keeper.restart();
  Rig rig(&keeper, 1800s);
  const auto old = rig.ask(Rig::scheduled(), {.max_age = 3600s});
  ASSERT_TRUE(old->answered());
  EXPECT_EQ(old->answer().source, status::Source::cache);
  EXPECT_TRUE(old->answer().evaluation->restored);
  const auto live_one = rig.ask(Rig::scheduled());
  EXPECT_EQ(live_one->calls, 0) << "a live question is asked, whatever the least interval is";
  EXPECT_EQ(rig.open.size(), 1U);
}

TEST(Keeping, ARefusalKnowsTheRestoredAnswer) {
  FakeKeeper keeper;
  live(keeper);
  keeper.restart();
  Rig rig(&keeper, 1800s);
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  const auto heard = rig.ask(Rig::category("CMS"));
  rig.core.stop();
  ASSERT_EQ(heard->calls, 1);
  const auto refused = rig.ask(Rig::scheduled());
  ASSERT_EQ(refused->calls, 1);
  ASSERT_NE(refused->refusal().last_known, nullptr);
  EXPECT_TRUE(refused->refusal().last_known->restored);
}

}  // namespace
}  // namespace sfb::engine
