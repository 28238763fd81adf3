// From an answer through the memory to the metrics of both collectors.
#include "collectors/management_store_replication/families.hpp"

#include "agent/base/text.hpp"
#include "collectors/management_store_replication/management_store_replication.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Facts kFacts{.pool = Fqdn::parse("atl-cs-001.litwareinc.com").value()};
constexpr WallTime kFinished{std::chrono::seconds(1'000)};

std::optional<WallTime> at(int seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

/// The samples that a view gives, without `sfb_backup_` and the pool's label.
std::vector<std::string> samples(const Collector& collector, const View& view) {
  exposition::Writer writer(exposition::Format::text_0_0_4);
  for (const FamilyRow& row : collector.families()) {
    writer.family(row.family);
    row.write(writer, view);
  }
  const std::string page = writer.finish();
  const std::string prefix = "sfb_backup_";
  const std::string pool = R"(pool="atl-cs-001.litwareinc.com")";
  std::vector<std::string> lines;
  for (const std::string_view line : split(page, '\n')) {
    if (line.starts_with(prefix)) {
      std::string text(line.substr(prefix.size()));
      EXPECT_TRUE(text.contains(pool)) << text;
      lines.push_back(text.replace(text.find(pool), pool.size(), ""));
    }
  }
  EXPECT_LE(lines.size(), view.samples);
  return lines;
}

/// What a memory shows after this finding.
ViewPtr seen(Memory& memory, FindingPtr finding) {
  memory.learn(std::move(finding), {.evaluated_at = {}, .finished = kFinished, .made = {}});
  return memory.view(true, {});
}

TEST(ReplicasFamilies, EachReplicaSaysWhatIsKnown) {
  auto finding = std::make_shared<Replicas>();
  finding->replicas = {{"a", true, at(900), at(800)}, {"b", false}, {"c", std::nullopt, at(0)}};
  const auto memory = kManagementStoreReplication.memory(kFacts, {});
  EXPECT_THAT(samples(kManagementStoreReplication, *memory->view(true, {})), IsEmpty());
  EXPECT_THAT(
      samples(kManagementStoreReplication, *seen(*memory, finding)),
      ElementsAre(
          R"(management_store_replica_up_to_date{,replica="a"} 1)",
          R"(management_store_replica_up_to_date{,replica="b"} 0)",
          R"(management_store_replica_last_status_report_timestamp_seconds{,replica="a"} 900)",
          R"(management_store_replica_last_status_report_timestamp_seconds{,replica="c"} 0)",
          R"(management_store_replica_last_update_creation_timestamp_seconds{,replica="a"} 800)"));
  EXPECT_THAT(samples(kManagementStoreReplication, *memory->view(false, {})), IsEmpty())
      << "nothing of an old answer is shown";
  EXPECT_EQ(memory->next_change({}), std::nullopt);
}

TEST(ReplicasFamilies, NoTimeLiesInTheFuture) {
  auto finding = std::make_shared<Replicas>();
  finding->replicas = {{"a", std::nullopt, at(1'001), at(999)}};
  const auto memory = kManagementStoreReplication.memory(kFacts, {});
  EXPECT_THAT(
      samples(kManagementStoreReplication, *seen(*memory, finding)),
      ElementsAre(
          R"(management_store_replica_last_status_report_timestamp_seconds{,replica="a"} 1000)",
          R"(management_store_replica_last_update_creation_timestamp_seconds{,replica="a"} 999)"));
}

TEST(ReplicasFamilies, ReplicasThatAreGoneHaveNoSeries) {
  const auto memory = kManagementStoreReplication.memory(kFacts, {});
  auto before = std::make_shared<Replicas>();
  before->replicas = {{"a", false}, {"b", true}};
  auto now = std::make_shared<Replicas>();
  now->replicas = {{"b", true}};
  seen(*memory, before);
  EXPECT_THAT(samples(kManagementStoreReplication, *seen(*memory, now)),
              ElementsAre(R"(management_store_replica_up_to_date{,replica="b"} 1)"));
}

std::vector<std::string> samples_of(std::optional<std::string> master,
                                    std::optional<std::size_t> agents) {
  auto finding = std::make_shared<Store>();
  finding->active_master = std::move(master);
  finding->file_transfer_agents = agents;
  const auto memory = kCentralManagementStore.memory(kFacts, {});
  const ViewPtr view = seen(*memory, finding);
  EXPECT_THAT(samples(kCentralManagementStore, *memory->view(false, {})), IsEmpty());
  return samples(kCentralManagementStore, *view);
}

TEST(StoreFamilies, MasterAndAgents) {
  EXPECT_THAT(samples_of("fe.example.com", 2),
              ElementsAre(R"(central_management_store_active_master_info{,)"
                          R"(active_master="fe.example.com"} 1)",
                          "central_management_store_active_master_named{} 1",
                          "central_management_store_active_file_transfer_agents{} 2"));
  EXPECT_THAT(samples_of("", 0),
              ElementsAre("central_management_store_active_master_named{} 0",
                          "central_management_store_active_file_transfer_agents{} 0"));
  EXPECT_THAT(samples_of(std::nullopt, std::nullopt), IsEmpty());
}

}  // namespace
}  // namespace sfb::collectors
