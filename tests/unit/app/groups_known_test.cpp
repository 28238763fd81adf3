// What is known of groups while the directory answers, does not, or says something else.
#include "agent/app/groups.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr WallTime kNow{1'795'459'623s};
const std::string kAdmins(access::kServerAdmins);
const std::string kDirectory = "svc@X.COM gc1:3268";

class KeptLines final : public LogSink {
 public:
  void write(LogLevel level, std::string_view /*source*/, std::string_view event,
             std::span<const LogField> fields) override {
    std::string line = fmt::format("{} {}", to_string(level), event);
    for (const LogField& field : fields) {
      line += fmt::format(" {}={}", field.key, field.value);
    }
    lines.push_back(std::move(line));
  }
  std::vector<std::string> taken() { return std::exchange(lines, {}); }

  std::vector<std::string> lines;
};

identity::Sid sid(std::string_view text) {
  return identity::Sid::parse(text).value();
}

directory::Answer known(std::string name, std::string_view text) {
  return {std::move(name), directory::Match{sid(text), directory::Scope::universal, "x.com"}};
}

directory::Answer unknown(std::string name) {
  return {std::move(name), fail(Reason::not_found, "directory.group_unknown", "none")};
}

directory::Answer unanswered(std::string name) {
  return {std::move(name), fail(Reason::connect, "directory.connect", "389 is closed")};
}

directory::Answers answers(std::vector<directory::Answer> names) {
  return {.server = "gc1:3268", .names = std::move(names), .passed_over = {}};
}

Result<directory::Answers> down() {
  return fail(Reason::connect, "directory.connect", "gc1 is down");
}

class Known : public ::testing::Test {
 protected:
  using Rows = KnownGroups::Rows;

  bool admits(std::string_view text) const { return admits(groups_, text); }
  std::string page() const {
    exposition::Writer writer(exposition::Format::text_0_0_4);
    self_->write(writer);
    return writer.finish();
  }

  /// The same after a restart, with what is kept.
  KnownGroups& restarted() {
    self_ = std::make_shared<serve::SelfMetrics>(serve::BuildInfo{});
    next_.emplace(Logger(log_, LogLevel::info, "groups"), self_, rows_.value_or(Rows()), keeper());
    return *next_;
  }
  static bool admits(const KnownGroups& groups, std::string_view text) {
    return groups.authorized()->admits(
        {.proof = access::Proof::kerberos, .name = "a", .group_names = {}, .groups = {sid(text)}});
  }
  std::function<void(Rows)> keeper() {
    return [this](Rows rows) { rows_ = std::move(rows); };
  }

  std::optional<Rows> rows_;  ///< what was kept last
  std::optional<KnownGroups> next_;
  std::shared_ptr<KeptLines> log_ = std::make_shared<KeptLines>();
  std::shared_ptr<serve::SelfMetrics> self_ =
      std::make_shared<serve::SelfMetrics>(serve::BuildInfo{});
  KnownGroups groups_{Logger(log_, LogLevel::info, "groups"), self_, {}, keeper()};
};

TEST_F(Known, WhatTheDirectorySaidOutlivesItsFailures) {
  groups_.expect({"Ops", "S-1-5-21-7"}, kDirectory, kNow);
  EXPECT_THAT(groups_.names(), ElementsAre(kAdmins, "Ops"));
  EXPECT_FALSE(admits("S-1-5-21-1"));
  EXPECT_TRUE(admits("S-1-5-21-7")) << "a SID needs nobody";
  EXPECT_THAT(page(), HasSubstr("sfb_backup_exporter_groups_unresolved 2\n"));
  groups_.take(answers({known(kAdmins, "S-1-5-21-1"), unknown("Ops")}), kNow);
  EXPECT_TRUE(admits("S-1-5-21-1"));
  groups_.take(down(), kNow + 1h);
  EXPECT_TRUE(admits("S-1-5-21-1"));
  groups_.expect({"Ops", "New"}, kDirectory, kNow);
  groups_.take(down(), kNow + 2h);
  EXPECT_TRUE(admits("S-1-5-21-1")) << "a reload forgets nothing that is still wanted";
  EXPECT_FALSE(admits("S-1-5-21-2"));
  const std::string now = page();
  EXPECT_THAT(now, HasSubstr("sfb_backup_exporter_groups_unresolved 2\n"));
  EXPECT_THAT(now, HasSubstr("sfb_backup_exporter_group_lookups_total{outcome=\"failed\"} 2\n"));
  EXPECT_THAT(now, HasSubstr("sfb_backup_exporter_group_lookups_total{outcome=\"good\"} 1\n"));
  EXPECT_THAT(now, HasSubstr("sfb_backup_exporter_group_lookup_last_success_timestamp_seconds "
                             "1795459623\n"));
  groups_.take(answers({known(kAdmins, "S-1-5-21-1"), unknown("Ops"), known("New", "S-1-5-21-2")}),
               kNow);
  EXPECT_TRUE(admits("S-1-5-21-2"));
}

