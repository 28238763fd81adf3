// Snapshots are brought up to date pool by pool. Listing all pools anew must find nothing to mend.
#include "agent/engine/pools.hpp"

#include "tests/unit/engine/rig.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <latch>
#include <random>
#include <utility>
#include <vector>

namespace sfb::engine {
namespace {

using namespace sfb::engine::testing;  // NOLINT: the rig

constexpr std::size_t kNames = 8;

class RandomPools {
 public:
  explicit RandomPools(unsigned seed) : random_(seed) {
    endpoints_.adopt({{"one", std::make_shared<FakeTransport>(), 1, "id-one"}}, now());
    for (std::size_t i = 0; i < kNames; ++i) {
      add();
    }
    pools_.start(now());
  }

  status::SnapshotPtr snapshot() { return pools_.snapshot(endpoints_.by_name(), now()); }

  /// Of one that is on schedule.
  void answer() {
    Pool* pool = some_pool();
    while (pool == nullptr || !pool->options.scheduled) {
      pool = some_pool();
    }
    answer(*pool);
  }

  void live(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      step();
      if (pick(3) == 0) {
        check();
      }
    }
  }

 private:
  Now now() { return clock_.now(); }
  std::size_t pick(std::size_t count) { return random_() % count; }
  Pool* some_pool() {
    return pools_.find(fqdn("p" + std::to_string(pick(kNames)) + ".x"));  // or none
  }
  PoolOptions options(const Fqdn& name) {
    PoolOptions made{status::testing::identity(name.str())};
    made.identity.endpoint = "one";
    made.identity.site = "s" + std::to_string(pick(3));
    made.scheduled = pick(4) != 0;
    return made;
  }

  void add() {
    const Fqdn name = fqdn("p" + std::to_string(pick(kNames)) + ".x");
    if (pools_.find(name) == nullptr) {
      pools_.add(options(name), endpoints_.by_name().at("one"), {}, now());
    }
  }

  void step() {
    if (pick(8) == 0) {
      clock_.advance(std::chrono::seconds(pick(400)));  // some pools get stale
    }
    Pool* const pool = some_pool();
    if (pool == nullptr) {
      add();
      return;
    }
    switch (pick(8)) {
      case 0:
        pools_.remove(*pool);
        return;
      case 1:
        pools_.keep(*pool, options(pool->fqdn()), {}, pick(2) == 0, now());
        return;
      case 2:
        pool->knowledge.overrun();
        pools_.changed(*pool);
        return;
      case 3:
        pools_.show_backoff(*pool->endpoint, std::nullopt, now());
        return;
      case 4:
        pools_.plan(*pool);
        return;
      default:
        answer(*pool);
        return;
    }
  }

  void answer(Pool& pool) {
    if (!pool.options.scheduled) {
      return;
    }
    pool.knowledge.completed(
        pick(3) == 0
            ? status::testing::failed(now(), Reason::timeout)
            : status::testing::good(
                  now(), {status::testing::module("M", collectors::ExportState::final_state)}));
    pools_.answered(pool);
  }

  void check() {
    const auto shown = snapshot();
    EXPECT_EQ(shown, snapshot()) << "nothing happened";
    EXPECT_TRUE(last_ == nullptr || last_ == shown || last_->version < shown->version);
    EXPECT_TRUE(std::ranges::is_sorted(shown->pools, {}, [](const status::PoolSnapshotPtr& pool) {
      return pool->identity.fqdn.str();
    }));
    pools_.all_changed();
    EXPECT_EQ(shown, snapshot()) << "a change was missed";
    last_ = shown;
  }

  std::mt19937 random_;
  status::testing::FakeClock clock_;
  Agenda agenda_;
  Endpoints endpoints_{{}};
  Pools pools_{agenda_};
  status::SnapshotPtr last_;
};

TEST(Pools, ASnapshotShowsEachChange) {
  for (unsigned seed = 0; seed < 50 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomPools(seed).live(400);
  }
}

// Whatever happens meanwhile: with ThreadSanitizer this also tells of what is changed while it is
// read.
TEST(Pools, AReaderKeepsWhatItWasGiven) {
  RandomPools pools(7);
  for (int round = 0; round < 200; ++round) {
    auto given = pools.snapshot();
    const std::uint64_t version = given->version;
    const std::vector<status::PoolSnapshotPtr> list = given->pools;
    EXPECT_TRUE(std::ranges::none_of(list, [](const auto& pool) { return !pool; }));
    std::latch changed(round % 2);  // each other time it is read while pools change
    std::future<bool> same =
        std::async(std::launch::async, [&, given = std::move(given)]() mutable {
          changed.wait();
          const bool stays = given->pools == list && given->version == version;
          given.reset();
          return stays;
        });
    pools.live(5);
    if (round % 2 == 1) {
      changed.count_down();
    }
    EXPECT_TRUE(same.get());
  }
}

TEST(Pools, AListThatNobodyReadsIsNotCopied) {
  RandomPools pools(7);
  const auto list_at = [&] { return pools.snapshot()->pools.data(); };
  int copied = 0;
  for (int round = 0; round < 100; ++round) {
    const auto* const before = list_at();
    pools.answer();
    copied += list_at() == before ? 0 : 1;
  }
  EXPECT_EQ(copied, 0);
  const status::SnapshotPtr read = pools.snapshot();
  pools.answer();
  EXPECT_NE(list_at(), read->pools.data());
}

/// What a pool's page costs must not depend on the number of pools: their snapshots stay.
TEST(Pools, ThoseWithoutAChangeKeepTheirs) {
  Rig rig;
  rig.add_pool("b.x", "one");
  rig.configure();
  rig.core.start();
  const auto before = rig.core.snapshot();
  ASSERT_TRUE(rig.pass_until_launch());
  const std::string running = rig.open.begin()->second.ask.pool.str();
  const auto after = rig.core.snapshot();
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(before->pools[i] == after->pools[i], after->pools[i]->identity.fqdn.str() != running);
  }
}

}  // namespace
}  // namespace sfb::engine
