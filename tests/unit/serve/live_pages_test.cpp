// When a page is rebuilt and who shares it: a real loop and worker threads, a clock that only moves
// when told.
#include "agent/serve/live_pages.hpp"

#include "tests/exposition/unzipped.hpp"
#include "tests/unit/serve/parts.hpp"
#include "tests/unit/serve/snapshots.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>

#include <latch>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
using exposition::Format;
using ::testing::HasSubstr;
using ::testing::Not;
namespace asio = boost::asio;
using exposition::unzipped;

/// For the text of any page here.
constexpr std::size_t kRoom = 1UL << 26U;

class FakeClock final : public Clock {
 public:
  Now now() const override { return now_; }
  void advance(std::chrono::nanoseconds by) { now_.mono += by; }

 private:
  Now now_{testing::kMoment, MonoTime{1'000'000s}};
};

/// Counts who looks: one look is a caller's, one is each build's.
class FakeBoard final : public status::Board {
 public:
  status::SnapshotPtr snapshot() override {
    ++looks;
    return current;
  }
  std::optional<std::vector<status::HistoryEntry>> history(const Fqdn& /*pool*/) override {
    return std::nullopt;
  }
  bool first_cycle_done() const override { return true; }

  void change() {
    current = std::make_shared<const status::Snapshot>(testing::with_one_change(*current));
  }

  int looks = 0;
  status::SnapshotPtr current = std::make_shared<const status::Snapshot>(testing::six_pools());
};

class LivePagesTest : public ::testing::Test {
 protected:
  using Bytes = std::shared_ptr<const std::string>;
  using Answer = std::optional<Result<PageBody>>;

  auto keep(std::size_t place) {
    return [this, place](const std::exception_ptr& failure, Result<PageBody> body) {
      if (failure) {
        body = fail(Reason::internal, "test.exception", "the coroutine threw");
      }
      answers_[place] = std::move(body);
    };
  }
  /// Starts a caller; its answer comes into `answers_` while the loop runs.
  std::size_t ask(Format format = Format::text_0_0_4, bool gzip = false) {
    const std::size_t place = start();
    asio::co_spawn(io_, pages_.get(format, gzip), keep(place));
    return place;
  }
  std::size_t start() {
    answers_.emplace_back();
    return answers_.size() - 1;
  }
  void run() {
    io_.restart();
    io_.run();
  }
  /// One caller, alone.
  Bytes get(Format format = Format::text_0_0_4, bool gzip = false) {
    const std::size_t place = ask(format, gzip);
    run();
    return page(place);
  }
  Bytes page(std::size_t place) {
    const Answer& answer = answers_.at(place);
    if (!answer || !*answer) {
      ADD_FAILURE() << "answer " << place << ": " << (answer ? describe(answer->error()) : "none");
      return std::make_shared<const std::string>();
    }
    return (*answer)->whole;
  }
  int builds() const { return board_.looks - static_cast<int>(answers_.size()); }
  /// Keeps the only worker busy until `release_` counts down.
  void block_worker() {
    asio::co_spawn(io_, cpu_.run([this]() -> Result<int> {
      release_.wait();
      return 0;
    }),
                   [](const std::exception_ptr&, const Result<int>&) {});
  }
  /// Handlers that are ready run, jobs that block do not count.
  void poll() {
    io_.restart();
    while (io_.poll() > 0) {
    }
  }

  asio::io_context io_;
  FakeClock clock_;
  FakeBoard board_;
  std::shared_ptr<SelfMetrics> self_ = testing::some_self_metrics();
  std::latch release_{1};
  std::vector<Answer> answers_;
  net::WorkerPool cpu_{"cpu", 1, 64};
  LivePages pages_{board_, self_, cpu_, clock_};
};

TEST_F(LivePagesTest, TheSamePageUntilSomethingChanges) {
  const Bytes first = get();
  EXPECT_THAT(*first, HasSubstr("sfb_backup_up{"));
  clock_.advance(1s);
  EXPECT_EQ(get(), first) << "exactly one second old is not older than a second";
  EXPECT_EQ(builds(), 1);
}

TEST_F(LivePagesTest, RebuiltWhenOlderThanASecond) {
  const Bytes first = get();
  self_->http_request("/late", 200);
  EXPECT_THAT(*get(), Not(HasSubstr("/late")));
  clock_.advance(1s + 1ns);
  EXPECT_THAT(*get(), HasSubstr("/late"));
  EXPECT_EQ(builds(), 2);
}

TEST_F(LivePagesTest, RebuiltAtOnceWhenTheSnapshotChanged) {
  EXPECT_THAT(*get(), HasSubstr("sfb_backup_evaluations_total{pool=\"atl-cs-001.litwareinc.com\"} "
                                "720\n"));
  board_.change();
  EXPECT_THAT(*get(), HasSubstr("sfb_backup_evaluations_total{pool=\"atl-cs-001.litwareinc.com\"} "
                                "721\n"));
  get();
  EXPECT_EQ(builds(), 2);
}

