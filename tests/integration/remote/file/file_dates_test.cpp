// Dates ahead of our clock: what is used, how old it is and what time is published for it.
#include "tests/integration/remote/file/drop_folder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace sfb::remote {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class FileDates : public testing::Test {
 protected:
  // A new file, also when the content is the old one: another inode, another time.
  void drop(WallTime date, std::string_view output = "one") {
    DropFolder::drop(folder_.file(kAtlanta), export_of(kAtlanta, date, output));
  }
  Result<Reply> ask() {
    auto reply = folder_.ask(ask_of(kAtlanta));
    if (reply) {
      EXPECT_LE(reply->made_at, folder_.clock.wall()) << "what is published lies in the future";
    }
    return reply;
  }
  std::string code() {
    const auto reply = ask();
    return reply ? "good" : reply.error().code;
  }
  // -1s: no good reply.
  std::chrono::nanoseconds age() {
    const auto reply = ask();
    return reply ? reply->age : -1s;
  }
  void set_times(std::int64_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, folder_.file(kAtlanta).c_str(), times, 0), 0);
  }
  void allow(std::chrono::milliseconds max_age) {
    folder_.options.max_age = max_age;
    folder_.remake();
  }
  WallTime now() const { return folder_.clock.wall(); }

  DropFolder folder_;
};

TEST_F(FileDates, HowFarAheadDecides) {
  struct Case {
    std::chrono::seconds ahead;
    std::string_view code;
    std::string_view note;
  };
  for (const Case& c :
       {Case{-1s, "good", ""}, Case{0s, "good", ""}, Case{1s, "good", ""}, Case{5min, "good", ""},
        Case{301s, "good", "file.clock_skew"}, Case{30min, "good", "file.clock_skew"},
        Case{1h, "good", "file.clock_skew"}, Case{3601s, "file.clock_skew", ""},
        Case{std::chrono::hours(24), "file.clock_skew", ""}}) {
    drop(now() + c.ahead);
    const auto reply = ask();
    EXPECT_EQ(reply ? "good" : reply.error().code, c.code) << c.ahead.count();
    if (reply) {
      EXPECT_EQ(reply->note.code, c.note) << c.ahead.count();
      EXPECT_EQ(reply->note.message.contains("ahead of this machine's clock"), !c.note.empty());
      EXPECT_EQ(reply->note.remedy.contains("UTC"), !c.note.empty());
      EXPECT_EQ(reply->age, std::max(-c.ahead, 0s)) << c.ahead.count();
      EXPECT_EQ(reply->made_at, std::min(now() + c.ahead, now())) << c.ahead.count();
    }
  }
}

TEST_F(FileDates, TooFarAheadIsAFailureThatSaysWhatToDo) {
  drop(now() + 2h);
  const auto reply = ask();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, Reason::stale);
  EXPECT_EQ(reply.error().code, "file.clock_skew");
  EXPECT_EQ(reply.error().stage, Stage::query);
  EXPECT_THAT(reply.error().message, HasSubstr(folder_.file(kAtlanta)));
  EXPECT_THAT(reply.error().message, HasSubstr("2h ahead of this machine's clock"));
  EXPECT_THAT(reply.error().remedy, HasSubstr("UTC"));
  drop(now(), "good");
  EXPECT_EQ(output_of(ask()), "good") << "heals at once";
}

TEST_F(FileDates, TheLastYearsOfTheCalendar) {
  for (const std::string_view date : {"2099-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"}) {
    drop(*parse_iso8601(date));
    EXPECT_EQ(code(), "file.clock_skew") << date;
  }
  drop(*parse_iso8601("0001-01-01T00:00:00Z"));
  EXPECT_EQ(code(), "file.too_old");
  // As Windows PowerShell's ConvertTo-Json writes dates: the year 9999, and one before 1970.
  for (const auto& [date, expected] :
       {std::pair("253402300799999", "file.clock_skew"), std::pair("-1000", "file.bad_wrapper")}) {
    DropFolder::drop(
        folder_.file(kAtlanta),
        fmt::format(R"({{"SfbBackupExport":1,"PoolFqdn":"{}","ExportedAt":"\/Date({})\/",)"
                    R"("State":"Completed","Output":[],"Errors":[]}})",
                    kAtlanta.str(), date));
    EXPECT_EQ(code(), expected) << date;
  }
}

