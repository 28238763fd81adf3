// Both rows of the table: their questions, and their answers through the table's own functions.
#include "collectors/management_store_replication/management_store_replication.hpp"

#include "collectors/question.hpp"
#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sfb::collectors {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace sfb::collectors::testing;  // NOLINT: the builders

const Fqdn kPool = Fqdn::parse("atl-cs-001.litwareinc.com").value();

Question asked(const std::vector<binding::Bound>& bound) {
  return question_of(kManagementStoreReplication.cmdlet(), bound, kPool);
}

TEST(ManagementStoreReplication, StandsInTheTableTwiceWithOneCmdlet) {
  EXPECT_EQ(find("management_store_replication"), &kManagementStoreReplication);
  EXPECT_EQ(find("central_management_store"), &kCentralManagementStore);
  EXPECT_EQ(&kManagementStoreReplication.cmdlet(), &kCentralManagementStore.cmdlet());
  EXPECT_EQ(std::ranges::count(cmdlets(), &kManagementStoreReplication.cmdlet()), 1);
  EXPECT_FALSE(asks_pool(kManagementStoreReplication.cmdlet())) << "it is asked through a pool";
}

TEST(ManagementStoreReplication, TheSwitchChoosesTheStore) {
  const Question replicas = asked({});
  EXPECT_EQ(replicas.what, &kManagementStoreReplication);
  EXPECT_TRUE(replicas.is_scheduled());
  const Question store =
      asked({{.parameter = "CentralManagementStoreStatus", .text = {}, .flag = true}});
  EXPECT_EQ(store.what, &kCentralManagementStore);
  EXPECT_TRUE(store.is_scheduled());
  EXPECT_EQ(store, scheduled_question(kPool, kCentralManagementStore));
  EXPECT_EQ(asked({{.parameter = "CentralManagementStoreStatus", .text = {}, .flag = false}}),
            replicas);

  const Question one = asked({{.parameter = "ReplicaFqdn", .text = "a.example.com"}});
  EXPECT_EQ(one.what, &kManagementStoreReplication);
  EXPECT_FALSE(one.is_scheduled());
}

TEST(ManagementStoreReplication, CallsAndTheirTexts) {
  const Call store = make_call(scheduled_question(kPool, kCentralManagementStore));
  EXPECT_EQ(store.cmdlet, "Get-CsManagementStoreReplicationStatus");
  ASSERT_THAT(store.parameters, SizeIs(1)) << "no PoolFqdn";
  EXPECT_EQ(store.parameter("CentralManagementStoreStatus"), "true");
  EXPECT_THAT(store.script, HasSubstr("$ReplicaFqdn, $CentralManagementStoreStatus)"));
  EXPECT_THAT(make_call(scheduled_question(kPool, kManagementStoreReplication)).parameters,
              IsEmpty());
  EXPECT_EQ(parameters_text(scheduled_question(kPool, kCentralManagementStore)),
            "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus");
}

TEST(ManagementStoreReplication, ThroughTheTable) {
  const Facts facts{.pool = kPool};
  PipelineResult rows;
  rows.output = {object(rows.graph, {{"ReplicaFqdn", text("a")}, {"UpToDate", text("no")}})};
  const auto replicas = kManagementStoreReplication.interpret(rows, {});
  ASSERT_TRUE(replicas.has_value()) << describe(replicas.error());
  EXPECT_TRUE((*replicas)->conclusive);
  EXPECT_THAT(kManagementStoreReplication.oddities(**replicas),
              HasSubstr("UpToDate of a is neither"));
  EXPECT_THAT(kManagementStoreReplication.judge(**replicas, facts).doubts, SizeIs(1));
  EXPECT_THAT(kManagementStoreReplication.changes(**replicas, **replicas), IsEmpty());

  PipelineResult status;
  status.output = {object(status.graph, {{"ActiveMasterFqdn", Value{}}})};
  const auto store = kCentralManagementStore.interpret(status, {});
  ASSERT_TRUE(store.has_value()) << describe(store.error());
  EXPECT_EQ(kCentralManagementStore.oddities(**store), "");
  EXPECT_THAT(kCentralManagementStore.judge(**store, facts).reasons, SizeIs(1));
  EXPECT_THAT(kCentralManagementStore.changes(**store, **store), IsEmpty());

  EXPECT_EQ(kManagementStoreReplication.interpret({}, {}).error().code, "answer.empty");
  EXPECT_EQ(kCentralManagementStore.interpret({}, {}).error().code, "answer.empty");
}

}  // namespace
}  // namespace sfb::collectors
