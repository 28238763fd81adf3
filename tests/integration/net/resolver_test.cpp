// Names of many endpoints: joined, remembered, and independent of each other's dead DNS zones.
#include "agent/net/resolver.hpp"

#include "agent/net/deadline.hpp"
#include "tests/integration/net/loop.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace sfb::net {
namespace {

using namespace std::chrono_literals;
using Answer = Resolver::Answer;

// A name server that answers, fails or hangs, as told. Shared, as a hanging thread outlives a
// test's other objects.
struct Zone {
  std::atomic<bool> hangs{false};
  std::atomic<bool> fails{false};
  std::atomic<bool> denies{false};
  std::atomic<int> asked{0};
  std::promise<void> opened;
  std::shared_future<void> open = opened.get_future().share();

  Result<Endpoints> look_up(const std::string& host, std::uint16_t port) {
    ++asked;
    if (hangs || host.starts_with("dead")) {
      open.wait();
    }
    if (denies) {
      return fail(Reason::dns, "resolve.no_name", host + ": no such name");
    }
    if (fails) {
      return fail(Reason::dns, "resolve.failed", host + ": no such name");
    }
    return Endpoints{{boost::asio::ip::make_address("127.0.0.2"), port},
                     {boost::asio::ip::make_address("127.0.0.1"), port}};
  }
};

struct Rig {
  Rig() {
    resolver =
        std::make_unique<Resolver>(8, [zone = zone](const std::string& host, std::uint16_t port) {
          return zone->look_up(host, port);
        });
  }
  ~Rig() {
    drop();
    if (!open) {
      zone->opened.set_value();
    }
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  void drop() {
    loop.call([this] { resolver.reset(); });
  }
  void let_go() {
    open = true;
    zone->opened.set_value();
  }
  std::future<Result<Answer>> start(const std::string& host, std::chrono::milliseconds time) {
    return loop.start(resolver->resolve(host, 5985, mono_now() + time));
  }
  Result<Answer> ask(const std::string& host, std::chrono::milliseconds time = 20s) {
    return start(host, time).get();
  }

  std::shared_ptr<Zone> zone = std::make_shared<Zone>();
  bool open = false;
  Loop loop;
  std::unique_ptr<Resolver> resolver;
};

TEST(Resolver, KeepsTheOrderAndSetsThePort) {
  Rig rig;
  const auto answer = rig.ask("fe.test");
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_FALSE(answer->remembered);
  ASSERT_EQ(answer->endpoints.size(), 2U);
  EXPECT_EQ(answer->endpoints[0].address().to_string(), "127.0.0.2");
  EXPECT_EQ(answer->endpoints[1].address().to_string(), "127.0.0.1");
  EXPECT_EQ(answer->endpoints[0].port(), 5985);
}

TEST(Resolver, LiteralsTakeNoThread) {
  Rig rig;
  rig.zone->hangs = true;
  for (const std::string literal : {"10.1.2.3", "::1", "2001:db8::1"}) {
    const auto answer = rig.ask(literal);
    ASSERT_TRUE(answer) << literal;
    EXPECT_EQ(answer->endpoints.front().address().to_string(), literal);
    EXPECT_EQ(answer->endpoints.front().port(), 5985);
  }
  EXPECT_EQ(rig.zone->asked, 0);
}

TEST(Resolver, EqualNamesShareALookUp) {
  Rig rig;
  rig.zone->hangs = true;
  std::vector<std::future<Result<Answer>>> pending;
  for (int i = 0; i < 20; ++i) {
    pending.push_back(rig.start("fe.test", 20s));
  }
  ASSERT_TRUE(eventually([&] { return rig.zone->asked == 1; }));
  rig.let_go();
  for (auto& answer : pending) {
    EXPECT_TRUE(answer.get());
  }
  EXPECT_EQ(rig.zone->asked, 1);
  EXPECT_TRUE(rig.ask("fe.test"));
  EXPECT_EQ(rig.zone->asked, 2) << "and the next one asks anew";
}

TEST(Resolver, TellsAFailure) {
  Rig rig;
  rig.zone->fails = true;
  const auto answer = rig.ask("fe.test");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "resolve.failed");
  EXPECT_EQ(answer.error().reason, Reason::dns);
  EXPECT_EQ(answer.error().stage, Stage::resolve);
  rig.zone->fails = false;
  EXPECT_TRUE(rig.ask("fe.test"));
}

TEST(Resolver, RemembersWhenDnsFailsOrHangs) {
  Rig rig;
  ASSERT_TRUE(rig.ask("fe.test"));
  rig.zone->fails = true;
  const auto failed = rig.ask("fe.test");
  ASSERT_TRUE(failed) << describe(failed.error());
  EXPECT_TRUE(failed->remembered);
  EXPECT_EQ(failed->endpoints.size(), 2U);
  rig.zone->fails = false;
  rig.zone->hangs = true;
  const MonoTime began = mono_now();
  const auto hung = rig.ask("fe.test");
  ASSERT_TRUE(hung) << describe(hung.error());
  EXPECT_TRUE(hung->remembered);
  EXPECT_GE(mono_now() - began, Resolver::kPatience);
  // The look-up under way answers whoever asks next.
  auto next = rig.start("fe.test", 20s);
  rig.let_go();
  const auto answer = next.get();
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->remembered);
  EXPECT_EQ(rig.zone->asked, 3);
}