TEST_F(FileDates, ACopyOfTheSameContentIsAsOldAsItsFirstSight) {
  for (const std::chrono::seconds ahead : {std::chrono::seconds(3min), 1800s, 3600s}) {
    const WallTime date = now() + ahead;
    const WallTime first = now();
    for (std::chrono::seconds passed = 0s; passed <= 10min; passed += 2min) {
      drop(date, fmt::format("copy {}", passed.count()));
      const auto reply = ask();
      ASSERT_TRUE(reply) << describe(reply.error());
      EXPECT_EQ(reply->age, passed) << ahead.count();
      EXPECT_EQ(reply->made_at, first) << ahead.count();
      folder_.clock.move(2min);
    }
    drop(date);
    EXPECT_EQ(code(), "file.too_old") << "12 minutes after the first sight";
    folder_.clock.move(std::max(ahead - std::chrono::seconds(12min), 0s) + 1s);
    EXPECT_EQ(code(), "file.too_old") << "our clock has passed the date";
    drop(date);
    EXPECT_EQ(code(), "file.too_old") << "and a copy of then";
  }
}

TEST_F(FileDates, AnUnchangedFileAgesPastItsDate) {
  allow(2h);
  const WallTime first = now();
  drop(first + 30min);
  EXPECT_EQ(age(), 0s);
  folder_.clock.move(31min);
  const auto reply = ask();
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->age, 31min);
  EXPECT_EQ(reply->made_at, first);
  EXPECT_EQ(reply->note.code, "file.clock_skew") << "that is why its age counts from then";
  folder_.clock.move(90min);
  const auto old = ask();
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, "file.too_old");
  EXPECT_THAT(old.error().message, HasSubstr("30m ahead of this machine's clock"));
  EXPECT_THAT(old.error().remedy, HasSubstr("set clock and time zone")) << "not the task alone";
}

TEST_F(FileDates, AFirstSightOutlivesTheProcess) {
  const WallTime first = now();
  const WallTime date = first + 50min;
  drop(date);
  const auto seen = ask();
  ASSERT_TRUE(seen) << describe(seen.error());
  EXPECT_EQ(seen->dated, date);
  folder_.clock.move(5min);
  folder_.remake();
  folder_.loop.call(
      [&] { folder_.transport->recall(kAtlanta, "backup_service_status", date, seen->made_at); });
  const auto again = ask();
  ASSERT_TRUE(again) << describe(again.error());
  EXPECT_EQ(again->age, 5min);
  EXPECT_EQ(again->made_at, first);
  folder_.clock.move(6min);
  folder_.remake();
  folder_.loop.call(
      [&] { folder_.transport->recall(kAtlanta, "backup_service_status", date, seen->made_at); });
  EXPECT_EQ(code(), "file.too_old") << "11 minutes after the first sight, after two restarts";
  drop(now() - 1min);
  const auto fresh = ask();
  ASSERT_TRUE(fresh) << describe(fresh.error());
  EXPECT_EQ(fresh->dated, std::nullopt);
}

TEST_F(FileDates, EachExportOfAClockAheadIsNew) {
  for (int i = 0; i < 40; ++i) {
    drop(now() + 30min);
    const auto reply = ask();
    ASSERT_TRUE(reply) << describe(reply.error());
    EXPECT_EQ(reply->age, 0s);
    EXPECT_EQ(reply->made_at, now());
    folder_.clock.move(2min);
  }
}

