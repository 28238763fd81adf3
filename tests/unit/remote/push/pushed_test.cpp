// What was pushed, without an event loop: what is taken and what is refused, in which order, what
// goes, and what comes back at the next start.
#include "agent/remote/push/pushed.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::remote {
namespace {

using namespace std::chrono_literals;

const Fqdn kPushedPool = *Fqdn::parse("atl.example.com");
constexpr std::string_view kReplicas = "management_store_replication";

class HandClock final : public Clock {
 public:
  Now now() const override { return now_; }
  void move(std::chrono::seconds by) {
    now_.wall += by;
    now_.mono += by;
  }
  void set(std::chrono::seconds by) { now_.wall += by; }

 private:
  Now now_ = SystemClock().now();
};

/// Keeps what it is given, as a disk would; commits at once.
class MapLedger final : public PushLedger {
 public:
  std::vector<std::pair<PushName, PushRecord>> take() override {
    return {records.begin(), records.end()};
  }
  void keep(const PushName& name, PushRecord record, std::function<void(bool)> committed) override {
    records.insert_or_assign(name, std::move(record));
    committed(works);
  }
  void forget(const PushName& name) override { records.erase(name); }

  std::map<PushName, PushRecord> records;
  bool works = true;
};

PushPlaces places_of(const Fqdn& pool) {
  return {{pool,
           {{std::string(kDefaultCollector), {"UserData", "CMS", "RGS"}},
            {std::string(kReplicas), {}}}}};
}

std::string export_at(WallTime at, std::string_view more = "") {
  return fmt::format(
      R"({{"SfbBackupExport":1,"PoolFqdn":"atl.example.com","ExportedAt":"{}","State":"Completed",)"
      R"("Output":[],"Errors":[]{}}})",
      format_iso8601(at), more);
}

struct PushRig {
  PushRig() { start(); }
  void start() {
    pushed = std::make_unique<Pushed>(clock, ledger, Logger());
    pushed->on_change([this](const Fqdn& pool, std::string_view collector) {
      told.push_back(fmt::format("{} {}", pool.str(), collector));
    });
    pushed->set_places(places_of(kPushedPool));
  }
  /// `taken`, `unkept` or the code.
  std::string push(const std::string& bytes) {
    auto incoming =
        read_push(std::make_shared<const std::string>(bytes), kPushedPool, {}, clock.now().wall);
    if (!incoming) {
      return incoming.error().code;
    }
    bool kept = false;
    const auto taken =
        pushed->take(std::move(*incoming), [&](bool committed) { kept = committed; });
    return !taken ? taken.error().code : kept ? "taken" : "unkept";
  }
  std::string push_at(WallTime at, std::string_view more = "") { return push(export_at(at, more)); }
  const Pushed::Held* held(std::string_view collector = kDefaultCollector,
                           std::string_view category = "") const {
    return pushed->find({kPushedPool, std::string(collector), std::string(category)});
  }
  WallTime wall() const { return clock.now().wall; }