TEST_F(LivePagesTest, RebuiltAtOnceWhenTheConfigurationWasReloaded) {
  EXPECT_THAT(*get(), HasSubstr("config_last_reload_successful 1\n"));
  self_->config_reload(false, testing::kMoment);
  EXPECT_THAT(*get(), HasSubstr("config_last_reload_successful 0\n"));
  get();
  EXPECT_EQ(builds(), 2);
  // A page that is being made when a reload is refused may not know of it.
  clock_.advance(2s);
  block_worker();
  const std::size_t early = ask();
  poll();
  self_->config_reload(true, testing::kMoment);
  const std::size_t late = ask();
  poll();
  release_.count_down();
  run();
  EXPECT_NE(page(early), page(late));
  EXPECT_THAT(*page(late), HasSubstr("config_last_reload_successful 1\n"));
}

TEST_F(LivePagesTest, AHundredCallersShareOneBuild) {
  for (int i = 0; i < 100; ++i) {
    ask();
  }
  run();
  std::set<const std::string*> pages;
  for (std::size_t i = 0; i < 100; ++i) {
    pages.insert(page(i).get());
  }
  EXPECT_EQ(pages.size(), 1U);
  EXPECT_EQ(builds(), 1);
  board_.change();
  for (int i = 0; i < 100; ++i) {
    ask();
  }
  run();
  EXPECT_EQ(builds(), 2);
}

TEST_F(LivePagesTest, FormatsAndCodingsAtOnce) {
  for (int i = 0; i < 5; ++i) {
    for (const Format format : {Format::text_0_0_4, Format::openmetrics_1_0_0}) {
      ask(format, false);
      ask(format, true);
    }
  }
  run();
  EXPECT_EQ(builds(), 4) << "one for each page that was asked for";
  for (std::size_t i = 0; i < answers_.size(); i += 4) {
    const auto head = [](const std::string& page) { return page.substr(0, page.find("process_")); };
    const std::string text = *page(i);
    const std::string open = *page(i + 2);
    EXPECT_TRUE(text.starts_with("# HELP sfb_backup_up "));
    EXPECT_TRUE(open.starts_with("# TYPE sfb_backup_up "));
    EXPECT_TRUE(open.ends_with("# EOF\n"));
    EXPECT_EQ(head(unzipped(*page(i + 1), kRoom)), head(text));
    EXPECT_EQ(head(unzipped(*page(i + 3), kRoom)), head(open));
  }
}

TEST_F(LivePagesTest, ACallerDuringABuildGetsWhatHappenedBeforeItCame) {
  block_worker();
  const std::size_t early = ask();
  poll();
  board_.change();
  const std::size_t late = ask();
  const std::size_t later = ask();
  poll();
  EXPECT_FALSE(answers_[early].has_value()) << "the worker is busy";
  release_.count_down();
  run();
  EXPECT_THAT(*page(early), HasSubstr("} 720\n"));
  EXPECT_THAT(*page(late), Not(HasSubstr("atl-cs-001.litwareinc.com\"} 720\n")));
  EXPECT_THAT(*page(late), HasSubstr("atl-cs-001.litwareinc.com\"} 721\n"));
  EXPECT_EQ(page(late), page(later));
  EXPECT_EQ(builds(), 2);
}

TEST_F(LivePagesTest, ACallerThatGoesAwayTakesNobodysPage) {
  block_worker();
  asio::cancellation_signal gone;
  const std::size_t first = start();
  asio::co_spawn(io_, pages_.get(Format::text_0_0_4, false),
                 asio::bind_cancellation_slot(gone.slot(), keep(first)));
  const std::size_t second = ask();
  poll();
  gone.emit(asio::cancellation_type::terminal);
  poll();
  ASSERT_TRUE(answers_[first].has_value()) << "a cancelled caller does not wait for the worker";
  EXPECT_FALSE(answers_[first]->has_value());
  EXPECT_FALSE(answers_[second].has_value());
  release_.count_down();
  run();
  EXPECT_THAT(*page(second), HasSubstr("sfb_backup_up{"));
  EXPECT_EQ(builds(), 1);
}

TEST_F(LivePagesTest, AFailedBuildIsEveryWaitersErrorAndIsTriedAgain) {
  block_worker();
  const std::size_t one = ask();
  const std::size_t other = ask();
  poll();
  cpu_.stop();
  release_.count_down();
  run();
  for (const std::size_t place : {one, other}) {
    ASSERT_TRUE(answers_[place].has_value());
    ASSERT_FALSE(answers_[place]->has_value());
    EXPECT_EQ(answers_[place]->error().code, "pool.stopped");
  }
  EXPECT_EQ(builds(), 1);
  const std::size_t late = ask();
  run();
  ASSERT_TRUE(answers_[late].has_value()) << "a build refused at once must not be waited for";
  EXPECT_FALSE(answers_[late]->has_value());
  EXPECT_EQ(builds(), 2) << "an error is not kept";
}

