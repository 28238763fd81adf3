// Random lives of an engine: whatever comes in whatever order, the invariants hold.
#include "tests/unit/engine/rig.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sfb::engine {
namespace {

using namespace sfb::engine::testing;  // NOLINT: the rig

constexpr std::array kPools = {"a.x", "b.x", "c.x", "d.x"};

class RandomLife {
 public:
  explicit RandomLife(unsigned seed) : random_(seed) {
    rig_.options.endpoints.clear();
    rig_.options.pools.clear();
    rig_.add_endpoint("one", 1);
    rig_.add_endpoint("two", 2);
    // Half of the lives share an account.
    for (EndpointOptions& endpoint : rig_.options.endpoints) {
      endpoint.account = seed % 2 == 0 ? "svc" : "";
    }
    rig_.options.max_concurrent_evaluations = 2 + pick(3);
    rig_.options.max_waiting_queries = 6;
    for (std::size_t i = 0; i < kPools.size(); ++i) {
      rig_.add_pool(kPools[i], i % 2 == 0 ? "one" : "two");
    }
    all_pools_ = rig_.options.pools;
    rig_.configure();
    rig_.core.start();
  }

  void live(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      step();
      check();
    }
  }

  // No more faults: every pool that is configured must be evaluated well again.
  void recover() {
    rig_.options.pools = all_pools_;
    rig_.configure();
    finish_all();
    std::map<std::string, std::uint64_t> before;
    for (const auto& pool : rig_.core.snapshot()->pools) {
      before[pool->identity.fqdn.str()] = pool->evaluations;
    }
    for (int i = 0; i < 1000; ++i) {
      rig_.pass(1s);
      finish_all();
      check();
    }
    for (const auto& pool : rig_.core.snapshot()->pools) {
      const std::string& name = pool->identity.fqdn.str();
      EXPECT_GT(pool->evaluations, before[name]) << name << " is never evaluated again";
      EXPECT_EQ(pool->up, true) << name;
      EXPECT_FALSE(pool->running) << name;
    }
  }

  void end() {
    rig_.core.stop();
    finish_all();
    rig_.pass(1h);
    for (const auto& heard : callers_) {
      EXPECT_EQ(heard->calls, 1) << "every caller hears exactly once";
    }
    EXPECT_EQ(rig_.core.running(), 0U);
    EXPECT_EQ(rig_.core.next_wakeup(), std::nullopt);
    EXPECT_TRUE(rig_.open.empty());
  }

 private:
  unsigned pick(unsigned below) {
    return std::uniform_int_distribution<unsigned>(0, below - 1)(random_);
  }

  void finish_all() {
    while (!rig_.open.empty()) {
      rig_.finish_good();
    }
  }

  void finish_one() {
    if (rig_.open.empty()) {
      return;
    }
    const auto at = std::next(rig_.open.begin(), pick(static_cast<unsigned>(rig_.open.size())));
    const std::string pool(at->second.ask.call.parameter("PoolFqdn"));
    const unsigned kind = pick(20);
    if (kind == 19) {
      rig_.finish(fail(Reason::auth, "auth.refused", "the server refused"), pool);
      return;
    }
    rig_.finish(kind < kReasons.size() ? failure(kReasons[kind])
                                       : Result<remote::Reply>(reply(rig_.clock.now())),
                pool);
  }

  void query() {
    constexpr std::array kCategories = {"", "UserData", "CMS"};
    status::Question question{fqdn(kPools[pick(kPools.size())])};
    if (const std::string category = kCategories.at(pick(3)); !category.empty()) {
      question.arguments.push_back({"Category", category});
    }
    if (pick(4) == 0) {
      question.arguments.push_back({"Force", true});
    }
    status::Wish wish{.deadline = rig_.clock.now().mono + std::chrono::seconds(1 + pick(70))};
    if (pick(4) == 0) {
      wish.max_age = std::chrono::seconds(pick(100));
    }
    sources_.emplace_back();
    callers_.push_back(rig_.ask(question, std::move(wish), sources_.back().get_token()));
  }