  HandClock clock;
  std::shared_ptr<MapLedger> ledger = std::make_shared<MapLedger>();
  std::unique_ptr<Pushed> pushed;
  std::vector<std::string> told;
};

TEST(Pushed, TheNewestOfEachQuestionIsHeld) {
  PushRig rig;
  EXPECT_EQ(rig.held(), nullptr);
  const WallTime start = rig.wall();
  EXPECT_EQ(rig.push_at(start - 10s), "taken");
  EXPECT_EQ(rig.push_at(start - 5s), "taken");
  EXPECT_EQ(rig.push_at(start - 7s, R"(,"Category":"cms")"), "taken") << "in any case";
  EXPECT_EQ(rig.push_at(start - 8s, R"(,"Collector":"management_store_replication")"), "taken");
  ASSERT_NE(rig.held(), nullptr);
  EXPECT_EQ(rig.held()->content.date, start - 5s);
  ASSERT_NE(rig.held(kDefaultCollector, "CMS"), nullptr);
  ASSERT_NE(rig.held(kReplicas), nullptr);
  EXPECT_EQ(rig.ledger->records.size(), 3U);
  EXPECT_EQ(rig.told, (std::vector<std::string>{"atl.example.com backup_service_status",
                                                "atl.example.com backup_service_status",
                                                "atl.example.com management_store_replication"}))
      << "a category is not asked on schedule";
}

TEST(Pushed, AnOlderOneIsRefusedAndChangesNothing) {
  PushRig rig;
  const WallTime start = rig.wall();
  EXPECT_EQ(rig.push_at(start - 60s), "taken");
  EXPECT_EQ(rig.push_at(start - 61s), "push.older");
  EXPECT_EQ(rig.held()->content.date, start - 60s);
  EXPECT_EQ(rig.ledger->records.begin()->second.date, start - 60s);
  EXPECT_EQ(rig.told.size(), 1U);
  EXPECT_EQ(rig.push_at(start - 60s), "taken") << "the same again: an answer got lost";
  EXPECT_EQ(rig.push_at(start - 61s, R"(,"Category":"RGS")"), "taken") << "another question";
}

TEST(Pushed, OneThatWasDatedAheadGivesWay) {
  PushRig rig;
  const WallTime start = rig.wall();
  EXPECT_EQ(rig.push_at(start + 30min), "taken");
  EXPECT_EQ(rig.push_at(start - 60s), "taken") << "the clock there was set right";
  EXPECT_EQ(rig.push_at(start + std::chrono::hours(24 * 365)), "taken");
  EXPECT_EQ(rig.push_at(start - 60s), "taken");
  EXPECT_EQ(rig.held()->content.date, start - 60s);
}

TEST(Pushed, OneThatIsALittleAheadCountsAsMadeWhenItCame) {
  PushRig rig;
  const WallTime start = rig.wall();
  EXPECT_EQ(rig.push_at(start + 60s), "taken");
  EXPECT_EQ(rig.push_at(start - 1s), "push.older");
  rig.clock.move(10s);
  EXPECT_EQ(rig.push_at(start + 5s), "taken") << "the clock there was set right";
}

TEST(Pushed, OneThatOurOwnWrongClockDatedGivesWay) {
  PushRig rig;
  rig.clock.set(24h);
  EXPECT_EQ(rig.push(R"([{"BackupModules":[]}])"), "taken") << "bare: dated when it came";
  rig.clock.set(-24h);
  EXPECT_EQ(rig.push(R"([{"BackupModules":[]}])"), "taken");
  EXPECT_EQ(rig.held()->content.date, rig.wall());
}

TEST(Pushed, WhatComesAnewStaysAsOldAsItIs) {
  PushRig rig;
  const WallTime date = rig.wall() + 30min;
  EXPECT_EQ(rig.push_at(date), "taken");
  rig.clock.move(600s);
  EXPECT_EQ(rig.push_at(date), "taken");
  EXPECT_EQ(rig.held()->content.age, 600s);
  EXPECT_EQ(rig.held()->content.ahead, 30min);
}

TEST(Pushed, WhatThePoolIsNotAskedIsRefused) {
  PushRig rig;
  EXPECT_EQ(rig.push_at(rig.wall(), R"(,"Collector":"pool_backup_relationship")"),
            "push.collector");
  EXPECT_EQ(rig.push_at(rig.wall(), R"(,"Category":"Hunter")"), "push.category");
  EXPECT_EQ(
      rig.push_at(rig.wall(), R"(,"Collector":"management_store_replication","Category":"CMS")"),
      "push.category");
  rig.pushed->set_places({});
  EXPECT_EQ(rig.push_at(rig.wall()), "push.not_here");
  EXPECT_TRUE(rig.ledger->records.empty());
}

TEST(Pushed, AReloadKeepsWhatStillHasItsPlace) {
  PushRig rig;
  EXPECT_EQ(rig.push_at(rig.wall()), "taken");
  EXPECT_EQ(rig.push_at(rig.wall(), R"(,"Collector":"management_store_replication")"), "taken");
  const auto body = rig.held()->body;
  rig.pushed->set_places({{kPushedPool, {{std::string(kDefaultCollector), {}}}}});
  ASSERT_NE(rig.held(), nullptr);
  EXPECT_EQ(rig.held()->body, body);
  EXPECT_EQ(rig.held(kReplicas), nullptr);
  EXPECT_EQ(rig.ledger->records.size(), 1U) << "gone from the state, too";
  rig.pushed->set_places({});
  EXPECT_EQ(rig.held(), nullptr);
  EXPECT_TRUE(rig.ledger->records.empty());
}

TEST(Pushed, TheNextProcessHasItWithItsTrueAge) {
  PushRig rig;
  EXPECT_EQ(rig.push_at(rig.wall() - 10s), "taken");
  EXPECT_EQ(rig.push_at(rig.wall() + 30min, R"(,"Category":"CMS")"), "taken");
  rig.clock.move(600s);
  rig.start();
  ASSERT_NE(rig.held(), nullptr);
  EXPECT_EQ(rig.held()->content.age, 610s);
  EXPECT_EQ(rig.held()->result(), nullptr) << "it is read when it is asked for";
  EXPECT_EQ(rig.held(kDefaultCollector, "CMS")->content.age, 600s) << "from its first sight";
  EXPECT_EQ(rig.held(kDefaultCollector, "CMS")->content.ahead, 30min);
  EXPECT_EQ(rig.push_at(rig.wall() - 700s), "push.older");
  EXPECT_EQ(rig.push_at(rig.wall() - 700s, R"(,"Category":"CMS")"), "taken");
}

TEST(Pushed, WhatTheNextProcessDoesNotAskForGoes) {
  PushRig rig;
  EXPECT_EQ(rig.push_at(rig.wall()), "taken");
  Pushed other(rig.clock, rig.ledger, Logger());
  other.set_places(places_of(*Fqdn::parse("chi.example.com")));
  EXPECT_TRUE(rig.ledger->records.empty());
}

TEST(Pushed, WhereTheClockWasSetBackItsAgeIsNotKnown) {
  PushRig rig;
  EXPECT_EQ(rig.push_at(rig.wall() - 10s), "taken");
  rig.clock.set(-60s);
  rig.start();
  EXPECT_EQ(rig.held(), nullptr);
  EXPECT_TRUE(rig.ledger->records.empty());
}

TEST(Pushed, WhatCannotBeKeptIsHeldAllTheSame) {
  PushRig rig;
  rig.ledger->works = false;
  EXPECT_EQ(rig.push_at(rig.wall()), "unkept");
  EXPECT_NE(rig.held(), nullptr);
  Pushed alone(rig.clock, nullptr, Logger());
  alone.set_places(places_of(kPushedPool));
  bool kept = false;
  ASSERT_TRUE(alone.take(*read_push(std::make_shared<const std::string>(export_at(rig.wall())),
                                    kPushedPool, {}, rig.wall()),
                         [&](bool committed) { kept = committed; }));
  EXPECT_TRUE(kept) << "nobody asked for it to be kept";
}

TEST(Pushed, LargeObjectsLiveAsLongAsSomebodyHasThem) {
  PushRig rig;
  const std::string large = fmt::format(R"(,"Warnings":["{}"])", std::string(300'000, 'x'));
  auto incoming = read_push(std::make_shared<const std::string>(export_at(rig.wall(), large)),
                            kPushedPool, {}, rig.wall());
  ASSERT_TRUE(incoming);
  auto mine = incoming->content.result;
  ASSERT_TRUE(rig.pushed->take(std::move(*incoming), [](bool) {}));
  EXPECT_EQ(rig.held()->result(), mine);
  mine.reset();
  EXPECT_EQ(rig.held()->result(), nullptr);
  const auto again = read_push(rig.held()->body, kPushedPool, {}, {});
  ASSERT_TRUE(again);
  rig.pushed->remember(again->name, *again);
  EXPECT_EQ(rig.held()->result(), again->content.result);
  EXPECT_EQ(rig.held()->content.date, rig.wall()) << "reading it again does not make it new";
}

}  // namespace
}  // namespace sfb::remote