TEST_F(Known, AnAnswerReplacesWhatWasKnown) {
  groups_.expect({"Ops"}, kDirectory, kNow);
  groups_.take(answers({known(kAdmins, "S-1-5-21-1"), known("Ops", "S-1-5-21-2")}), kNow);
  EXPECT_TRUE(admits("S-1-5-21-2"));
  groups_.take(answers({known(kAdmins, "S-1-5-21-3"), unknown("Ops")}), kNow);
  EXPECT_FALSE(admits("S-1-5-21-1"));
  EXPECT_FALSE(admits("S-1-5-21-2")) << "renamed or deleted: the name grants nothing";
  EXPECT_TRUE(admits("S-1-5-21-3"));
  groups_.expect({}, kDirectory, kNow);
  groups_.expect({"Ops"}, kDirectory, kNow);
  EXPECT_FALSE(admits("S-1-5-21-2"));
  groups_.expect({"Ops"}, std::nullopt, kNow);
  EXPECT_FALSE(admits("S-1-5-21-3")) << "nobody vouches for it any more";
  EXPECT_THAT(page(), Not(HasSubstr("_group")));
}

TEST_F(Known, ANameThatNobodyAnswersStaysAsItWas) {
  groups_.expect({"X\\Ops", "X\\New"}, kDirectory, kNow);
  groups_.take(
      answers({known(kAdmins, "S-1-5-21-1"), known("X\\Ops", "S-1-5-21-2"), unknown("X\\New")}),
      kNow);
  log_->taken();
  const auto partly =
      answers({known(kAdmins, "S-1-5-21-3"), unanswered("X\\Ops"), unanswered("X\\New")});
  groups_.take(partly, kNow + 1h);
  EXPECT_TRUE(admits("S-1-5-21-3")) << "what was answered counts";
  EXPECT_FALSE(admits("S-1-5-21-1"));
  EXPECT_TRUE(admits("S-1-5-21-2"));
  EXPECT_THAT(page(), HasSubstr("sfb_backup_exporter_groups_unresolved 1\n"));
  EXPECT_THAT(page(), HasSubstr("sfb_backup_exporter_group_lookups_total{outcome=\"failed\"} 1\n"));
  EXPECT_THAT(page(), HasSubstr("sfb_backup_exporter_group_lookup_last_success_timestamp_seconds "
                                "1795459623\n"))
      << "an alert on its age fires while a name has no answer";
  const std::string told =
      "warn the directory does not say which group a name is: it grants what it did before group=";
  EXPECT_THAT(log_->taken(),
              ElementsAre(HasSubstr("sid=S-1-5-21-3"),
                          told + "X\\Ops code=directory.connect problem=389 is closed known=yes",
                          told + "X\\New code=directory.connect problem=389 is closed known=no"));
  groups_.take(partly, kNow + 2h);
  EXPECT_THAT(log_->taken(), IsEmpty());
  // After a restart, too, the last whole answer is the oldest one.
  KnownGroups& next = restarted();
  next.expect({"X\\Ops"}, kDirectory, kNow + 2h);
  EXPECT_TRUE(admits(next, "S-1-5-21-2"));
  EXPECT_THAT(page(), HasSubstr("sfb_backup_exporter_group_lookup_last_success_timestamp_seconds "
                                "1795459623\n"));
  next.take(answers({known(kAdmins, "S-1-5-21-3"), unanswered("X\\Ops")}),
            kNow + KnownGroups::kRemembered + 1s);
  EXPECT_FALSE(admits(next, "S-1-5-21-2")) << "not for ever";
}

