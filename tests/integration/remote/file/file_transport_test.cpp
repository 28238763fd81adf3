// Transport `file` over a real folder: what is read, when it is read again, how old it is.
#include "agent/value/access.hpp"
#include "tests/integration/remote/file/drop_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace sfb::remote {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Stage> stages_of(const Reply& reply) {
  std::vector<Stage> stages;
  for (const StageTime& stage : reply.stages) {
    stages.push_back(stage.stage);
  }
  return stages;
}

TEST(FileTransport, TheContentsTimeIsTheAnswers) {
  DropFolder folder;
  DropFolder::drop(folder.file(kAtlanta), export_of(kAtlanta, folder.clock.wall() - 90s));
  const auto reply = folder.ask(ask_of(kAtlanta));
  ASSERT_TRUE(reply) << describe(reply.error());
  ASSERT_NE(reply->result, nullptr);
  EXPECT_EQ(reply->result->unpack().output.front().text, "one");
  EXPECT_EQ(reply->made_at, folder.clock.wall() - 90s);
  EXPECT_EQ(reply->age, 90s);
  EXPECT_TRUE(reply->note.empty());
  EXPECT_THAT(stages_of(*reply), ElementsAre(Stage::open, Stage::query, Stage::parse));
  EXPECT_FALSE(folder.transport->uses_backoff());
}

TEST(FileTransport, ABareExportHasTheFilesTime) {
  DropFolder folder;
  DropFolder::drop(folder.file(kAtlanta), R"({"BackupModules": ["a:[FinalState,NormalState]"]})");
  const auto written = std::chrono::sys_seconds(1'700'000'000s);
  const timespec times[2] = {{1'700'000'000, 0}, {1'700'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, folder.file(kAtlanta).c_str(), times, 0), 0);
  folder.options.max_age = std::chrono::hours(24 * 365 * 50);
  folder.remake();
  const auto reply = folder.ask(ask_of(kAtlanta));
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->made_at, WallTime(written));
  EXPECT_EQ(reply->age, folder.clock.wall() - written);
}

TEST(FileTransport, TheLimitOfAgeIsExact) {
  DropFolder folder;
  DropFolder::drop(folder.file(kAtlanta), export_of(kAtlanta, folder.clock.wall() - 10min));
  EXPECT_EQ(folder.code_of(ask_of(kAtlanta)), "good") << "as old as max_age";
  folder.clock.move(1s);
  const auto reply = folder.ask(ask_of(kAtlanta));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, Reason::stale);
  EXPECT_EQ(reply.error().code, "file.too_old");
  EXPECT_EQ(reply.error().stage, Stage::query);
  EXPECT_THAT(reply.error().message, HasSubstr("made 10m1s ago, older than max_age 10m"));
  EXPECT_THAT(reply.error().remedy, HasSubstr("task on the front end"));
}

TEST(FileTransport, UnchangedContentIsParsedOnceAndAges) {
  DropFolder folder;
  DropFolder::drop(folder.file(kAtlanta), export_of(kAtlanta, folder.clock.wall() - 10s));
  const auto first = folder.ask(ask_of(kAtlanta));
  ASSERT_TRUE(first) << describe(first.error());
  folder.clock.move(30s);
  const auto second = folder.ask(ask_of(kAtlanta));
  ASSERT_TRUE(second) << describe(second.error());
  EXPECT_EQ(second->result, first->result) << "the same object: not parsed again";
  EXPECT_THAT(stages_of(*second), ElementsAre(Stage::open));
  EXPECT_EQ(first->age, 10s);
  EXPECT_EQ(second->age, 40s);
  EXPECT_EQ(second->made_at, first->made_at);
}

TEST(FileTransport, LargeContentStaysOnlyAsLongAsSomebodyKeepsIt) {
  DropFolder folder;
  DropFolder::drop(folder.file(kAtlanta),
                   export_of(kAtlanta, folder.clock.wall() - 60s, std::string(300'000, 'x')));
  auto first = folder.ask(ask_of(kAtlanta));
  ASSERT_TRUE(first) << describe(first.error());
  auto second = folder.ask(ask_of(kAtlanta));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->result, first->result) << "kept by the first";
  const std::weak_ptr<const PackedResult> objects = first->result;
  first->result.reset();
  second->result.reset();
  EXPECT_TRUE(net::eventually([&] { return objects.expired(); }));
  folder.clock.move(10s);
  const auto third = folder.ask(ask_of(kAtlanta));
  ASSERT_TRUE(third);
  EXPECT_EQ(third->age, 70s) << "as old as before";
}

TEST(FileTransport, ARenameOverItIsReadAgain) {
  DropFolder folder;
  DropFolder::drop(folder.file(kAtlanta), export_of(kAtlanta, folder.clock.wall() - 60s, "one"));
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "one");
  DropFolder::drop(folder.file(kAtlanta), export_of(kAtlanta, folder.clock.wall(), "two"));
  const auto reply = folder.ask(ask_of(kAtlanta));
  EXPECT_EQ(output_of(reply), "two") << "same size, another file";
  EXPECT_EQ(reply->age, 0s);
}

TEST(FileTransport, ARewriteInPlaceIsReadAgain) {
  DropFolder folder;
  const WallTime now = folder.clock.wall();
  DropFolder::write(folder.file(kAtlanta), export_of(kAtlanta, now, "one"));
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "one");
  DropFolder::write(folder.file(kAtlanta), export_of(kAtlanta, now, "another"));
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "another") << "another size";
  // Same size; the kernel's file times move in steps of some milliseconds.
  EXPECT_TRUE(net::eventually([&] {
    DropFolder::write(folder.file(kAtlanta), export_of(kAtlanta, now, "ANOTHER"));
    return output_of(folder.ask(ask_of(kAtlanta))) == "ANOTHER";
  })) << "another time";
}