  void reload() {
    rig_.options.pools.clear();
    for (const PoolOptions& pool : all_pools_) {
      if (pick(6) != 0) {
        rig_.options.pools.push_back(pool);
      }
    }
    if (pick(3) == 0) {
      rig_.options.endpoints[pick(2)].identity = "address " + std::to_string(pick(3));
    }
    rig_.configure();
    // Cancelled work of an earlier generation is on its way out of an address that is no more.
    retired_.insert(rig_.cancelled.begin(), rig_.cancelled.end());
  }

  void step() {
    switch (pick(14)) {
      case 0:
      case 1:
      case 2:
        rig_.pass(std::chrono::milliseconds(pick(20'000)));
        break;
      case 3:
        rig_.pass(std::chrono::seconds(pick(300)));
        break;
      case 4:
      case 5:
      case 6:
        query();
        break;
      case 7:
        if (!sources_.empty()) {
          sources_[pick(static_cast<unsigned>(sources_.size()))].request_stop();
        }
        break;
      case 8:
        if (pick(3) == 0) {
          reload();
        } else if (pick(4) == 0) {
          rig_.transports[pick(2) == 0 ? "one" : "two"]->new_credentials(pick(3));
        }
        break;
      case 9:
        rig_.core.content_changed(fqdn(kPools[pick(kPools.size())]), remote::kDefaultCollector);
        break;
      default:
        finish_one();
    }
  }

  void check() {
    std::map<const remote::TransportControl*, std::size_t> per_transport;
    std::set<std::string> questions;
    for (const auto& [job, launch] : rig_.open) {
      if (retired_.contains(job)) {
        continue;
      }
      ++per_transport[launch.transport.get()];
      const std::string question = std::string(launch.ask.call.parameter("PoolFqdn")) + "|" +
                                   std::string(launch.ask.call.parameter("Category")) + "|" +
                                   std::string(launch.ask.call.parameter("Force"));
      EXPECT_TRUE(questions.insert(question).second) << "two runs of " << question;
    }
    check_backoff();
    EXPECT_LE(per_transport[rig_.transports["one"].get()], 1U);
    EXPECT_LE(per_transport[rig_.transports["two"].get()], 2U);
    EXPECT_LE(rig_.core.running(), rig_.options.max_concurrent_evaluations);
    for (const auto& heard : callers_) {
      EXPECT_LE(heard->calls, 1);
    }
    for (const auto& pool : rig_.core.snapshot()->pools) {
      std::uint64_t failures = 0;
      for (const std::uint64_t count : pool->failures) {
        failures += count;
      }
      EXPECT_LE(failures, pool->evaluations);
      EXPECT_EQ(pool->up.has_value(), pool->evaluations > 0);
    }
  }

  // While an endpoint is left alone, nothing new is launched there.
  void check_backoff() {
    std::map<std::string, WallTime> ends;
    for (const auto& pool : rig_.core.snapshot()->pools) {
      if (pool->backoff_until) {
        ends[pool->identity.endpoint.str()] = *pool->backoff_until;
      }
    }
    for (const auto& [job, launch] : rig_.open) {
      const bool one = launch.transport == rig_.transports["one"];
      const auto before = left_alone_.find(one ? "one" : "two");
      const auto now = ends.find(one ? "one" : "two");
      if (before != left_alone_.end() && now != ends.end() && before->second == now->second) {
        EXPECT_LE(job, last_job_) << "launched in back-off";
      }
    }
    left_alone_ = std::move(ends);
    last_job_ = std::max(last_job_, rig_.open.empty() ? JobId{0} : rig_.open.rbegin()->first);
  }

  Rig rig_;
  std::map<std::string, WallTime> left_alone_;
  JobId last_job_ = 0;
  std::mt19937 random_;
  std::vector<PoolOptions> all_pools_;
  std::set<JobId> retired_;
  std::vector<std::shared_ptr<Heard>> callers_;
  std::vector<std::stop_source> sources_;
};

TEST(CoreProperty, RandomLivesKeepTheInvariants) {
  for (unsigned seed = 1; seed <= 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomLife life(seed);
    life.live(250);
    life.recover();
    life.end();
  }
}

}  // namespace
}  // namespace sfb::engine