TEST_F(Known, AnotherDirectoryForgetsWhatTheOneBeforeSaid) {
  groups_.expect({"Ops"}, kDirectory, kNow);
  groups_.take(answers({known(kAdmins, "S-1-5-21-1"), known("Ops", "S-1-5-21-2")}), kNow);
  groups_.take(down(), kNow);
  log_->taken();
  groups_.expect({"Ops"}, "svc@Y.COM gc1:3268", kNow);
  EXPECT_FALSE(admits("S-1-5-21-1"));
  EXPECT_FALSE(admits("S-1-5-21-2"));
  EXPECT_TRUE(rows_->empty());
  EXPECT_THAT(page(), HasSubstr("sfb_backup_exporter_groups_unresolved 2\n"));
  EXPECT_THAT(page(), Not(HasSubstr("last_success_timestamp"))) << "of this one there is none";
  groups_.take(down(), kNow);
  EXPECT_THAT(log_->taken(), SizeIs(1)) << "this one is down, too";
  EXPECT_FALSE(admits("S-1-5-21-1"));
  groups_.take(answers({known(kAdmins, "S-1-5-21-1")}), kNow);
  EXPECT_TRUE(admits("S-1-5-21-1"));
  EXPECT_THAT(log_->taken(), SizeIs(2)) << "it answers again, and what";
}

TEST(Groups, TheNextLookUpIsSoonUnlessAllIsSaidOrTheAccountIsRefused) {
  EXPECT_EQ(pause_after(answers({known(kAdmins, "S-1-5-21-1"), unknown("Ops")})), 1h);
  EXPECT_EQ(pause_after(answers({known(kAdmins, "S-1-5-21-1"), unanswered("X\\Ops")})), 1min);
  EXPECT_EQ(pause_after(down()), 1min);
  EXPECT_EQ(pause_after(fail(Reason::protocol, "directory.refused", "by one server")), 1min);
  EXPECT_EQ(pause_after(fail(Reason::timeout, "secret.hung", "a dead mount")), 1min);
  EXPECT_EQ(pause_after(fail(Reason::auth, "auth.refused", "by the KDC")), 1h);
}

TEST_F(Known, NewsIsToldOnce) {
  groups_.expect({"Ops"}, kDirectory, kNow);
  const auto good = answers({known(kAdmins, "S-1-5-21-1"), unknown("Ops")});
  groups_.take(good, kNow);
  EXPECT_THAT(log_->taken(),
              ElementsAre("info a group is known to the directory group=RTCUniversalServerAdmins "
                          "sid=S-1-5-21-1 scope=universal domain=\"x.com\"",
                          "warn a group grants nothing to callers with tickets group=Ops "
                          "code=directory.group_unknown problem=none"));
  groups_.take(good, kNow);
  EXPECT_THAT(log_->taken(), IsEmpty());
  groups_.take(down(), kNow);
  groups_.take(down(), kNow);
  EXPECT_THAT(log_->taken(), SizeIs(1));
  groups_.take(good, kNow);
  EXPECT_THAT(log_->taken(), ElementsAre("info the directory answers again server=gc1:3268"));
  auto second = good;
  second.passed_over = {down().error()};
  groups_.take(second, kNow);
  groups_.take(second, kNow);
  EXPECT_THAT(log_->taken(), SizeIs(1));
  groups_.take(answers({{"Others", unknown("x").match}}), kNow);
  EXPECT_THAT(log_->taken(), IsEmpty()) << "an answer about what is not wanted";
}

TEST_F(Known, SidsOutliveARestartWhileTheDirectoryIsDown) {
  groups_.expect({"Ops"}, kDirectory, kNow);
  groups_.take(answers({known(kAdmins, "S-1-5-21-1"), known("Ops", "S-1-5-21-2")}), kNow);
  ASSERT_TRUE(rows_.has_value());
  EXPECT_EQ(rows_->size(), 2U);
  log_->taken();
  KnownGroups& next = restarted();
  next.expect({"Ops", "New"}, kDirectory, kNow + 24h);
  EXPECT_THAT(log_->taken(),
              ElementsAre("info SIDs of groups are those of before the start until the directory "
                          "answers known=2 wanted=3 directory_answered=2026-11-23T18:47:03Z"));
  next.take(down(), kNow + 24h);
  EXPECT_TRUE(admits(next, "S-1-5-21-1"));
  EXPECT_TRUE(admits(next, "S-1-5-21-2"));
  EXPECT_THAT(page(), HasSubstr("sfb_backup_exporter_groups_unresolved 1\n")) << "the new name";
  EXPECT_THAT(page(), HasSubstr("sfb_backup_exporter_group_lookup_last_success_timestamp_seconds "
                                "1795459623\n"))
      << "an alert on its age goes on over restarts";
  next.take(answers({known(kAdmins, "S-1-5-21-1"), unknown("Ops"), known("New", "S-1-5-21-3")}),
            kNow + 25h);
  EXPECT_FALSE(admits(next, "S-1-5-21-2")) << "the directory has spoken";
  EXPECT_TRUE(admits(next, "S-1-5-21-3"));
  ASSERT_EQ(rows_->size(), 2U);
  EXPECT_EQ(rows_->at(0), (store::RememberedGroup{"New", kDirectory, "S-1-5-21-3", kNow + 25h}));
}

