// Transport `file` and collectors: each has a file of its own, and a file answers for one.
#include "tests/integration/remote/file/drop_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::remote {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view kReplication = "management_store_replication";

// An export with the field Collector.
std::string export_for(std::string_view collector, WallTime made_at, std::string_view output) {
  std::string text = export_of(kAtlanta, made_at, output);
  return text.insert(text.find(R"(<S N="State">)"),
                     fmt::format(R"(<S N="Collector">{}</S>)", collector));
}

Ask ask_for(std::string_view collector) {
  Ask ask = ask_of(kAtlanta);
  ask.collector = collector;
  ask.call.cmdlet = "Get-CsSomething";
  return ask;
}

class FileCollectors : public testing::Test {
 protected:
  FileCollectors() {
    folder_.options.path = folder_.path + "/{pool}.{collector}.clixml";
    folder_.remake();
  }

  void drop(std::string_view collector, const std::string& content) {
    DropFolder::drop(fmt::format("{}/{}.{}.clixml", folder_.path, kAtlanta.str(), collector),
                     content);
  }

  DropFolder folder_;
};

TEST_F(FileCollectors, EachHasAFileOfItsOwn) {
  drop(kDefaultCollector, export_for(kDefaultCollector, folder_.clock.wall(), "status"));
  drop(kReplication, export_for(kReplication, folder_.clock.wall(), "replicas"));
  EXPECT_EQ(output_of(folder_.ask(ask_of(kAtlanta))), "status");
  EXPECT_EQ(output_of(folder_.ask(ask_for(kReplication))), "replicas");
  EXPECT_EQ(folder_.code_of(ask_for("central_management_store")), "file.missing");
}

TEST_F(FileCollectors, AFileOfAnotherOneIsRefused) {
  drop(kReplication, export_for("central_management_store", folder_.clock.wall(), "x"));
  const auto reply = folder_.ask(ask_for(kReplication));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, Reason::parse);
  EXPECT_EQ(reply.error().code, "file.wrong_collector");
  EXPECT_EQ(reply.error().stage, Stage::parse);
  EXPECT_EQ(reply.error().peer, "central_management_store");
  EXPECT_THAT(reply.error().message,
              AllOf(HasSubstr("management_store_replication.clixml"), HasSubstr("is not of")));
}

TEST_F(FileCollectors, AFileWithoutTheFieldIsThePoolsStatus) {
  const std::string old = export_of(kAtlanta, folder_.clock.wall());
  drop(kDefaultCollector, old);
  drop(kReplication, old);
  EXPECT_EQ(output_of(folder_.ask(ask_of(kAtlanta))), "one");
  EXPECT_EQ(folder_.code_of(ask_for(kReplication)), "file.wrong_collector");
}

TEST_F(FileCollectors, CategoriesStandBesideThem) {
  folder_.options.path = folder_.path + "/{pool}.{collector}.{category}.clixml";
  folder_.remake();
  drop("backup_service_status.CMS",
       export_for(kDefaultCollector, folder_.clock.wall(), "status of CMS"));
  drop("management_store_replication.All",
       export_for(kReplication, folder_.clock.wall(), "replicas"));
  EXPECT_EQ(output_of(folder_.ask(ask_of(kAtlanta, "CMS"))), "status of CMS");
  EXPECT_EQ(output_of(folder_.ask(ask_for(kReplication))), "replicas");
}

TEST_F(FileCollectors, APathWithoutThemAnswersThePoolsStatusAlone) {
  folder_.options.path = folder_.path + "/{pool}.clixml";
  folder_.remake();
  DropFolder::drop(folder_.file(kAtlanta),
                   export_for(kDefaultCollector, folder_.clock.wall(), "status"));
  EXPECT_EQ(output_of(folder_.ask(ask_of(kAtlanta))), "status");
  const Status can = folder_.transport->can_ask(ask_for(kReplication));
  ASSERT_FALSE(can);
  EXPECT_EQ(can.error().reason, Reason::protocol);
  EXPECT_EQ(can.error().code, "file.cannot_ask");
  EXPECT_THAT(can.error().message, AllOf(HasSubstr("dropbox"), HasSubstr("Get-CsSomething")));
  EXPECT_THAT(can.error().remedy, AllOf(HasSubstr("-Collector"), HasSubstr("{collector}")));
  EXPECT_EQ(folder_.code_of(ask_for(kReplication)), "file.cannot_ask") << "ask says the same";
}

}  // namespace
}  // namespace sfb::remote