TEST(Resolver, DeadZonesHoldNobodyUp) {
  Rig rig;
  ASSERT_TRUE(rig.ask("fe.test"));
  std::vector<std::future<Result<Answer>>> dead;
  for (int i = 0; i < 8; ++i) {
    dead.push_back(rig.start("dead" + std::to_string(i), 100ms));
  }
  ASSERT_TRUE(eventually([&] { return rig.zone->asked == 9; }));
  const auto known = rig.ask("fe.test");
  ASSERT_TRUE(known) << describe(known.error());
  EXPECT_TRUE(known->remembered);
  const auto unknown = rig.ask("new.test", 100ms);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, "resolve.timeout");
  EXPECT_EQ(unknown.error().reason, Reason::dns);
  EXPECT_EQ(unknown.error().stage, Stage::resolve);
  for (auto& answer : dead) {
    EXPECT_EQ(answer.get().error().code, "resolve.timeout");
  }
  for (int i = 0; i < 20; ++i) {
    rig.ask("dead0", 1ms);
  }
  EXPECT_EQ(rig.zone->asked, 9) << "a hanging name holds one thread only";
  rig.let_go();
  EXPECT_TRUE(rig.ask("new.test"));
}

TEST(Resolver, EndsAtOnceWithHangingLookUps) {
  Rig rig;
  auto pending = rig.start("dead.test", 20s);
  ASSERT_TRUE(eventually([&] { return rig.zone->asked == 1; }));
  const MonoTime began = mono_now();
  rig.drop();
  EXPECT_FALSE(pending.get());
  EXPECT_LT(mono_now() - began, 5s);
  // The loop of the rig ends although the thread still hangs: nothing waits for it there.
}

TEST(Resolver, ACancelledQuestionEnds) {
  Rig rig;
  boost::asio::cancellation_signal stop;
  std::promise<void> over;
  boost::asio::co_spawn(rig.loop.executor(), rig.resolver->resolve("dead.test", 1, mono_now() + 1h),
                        boost::asio::bind_cancellation_slot(
                            stop.slot(), [&](const std::exception_ptr&, const Result<Answer>&) {
                              over.set_value();
                            }));
  ASSERT_TRUE(eventually([&] { return rig.zone->asked == 1; }));
  rig.loop.call([&] { stop.emit(boost::asio::cancellation_type::terminal); });
  EXPECT_EQ(over.get_future().wait_for(10s), std::future_status::ready);
}

TEST(Resolver, ForgetsTheNameThatWasAskedForLongestAgo) {
  Rig rig;
  ASSERT_TRUE(rig.ask("first.test"));
  for (int i = 0; i < 4096; ++i) {
    ASSERT_TRUE(rig.ask("n" + std::to_string(i)));
  }
  rig.zone->fails = true;
  EXPECT_TRUE(rig.ask("n4095"));
  EXPECT_TRUE(rig.ask("n0"));
  EXPECT_FALSE(rig.ask("first.test"));
}

TEST(Resolver, ANameThatIsNoMoreIsNotRemembered) {
  Rig rig;
  ASSERT_TRUE(rig.ask("fe.test"));
  rig.zone->denies = true;
  const auto denied = rig.ask("fe.test");
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, "resolve.no_name");
  rig.zone->denies = false;
  rig.zone->fails = true;
  EXPECT_FALSE(rig.ask("fe.test")) << "also later";
}

}  // namespace
}  // namespace sfb::net
