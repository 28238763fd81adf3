// Transport `push` on a loop: what is held is the answer, with its age, its errors and its limits.
#include "agent/remote/push/push_transport.hpp"

#include "tests/integration/remote/file/drop_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::remote {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class PushTransportTest : public testing::Test {
 protected:
  PushTransportTest() {
    options.endpoint = "inbox";
    options.pushed = std::make_shared<Pushed>(clock, nullptr, Logger());
    options.pushed->set_places({{kAtlanta, {{std::string(kDefaultCollector), {"CMS"}}}}});
    remake();
  }
  ~PushTransportTest() override {
    loop.call([&] { transport.reset(); });
  }

  void remake() {
    loop.call([&] { transport = make_push_transport(options, clock); });
  }
  void push(const std::string& text) {
    loop.call([&] {
      auto incoming = read_push(std::make_shared<const std::string>(text), kAtlanta, options.limits,
                                clock.wall());
      ASSERT_TRUE(incoming) << describe(incoming.error());
      ASSERT_TRUE(options.pushed->take(std::move(*incoming), [](bool) {}));
    });
  }
  Result<Reply> ask(Ask question) {
    return loop.start(transport->ask(std::move(question), net::mono_now() + 60s)).get();
  }
  std::string code_of(Ask question) {
    const auto reply = ask(std::move(question));
    return reply ? "good" : reply.error().code;
  }

  MovedClock clock;
  PushOptions options;
  net::Loop loop;
  std::shared_ptr<Transport> transport;
};

TEST_F(PushTransportTest, WhatIsHeldIsTheAnswer) {
  auto none = ask(ask_of(kAtlanta));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "push.missing");
  EXPECT_EQ(none.error().reason, Reason::not_found);
  push(export_of(kAtlanta, clock.wall() - 30s, "first"));
  clock.move(10s);
  const auto reply = ask(ask_of(kAtlanta));
  ASSERT_EQ(output_of(reply), "first");
  EXPECT_EQ(reply->age, 40s);
  EXPECT_EQ(reply->made_at, clock.wall() - 40s);
  EXPECT_EQ(reply->file, "the pushed export");
  EXPECT_TRUE(reply->note.empty());
  push(export_of(kAtlanta, clock.wall(), "second"));
  EXPECT_EQ(output_of(ask(ask_of(kAtlanta))), "second");
}

TEST_F(PushTransportTest, OldContentIsAFailure) {
  push(export_of(kAtlanta, clock.wall()));
  clock.move(601s);
  const auto reply = ask(ask_of(kAtlanta));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "push.too_old");
  EXPECT_EQ(reply.error().reason, Reason::stale);
  EXPECT_THAT(reply.error().message, HasSubstr("was made 10m1s ago, older than max_age 10m"));
}

TEST_F(PushTransportTest, TheClocksRulesAreThoseOfFiles) {
  push(export_of(kAtlanta, clock.wall() + 4min));
  EXPECT_TRUE(ask(ask_of(kAtlanta))->note.empty());
  push(export_of(kAtlanta, clock.wall() + 30min));
  const auto noted = ask(ask_of(kAtlanta));
  ASSERT_TRUE(noted);
  EXPECT_EQ(noted->note.code, "push.clock_skew");
  EXPECT_EQ(noted->made_at, clock.wall());
  push(export_of(kAtlanta, clock.wall() + 61min));
  EXPECT_EQ(code_of(ask_of(kAtlanta)), "push.clock_skew");
}

TEST_F(PushTransportTest, WhatWasNotPushedCannotBeAsked) {
  push(export_of(kAtlanta, clock.wall(), "status"));
  EXPECT_EQ(code_of(ask_of(kAtlanta, "CMS")), "push.cannot_ask");
  std::string of_cms = export_of(kAtlanta, clock.wall(), "of CMS");
  of_cms.insert(of_cms.find(R"(<S N="State">)"), R"(<S N="Category">CMS</S>)");
  push(of_cms);
  EXPECT_EQ(output_of(ask(ask_of(kAtlanta, "CMS"))), "of CMS");
  EXPECT_EQ(output_of(ask(ask_of(kAtlanta))), "status");
  Ask other = ask_of(kAtlanta);
  other.collector = "management_store_replication";
  EXPECT_EQ(code_of(other), "push.cannot_ask");
  Ask dual = ask_of(kAtlanta);
  dual.beyond_files = "BypassDualWrite";
  EXPECT_EQ(code_of(dual), "push.cannot_ask");
  Ask lacking = ask_of(kAtlanta);
  lacking.lacking = "LocalStore";
  EXPECT_EQ(code_of(lacking), "push.cannot_ask");
}

TEST_F(PushTransportTest, AnotherTransportReadsWhatIsHeld) {
  const std::string large(300'000, 'x');
  push(export_of(kAtlanta, clock.wall(), large));
  clock.move(5s);
  remake();
  const auto reply = ask(ask_of(kAtlanta));
  ASSERT_EQ(output_of(reply), large) << "its objects were let go and are read again";
  EXPECT_EQ(reply->age, 5s);
}

TEST_F(PushTransportTest, AnExportThatCanNoMoreBeReadIsAFailure) {
  push(export_of(kAtlanta, clock.wall(), std::string(300'000, 'x')));
  options.limits.object = 100'000;
  remake();
  const auto reply = ask(ask_of(kAtlanta));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "file.too_large");
  EXPECT_THAT(reply.error().message, HasSubstr("the pushed export"));
}

TEST_F(PushTransportTest, OnlyTheRunningAgentHasIt) {
  options.pushed = nullptr;
  remake();
  const auto reply = ask(ask_of(kAtlanta));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "push.elsewhere");
  EXPECT_THAT(reply.error().remedy, HasSubstr("Get-CsBackupServiceStatus"));
}

TEST_F(PushTransportTest, APushIsTold) {
  std::string told;
  loop.call([&] {
    transport->on_change([&](const Fqdn& pool, std::string_view collector) {
      told = fmt::format("{} {}", pool.str(), collector);
    });
  });
  push(export_of(kAtlanta, clock.wall()));
  EXPECT_EQ(loop.call([&] { return told; }), "atl.example.com backup_service_status");
  EXPECT_FALSE(transport->uses_backoff());
}

}  // namespace
}  // namespace sfb::remote