TEST_F(Known, OnlyTheSameNamesOfTheSameDirectoryComeBack) {
  groups_.expect({"Ops"}, kDirectory, kNow);
  groups_.take(answers({known(kAdmins, "S-1-5-21-1"), known("Ops", "S-1-5-21-2")}), kNow);
  const Rows all = *rows_;
  KnownGroups& renamed = restarted();
  renamed.expect({"X\\Ops"}, kDirectory, kNow);
  EXPECT_TRUE(admits(renamed, "S-1-5-21-1"));
  EXPECT_FALSE(admits(renamed, "S-1-5-21-2"));
  EXPECT_EQ(rows_->size(), 1U) << "a name that is not wanted any more is not kept";
  renamed.expect({"Ops"}, kDirectory, kNow);
  EXPECT_FALSE(admits(renamed, "S-1-5-21-2")) << "as it is without a restart";
  rows_ = all;
  KnownGroups& elsewhere = restarted();
  elsewhere.expect({"Ops"}, "svc@Y.COM gc1:3268", kNow);
  EXPECT_FALSE(admits(elsewhere, "S-1-5-21-1"));
  EXPECT_TRUE(rows_->empty());
  rows_ = all;
  KnownGroups& without = restarted();
  without.expect({"Ops"}, std::nullopt, kNow);
  EXPECT_FALSE(admits(without, "S-1-5-21-1"));
  without.expect({"Ops"}, kDirectory, kNow);
  EXPECT_FALSE(admits(without, "S-1-5-21-1")) << "nobody vouched for it meanwhile";
}

TEST_F(Known, ASidThatNobodyHasConfirmedForLongGrantsNothing) {
  groups_.expect({}, kDirectory, kNow);
  groups_.take(answers({known(kAdmins, "S-1-5-21-1")}), kNow);
  const Rows all = *rows_;
  const WallTime last = kNow + KnownGroups::kRemembered;
  EXPECT_EQ(KnownGroups::kRemembered, 30 * 24h);
  groups_.take(down(), last);
  EXPECT_TRUE(admits("S-1-5-21-1"));
  log_->taken();
  groups_.take(down(), last + 1s);
  EXPECT_FALSE(admits("S-1-5-21-1"));
  EXPECT_THAT(log_->taken(), ElementsAre(HasSubstr("grant nothing any more")));
  EXPECT_THAT(page(), HasSubstr("sfb_backup_exporter_groups_unresolved 1\n"));
  EXPECT_TRUE(rows_->empty());
  for (const auto& [now, admitted] : {std::pair(last, true), std::pair(last + 1s, false),
                                      std::pair(kNow, true), std::pair(kNow - 1s, false)}) {
    rows_ = all;
    KnownGroups& next = restarted();
    next.expect({}, kDirectory, now);
    EXPECT_EQ(admits(next, "S-1-5-21-1"), admitted) << format_iso8601(now);
  }
}

TEST_F(Known, WhatIsNoSidOrOfNoTimeIsNotBroughtBack) {
  rows_.emplace(Rows{{kAdmins, kDirectory, "S-1-5-x", kNow},
                     {"Ops", kDirectory, "S-1-5-21-2", WallTime::min()}});
  KnownGroups& next = restarted();
  next.expect({"Ops"}, kDirectory, kNow);
  EXPECT_FALSE(admits(next, "S-1-5-21-2"));
  EXPECT_THAT(log_->taken(), IsEmpty());
}

}  // namespace
}  // namespace sfb::app