TEST_F(FileDates, CopiesInTurnDoNotRejuvenateEachOther) {
  const WallTime first = now();
  for (std::chrono::seconds passed = 0s; passed <= 10min; passed += 1min) {
    // Two tasks that have stopped, and a way across that copies both files again and again.
    for (const std::chrono::minutes ahead : {30min, 31min}) {
      drop(first + ahead);
      EXPECT_EQ(age(), passed);
    }
    folder_.clock.move(1min);
  }
  drop(first + 30min);
  EXPECT_EQ(code(), "file.too_old");
}

TEST_F(FileDates, WhatWasTooFarAheadIsAsOldAsItsFirstSight) {
  allow(70min);
  const WallTime date = now() + 61min;
  drop(date);
  EXPECT_EQ(code(), "file.clock_skew");
  folder_.clock.move(2min);
  EXPECT_EQ(age(), 2min) << "59 minutes ahead";
  drop(date);
  EXPECT_EQ(age(), 2min);
  folder_.clock.move(69min);
  EXPECT_EQ(code(), "file.too_old");
}

TEST_F(FileDates, AClockThatIsSetForwardHeals) {
  folder_.clock.set(-2h);  // before NTP spoke
  const WallTime date = now() + 2h;
  drop(date);
  EXPECT_EQ(code(), "file.clock_skew");
  folder_.clock.set(2h);
  folder_.clock.move(1min);
  const auto reply = ask();
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->age, 1min);
}

TEST_F(FileDates, AClockThatIsSetBackRejuvenatesNothing) {
  const WallTime date = now() - 1min;
  drop(date);
  EXPECT_EQ(age(), 1min);
  folder_.clock.set(-2h);
  folder_.clock.move(2min);
  for (int i = 0; i < 2; ++i) {
    const auto reply = ask();
    ASSERT_TRUE(reply) << describe(reply.error());
    EXPECT_EQ(reply->age, 3min);
    EXPECT_EQ(reply->made_at, now() - 3min) << "by the clock as it is now";
    drop(date);  // a copy
  }
  folder_.clock.move(8min);
  EXPECT_EQ(code(), "file.too_old");
  drop(now() + 2h);
  EXPECT_EQ(code(), "file.clock_skew") << "the next export is ahead of the wrong clock";
}

TEST_F(FileDates, ABareExportHasTheFilesTimeAlsoInTheFuture) {
  const auto seconds = [&](std::chrono::seconds ahead) {
    return std::chrono::floor<std::chrono::seconds>(now() + ahead).time_since_epoch().count();
  };
  DropFolder::drop(folder_.file(kAtlanta), R"({"BackupModules": []})");
  const WallTime first = now();
  set_times(seconds(30min));
  auto reply = ask();
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->age, 0s);
  EXPECT_EQ(reply->note.code, "file.clock_skew");
  folder_.clock.move(4min);
  DropFolder::drop(folder_.file(kAtlanta), R"({"BackupModules": []})");  // a copy with its time
  set_times(seconds(26min));
  reply = ask();
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->age, 4min);
  EXPECT_EQ(reply->made_at, first);
  set_times(seconds(2h));
  EXPECT_EQ(code(), "file.clock_skew");
}

TEST_F(FileDates, AFilesTimeBeyondReasonIsBounded) {
  for (const std::int64_t seconds : {std::int64_t{-9'000'000'000}, std::int64_t{9'900'000'000}}) {
    DropFolder::drop(folder_.file(kAtlanta), R"({"BackupModules": []})");
    set_times(seconds);
    // What is left of it depends on the file system; that it is old or ahead does not.
    EXPECT_EQ(code(), seconds < 0 ? "file.too_old" : "file.clock_skew") << seconds;
  }
}

TEST_F(FileDates, EveryPoolHasItsOwnFirstSight) {
  const WallTime date = now() + 30min;
  drop(date);
  EXPECT_EQ(age(), 0s);
  folder_.clock.move(5min);
  DropFolder::drop(folder_.file(kChicago), export_of(kChicago, date));
  const auto other = folder_.ask(ask_of(kChicago));
  ASSERT_TRUE(other) << describe(other.error());
  EXPECT_EQ(other->age, 0s);
  EXPECT_EQ(age(), 5min);
}

}  // namespace
}  // namespace sfb::remote