TEST(FileTransport, EveryPoolHasItsFileInAnyCase) {
  DropFolder folder;
  DropFolder::drop(folder.file(kAtlanta), export_of(kAtlanta, folder.clock.wall(), "a"));
  DropFolder::drop(folder.file(kChicago), export_of(kChicago, folder.clock.wall(), "c"));
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "a");
  EXPECT_EQ(output_of(folder.ask(ask_of(kChicago))), "c");
  EXPECT_EQ(output_of(folder.ask(ask_of(Fqdn::parse("ATL.Example.COM.").value()))), "a");
}

TEST(FileTransport, ThePoolMayStandInThePathMoreThanOnce) {
  DropFolder folder;
  folder.options.path = folder.path + "/{pool}/{pool}.{category}.clixml";
  folder.remake();
  const std::string home = folder.path + "/" + kAtlanta.str();
  fs::create_directory(home);
  DropFolder::drop(home + "/" + kAtlanta.str() + ".All.clixml",
                   export_of(kAtlanta, folder.clock.wall()));
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "one");
}

TEST(FileTransport, ACategoryHasAFileOfItsOwn) {
  DropFolder folder;
  folder.options.path = folder.path + "/{pool}.{category}.clixml";
  folder.remake();
  const std::string start = folder.path + "/" + kAtlanta.str();
  for (const std::string category : {"All", "UserData", "CMS"}) {
    DropFolder::drop(start + "." + category + ".clixml",
                     export_of(kAtlanta, folder.clock.wall(), category));
  }
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "All") << "no category: the file All";
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta, "UserData"))), "UserData");
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta, "CMS"))), "CMS");
  EXPECT_EQ(folder.code_of(ask_of(kAtlanta, "RGS")), "file.missing");
}

std::string can_ask(const DropFolder& folder, const Ask& question) {
  const Status can = folder.transport->can_ask(question);
  return can ? "yes" : can.error().code;
}

TEST(FileTransport, WhatCanBeAsked) {
  DropFolder folder;
  EXPECT_EQ(can_ask(folder, ask_of(kAtlanta)), "yes");
  EXPECT_EQ(can_ask(folder, ask_of(kAtlanta, "CMS")), "file.cannot_ask");
  Ask beyond = ask_of(kAtlanta);
  beyond.beyond_files = "BypassDualWrite";
  EXPECT_EQ(can_ask(folder, beyond), "file.cannot_ask");
  EXPECT_EQ(folder.code_of(beyond), "file.cannot_ask") << "ask says the same";
  EXPECT_THAT(folder.transport->can_ask(beyond).error().message, HasSubstr("-BypassDualWrite"));
  const Status can = folder.transport->can_ask(ask_of(kAtlanta, "CMS"));
  EXPECT_EQ(can.error().reason, Reason::protocol);
  EXPECT_THAT(can.error().message, HasSubstr("dropbox"));
  EXPECT_THAT(can.error().remedy, HasSubstr("-PerCategory"));

  folder.options.path = folder.path + "/{pool}.{category}.clixml";
  folder.remake();
  EXPECT_EQ(can_ask(folder, ask_of(kAtlanta, "CMS")), "yes");
  beyond.category = "CMS";
  EXPECT_EQ(can_ask(folder, beyond), "file.cannot_ask");
}

TEST(FileTransport, NothingLeadsOutOfTheFolder) {
  DropFolder folder;
  folder.options.path = folder.path + "/in/{pool}{category}";
  fs::create_directory(folder.path + "/in");
  fs::create_directory(folder.path + "/in/atl.example.com");
  folder.remake();
  DropFolder::drop(folder.path + "/secret", export_of(kAtlanta, folder.clock.wall(), "secret"));
  for (const std::string category :
       {"/../../secret", "/../../../etc/passwd", "..", "A/B", "{pool}", "C.MS", "C MS"}) {
    EXPECT_EQ(folder.code_of(ask_of(kAtlanta, category)), "file.cannot_ask") << category;
  }
}

}  // namespace
}  // namespace sfb::remote
