// The page from blocks is the page that is rendered whole, whatever happened before.
#include "agent/serve/block_page.hpp"

#include "agent/exposition/gzip.hpp"
#include "agent/serve/metrics_page.hpp"
#include "collectors/backup_service_status/families.hpp"
#include "tests/exposition/unzipped.hpp"
#include "tests/unit/serve/api_snapshots.hpp"
#include "tests/unit/serve/snapshots.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {
namespace {

using exposition::Format;
using Pool = std::shared_ptr<const status::PoolSnapshot>;

constexpr Format kFormats[] = {Format::text_0_0_4, Format::openmetrics_1_0_0};

/// The figures of this process differ from page to page, so they are left out; the end stays.
std::string comparable(const std::string& page) {
  const std::size_t process = page.find("process_");
  return page.substr(0, process) + (page.ends_with("# EOF\n") ? "# EOF\n" : "");
}

/// Where two pages differ first, with a little of both.
std::string difference(const std::string& one, const std::string& other) {
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(one, other).in1 - one.begin());
  const std::size_t from = at < 100 ? 0 : at - 100;
  return fmt::format("at byte {} of {} and {}:\n{}\n--\n{}", at, one.size(), other.size(),
                     one.substr(from, 200), other.substr(from, 200));
}

class BlockPageTest : public ::testing::Test {
 protected:
  BlockPage::Made make(Format format = Format::text_0_0_4) {
    auto made = blocks_.make(snapshot_, *self_, format);
    EXPECT_TRUE(made.has_value());
    return std::move(made.value());
  }
  /// Both formats say what rendering whole says.
  void expect_whole() {
    for (const Format format : kFormats) {
      const std::string whole = comparable(render_metrics_page(snapshot_, *self_, format));
      const std::string page =
          comparable(exposition::unzipped(make(format).gzip.joined(), whole.size() + 16'384));
      ASSERT_TRUE(page == whole) << difference(page, whole);
    }
  }

  status::Snapshot snapshot_ = testing::six_pools();
  std::shared_ptr<SelfMetrics> self_ = testing::some_self_metrics();
  BlockPage blocks_;
};

TEST_F(BlockPageTest, TheSameBytesAsWhole) {
  expect_whole();
  snapshot_ = {};
  expect_whole();
  snapshot_ = testing::many_pools(kBlockPools);
  expect_whole();
  snapshot_ = testing::many_pools(3 * kBlockPools + 1);
  expect_whole();
  snapshot_ = testing::api_pools();
  expect_whole();
}

TEST_F(BlockPageTest, OnlyWhatChangedIsMade) {
  snapshot_ = testing::many_pools(10 * kBlockPools);
  const std::size_t all = make().blocks_made;
  EXPECT_GT(all, 200U);
  EXPECT_EQ(make().blocks_made, 0U);
  EXPECT_EQ(make(Format::openmetrics_1_0_0).blocks_made, 0U) << "both formats share them";
  snapshot_ = testing::with_one_change(snapshot_);
  EXPECT_EQ(make().blocks_made, 1U) << "one more evaluation is one family";
  for (Pool& pool : snapshot_.pools) {
    pool = std::make_shared<status::PoolSnapshot>(*pool);
  }
  EXPECT_EQ(make().blocks_made, all) << "of many, none is looked at alone";
  snapshot_.pools.pop_back();
  EXPECT_LE(make().blocks_made, all / 10) << "the last block of each family";
}

TEST_F(BlockPageTest, AnEvaluationOfTheSameStatesMakesTheBlocksOfItsTimes) {
  snapshot_ = testing::varied_pools(10 * kBlockPools);
  make();
  snapshot_.pools[5] = testing::evaluated_again(*snapshot_.pools[5], 1);
  EXPECT_EQ(make().blocks_made, 5U) << "a counter, three times of the pool, one of its modules";
}

TEST_F(BlockPageTest, ASnapshotThatSaysTheSameMakesNoBlock) {
  snapshot_ = testing::many_pools(kBlockPools);
  make();
  snapshot_.pools[3] = std::make_shared<status::PoolSnapshot>(*snapshot_.pools[3]);
  EXPECT_EQ(make().blocks_made, 0U);
}

TEST_F(BlockPageTest, TwoThreadsMakeThePageOfManyPools) {
  snapshot_ = testing::many_pools(kManyPools + 3);
  expect_whole();
  const std::size_t middle = kManyPools / 2;
  for (const std::size_t place : {std::size_t{0}, middle - 1, middle, kManyPools + 2}) {
    snapshot_.pools[place] = testing::evaluated_again(*snapshot_.pools[place], 1, true);
  }
  expect_whole();
  EXPECT_EQ(make().blocks_made, 0U);
  snapshot_.pools.resize(kManyPools - 1);
  expect_whole();
  snapshot_ = testing::varied_pools(kManyPools);
  expect_whole();
}

TEST_F(BlockPageTest, NoSnapshotIsKeptAlive) {
  make();
  const std::weak_ptr<const status::PoolSnapshot> gone = snapshot_.pools[0];
  snapshot_ = {};
  EXPECT_TRUE(gone.expired());
}

TEST_F(BlockPageTest, AtMostATenthLargerThanWhole) {
  for (const std::size_t pools : {std::size_t{100}, std::size_t{1280}}) {
    snapshot_ = testing::varied_pools(pools);
    const std::string whole =
        exposition::gzip(render_metrics_page(snapshot_, *self_, Format::text_0_0_4)).value();
    EXPECT_LE(make().gzip.bytes, whole.size() * 11 / 10) << pools << " pools: " << whole.size();
  }
}

TEST_F(BlockPageTest, TheMemoryIsCounted) {
  snapshot_ = testing::varied_pools(640);
  const std::size_t held = make().held_bytes;
  EXPECT_GT(held, 640U * 300);
  EXPECT_LT(held, 640U * 1200);
  snapshot_.pools.resize(64);
  EXPECT_LT(make().held_bytes, held / 5) << "what is gone is given back";
}

// Else a page reads and compresses many pools anew for each that changed.
TEST_F(BlockPageTest, WhatAnEvaluationOrAStateChangesIsInSmallBlocks) {
  const Pool before = testing::varied_pools(1).pools[0];
  const Pool again = testing::evaluated_again(*before, 7, true);
  auto failing = std::make_shared<status::PoolSnapshot>(*again);
  auto shown = static_cast<const collectors::BackupView&>(*again->view).shown;
  collectors::Module& module = shown.modules[0].module;
  module.export_state = collectors::ExportState::error_state;
  shown.overall_export = module.export_state;
  shown.verdict.working = false;
  shown.verdict.reasons.push_back({module.identity.str(), "export", "export_error", "."});
  failing->view = std::make_shared<collectors::BackupView>(failing->identity.fqdn, shown);
  std::set<std::string_view> changed;
  const std::vector<PoolSection> sections = pool_sections(snapshot_);
  for (const PoolFamily& family : sections.front().families) {
    const auto lines = [&](const Pool& pool) {
      exposition::Writer writer(Format::text_0_0_4);
      writer.continue_family(family.family);
      family.write(writer, PoolRow(*pool));
      return std::string(writer.written());
    };
    if (lines(before) != lines(again) || lines(again) != lines(failing)) {
      changed.insert(family.family.name);
      EXPECT_LE(block_pools(family.family), kOftenPools) << family.family.name;
    }
  }
  EXPECT_TRUE(changed.contains("sfb_backup_service_working"));
  EXPECT_TRUE(changed.contains("sfb_backup_module_export_state"));
  EXPECT_GE(changed.size(), 10U);
}

/// Pools come, change and go by chance.
class Play {
 public:
  explicit Play(std::uint32_t seed) : random_(seed) {}

  void step(status::Snapshot& snapshot) {
    ++snapshot.version;
    switch (below(8)) {
      case 0:
        for (std::size_t i = below(1 + snapshot.pools.size() / 3); i > 0; --i) {
          snapshot.pools.erase(snapshot.pools.begin() +
                               static_cast<std::ptrdiff_t>(below(snapshot.pools.size())));
        }
        break;
      case 1:
        for (std::size_t i = below(80); i > 0; --i) {
          snapshot.pools.insert(snapshot.pools.begin() +
                                    static_cast<std::ptrdiff_t>(below(snapshot.pools.size() + 1)),
                                pool());
        }
        break;
      case 2:  // a reload: other snapshots, some of which say the same
        for (Pool& each : snapshot.pools) {
          each = below(3) == 0 ? changed(*each) : std::make_shared<status::PoolSnapshot>(*each);
        }
        break;
      case 3:
        others(snapshot);
        break;
      case 4:
        snapshot.durations.observe(std::chrono::milliseconds(below(5000)));
        break;
      default:
        for (std::size_t i = snapshot.pools.empty() ? 0 : below(6); i > 0; --i) {
          Pool& each = snapshot.pools[below(snapshot.pools.size())];
          each = below(4) == 0 ? pool() : changed(*each);
        }
    }
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  Pool pool() {
    const Pool& model = models_.pools[below(models_.pools.size())];
    auto made = std::make_shared<status::PoolSnapshot>(*model);
    const auto name = fmt::format("pool-{}.litwareinc.com", below(100'000));
    made->identity.fqdn = Fqdn::parse(name).value();
    made->view = std::make_shared<const collectors::BackupView>(
        made->identity.fqdn, static_cast<const collectors::BackupView&>(*model->view).shown);
    return made;
  }

  Pool changed(const status::PoolSnapshot& before) {
    auto made = std::make_shared<status::PoolSnapshot>(before);
    auto shown = static_cast<const collectors::BackupView&>(*before.view).shown;
    switch (below(5)) {
      case 0:
        made->running = !made->running;
        break;
      case 1:
        made->evaluations += below(20);
        made->last_evaluation = testing::kMoment + std::chrono::microseconds(below(1'000'000'000));
        break;
      case 2:
        shown.fresh = !shown.fresh;
        break;
      case 3:
        if (!shown.modules.empty()) {
          shown.modules.erase(shown.modules.begin());
        }
        break;
      default:
        made->identity.site = fmt::format("site {}", below(10));
    }
    made->view =
        std::make_shared<const collectors::BackupView>(made->identity.fqdn, std::move(shown));
    return made;
  }

  void others(status::Snapshot& snapshot) {
    if (below(3) == 0) {
      snapshot.others.clear();
    }
    for (std::size_t i = below(90); i > 0; --i) {
      auto other = std::make_shared<status::PoolSnapshot>(*others_.at(below(others_.size())));
      other->failures[0] = below(3);
      snapshot.others.push_back(std::move(other));
    }
    std::ranges::shuffle(snapshot.others, random_);
  }

  std::mt19937 random_;
  status::Snapshot models_ = testing::six_pools();
  std::vector<status::PoolSnapshotPtr> others_ = testing::api_pools().others;
};

class BlockPageProperty : public BlockPageTest, public ::testing::WithParamInterface<int> {};

TEST_P(BlockPageProperty, AnySequenceGivesThePageThatRenderingWholeGives) {
  Play play(static_cast<std::uint32_t>(GetParam()));
  for (int step = 0; step < 20; ++step) {
    SCOPED_TRACE(step);
    play.step(snapshot_);
    expect_whole();
    if (HasFatalFailure()) {
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, BlockPageProperty, ::testing::Range(1, 7));

}  // namespace
}  // namespace sfb::serve
