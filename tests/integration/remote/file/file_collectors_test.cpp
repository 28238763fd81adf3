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
    folder.options.path = folder.path + "/{pool}.{collector}.clixml";
    folder.remake();
  }

  void drop(std::string_view collector, const std::string& content) {
    DropFolder::drop(fmt::format("{}/{}.{}.clixml", folder.path, kAtlanta.str(), collector),
                     content);
  }

  DropFolder folder;
};

TEST_F(FileCollectors, EachHasAFileOfItsOwn) {
  drop(kDefaultCollector, export_for(kDefaultCollector, folder.clock.wall(), "status"));
  drop(kReplication, export_for(kReplication, folder.clock.wall(), "replicas"));
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "status");
  EXPECT_EQ(output_of(folder.ask(ask_for(kReplication))), "replicas");
  EXPECT_EQ(folder.code_of(ask_for("central_management_store")), "file.missing");
}

TEST_F(FileCollectors, AFileOfAnotherOneIsRefused) {
  drop(kReplication, export_for("central_management_store", folder.clock.wall(), "x"));
  const auto reply = folder.ask(ask_for(kReplication));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, Reason::parse);
  EXPECT_EQ(reply.error().code, "file.wrong_collector");
  EXPECT_EQ(reply.error().stage, Stage::parse);
  EXPECT_EQ(reply.error().peer, "central_management_store");
  EXPECT_THAT(reply.error().message,
              AllOf(HasSubstr("management_store_replication.clixml"), HasSubstr("is not of")));
}

TEST_F(FileCollectors, AFileWithoutTheFieldIsThePoolsStatus) {
  const std::string old = export_of(kAtlanta, folder.clock.wall());
  drop(kDefaultCollector, old);
  drop(kReplication, old);
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "one");
  EXPECT_EQ(folder.code_of(ask_for(kReplication)), "file.wrong_collector");
}

TEST_F(FileCollectors, CategoriesStandBesideThem) {
  folder.options.path = folder.path + "/{pool}.{collector}.{category}.clixml";
  folder.remake();
  drop("backup_service_status.CMS",
       export_for(kDefaultCollector, folder.clock.wall(), "status of CMS"));
  drop("management_store_replication.All",
       export_for(kReplication, folder.clock.wall(), "replicas"));
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta, "CMS"))), "status of CMS");
  EXPECT_EQ(output_of(folder.ask(ask_for(kReplication))), "replicas");
}

TEST_F(FileCollectors, AFileOfAnotherCategoryIsRefused) {
  folder.options.path = folder.path + "/{pool}.{collector}.{category}.clixml";
  folder.remake();
  std::string of_cms = export_for(kDefaultCollector, folder.clock.wall(), "status of CMS");
  of_cms.insert(of_cms.find(R"(<S N="State">)"), R"(<S N="Category">cms</S>)");
  drop("backup_service_status.CMS", of_cms);
  drop("backup_service_status.RGS", of_cms);
  drop("backup_service_status.All", of_cms);
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta, "CMS"))), "status of CMS");
  EXPECT_EQ(folder.code_of(ask_of(kAtlanta, "RGS")), "file.wrong_category");
  const auto reply = folder.ask(ask_of(kAtlanta));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "file.wrong_category");
  EXPECT_EQ(reply.error().reason, Reason::parse);
  EXPECT_THAT(reply.error().message, HasSubstr("is not of category All"));
}

TEST_F(FileCollectors, APathWithoutThemAnswersThePoolsStatusAlone) {
  folder.options.path = folder.path + "/{pool}.clixml";
  folder.remake();
  DropFolder::drop(folder.file(kAtlanta),
                   export_for(kDefaultCollector, folder.clock.wall(), "status"));
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "status");
  const Status can = folder.transport->can_ask(ask_for(kReplication));
  ASSERT_FALSE(can);
  EXPECT_EQ(can.error().reason, Reason::protocol);
  EXPECT_EQ(can.error().code, "file.cannot_ask");
  EXPECT_THAT(can.error().message, AllOf(HasSubstr("dropbox"), HasSubstr("Get-CsSomething")));
  EXPECT_THAT(can.error().remedy, AllOf(HasSubstr("-Collector"), HasSubstr("{collector}")));
  EXPECT_EQ(folder.code_of(ask_for(kReplication)), "file.cannot_ask") << "ask says the same";
}

}  // namespace
}  // namespace sfb::remote