TEST_F(LivePagesTest, ThePagesMayGoWhileACallerWaits) {
  auto pages = std::make_unique<LivePages>(board_, self_, cpu_, clock_);
  const std::size_t place = start();
  asio::co_spawn(io_, pages->get(Format::text_0_0_4, true), keep(place));
  pages.reset();
  run();
  EXPECT_THAT(unzipped(*page(place), kRoom), HasSubstr("sfb_backup_up{"));
}

TEST_F(LivePagesTest, AnOutdatedPageOfAnotherKindIsLetGo) {
  const std::weak_ptr<const std::string> big = get(Format::text_0_0_4, false);
  answers_.clear();
  board_.looks = 0;
  EXPECT_FALSE(big.expired()) << "kept for the next caller";
  clock_.advance(2s);
  get(Format::text_0_0_4, true);
  EXPECT_TRUE(big.expired());
}

class LargePagesTest : public LivePagesTest {
 protected:
  LargePagesTest() {
    board_.current = std::make_shared<const status::Snapshot>(testing::many_pools(2001));
  }
  std::shared_ptr<http::BodyParts> parts(Format format = Format::text_0_0_4, bool gzip = false) {
    std::shared_ptr<http::BodyParts> found;
    asio::co_spawn(io_, pages_.get(format, gzip), [&](const std::exception_ptr&, auto answer) {
      found = answer ? answer->parts : nullptr;
    });
    run();
    return found;
  }
  /// Our own figures are another page's.
  static std::string of_pools(const std::string& page) {
    return page.substr(0, page.find("sfb_backup_exporter_"));
  }
  static std::string text_of(http::BodyParts& parts) { return of_pools(testing::all_of(parts)); }
  std::string rendered(Format format) const {
    return of_pools(render_metrics_page(*board_.current, *self_, format));
  }
};

TEST_F(LargePagesTest, ALargePlainPageComesInParts) {
  for (const Format format : {Format::text_0_0_4, Format::openmetrics_1_0_0}) {
    const auto found = parts(format);
    ASSERT_NE(found, nullptr);
    const std::string whole = rendered(format);
    EXPECT_TRUE(text_of(*found) == whole);
    EXPECT_LT(found->held(), whole.size() / 8);
  }
}

TEST_F(LargePagesTest, AskedForTwiceInASecondItIsKeptForThat) {
  ASSERT_NE(parts(), nullptr);
  const Bytes whole = get();
  ASSERT_NE(whole, nullptr);
  EXPECT_TRUE(of_pools(*whole) == rendered(Format::text_0_0_4));
  EXPECT_EQ(pages_.ready(Format::text_0_0_4, false).whole, whole);
  EXPECT_NE(parts(Format::openmetrics_1_0_0), nullptr) << "each format by itself";
  clock_.advance(2s);
  EXPECT_NE(parts(), nullptr);
}

TEST_F(LargePagesTest, WhatWasKeptGoesWithTheNextScrape) {
  parts();
  const std::weak_ptr<const std::string> kept = get();
  answers_.clear();
  EXPECT_FALSE(kept.expired());
  clock_.advance(2s);
  parts(Format::text_0_0_4, true);
  EXPECT_TRUE(kept.expired());
}

TEST_F(LargePagesTest, SoDoesThePackedOne) {
  for (const Format format : {Format::text_0_0_4, Format::openmetrics_1_0_0}) {
    const auto found = parts(format, true);
    ASSERT_NE(found, nullptr);
    const auto again = pages_.ready(format, true).parts;
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(found->memory(), again->memory()) << "readers of one page share it";
    const std::string packed = testing::all_of(*found);
    EXPECT_TRUE(of_pools(unzipped(packed, kRoom)) == rendered(format));
    EXPECT_TRUE(testing::all_of(*again) == packed);
  }
  board_.change();
  EXPECT_TRUE(pages_.ready(Format::text_0_0_4, true).is_none());
}

TEST_F(LargePagesTest, ItStaysWhatItWasWhenPoolsChange) {
  const auto later = [&] {  // not twice in a second
    clock_.advance(2s);
    return parts();
  };
  const std::string before = text_of(*later());
  const auto of_snapshot = later();
  of_snapshot->next();
  board_.change();
  EXPECT_NE(text_of(*later()), before);
  board_.change();
  const auto fresh = later();
  board_.change();  // its snapshot lives only with it
  EXPECT_THAT(text_of(*fresh), HasSubstr("pool02000.litwareinc.com"));
}

TEST_F(LivePagesTest, ASmallPageHasNoParts) {
  for (const bool gzip : {false, true}) {
    const std::size_t place = ask(Format::text_0_0_4, gzip);
    run();
    EXPECT_EQ(answers_.at(place)->value().parts, nullptr);
    EXPECT_NE(answers_.at(place)->value().whole, nullptr);
  }
}

TEST_F(LivePagesTest, TheLoopMayEndWhileCallersWait) {
  block_worker();
  ask();
  ask(Format::openmetrics_1_0_0, true);
  poll();
  EXPECT_EQ(builds(), 2);
  release_.count_down();
  // No run(): the loop and everything that waits on it are destroyed with the fixture.
}

}  // namespace
}  // namespace sfb::serve
