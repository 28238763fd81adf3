// Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus.
#include "collectors/management_store_replication/store.hpp"

#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace sfb::collectors::testing;  // NOLINT: the builders

PipelineResult answer_of(std::vector<Property> members) {
  PipelineResult result;
  result.output = {object(result.graph, std::move(members))};
  return result;
}

Store good(const PipelineResult& result) {
  auto read = read_store(result, {});
  EXPECT_TRUE(read.has_value()) << describe(read.error());
  return read ? std::move(*read) : Store{};
}

std::string code_of(const PipelineResult& result) {
  const auto read = read_store(result, {});
  return read ? "good" : read.error().code;
}

Store store_of(std::optional<std::string> master, std::optional<std::size_t> agents) {
  Store made;
  made.active_master = std::move(master);
  made.file_transfer_agents = agents;
  return made;
}

TEST(Store, MembersInAnyCaseEachOptional) {
  const Store master = good(answer_of({{"ACTIVEMASTERFQDN", text(" Fe.Example.COM ")}}));
  EXPECT_EQ(master.active_master, "fe.example.com");
  EXPECT_EQ(master.file_transfer_agents, std::nullopt);
  const Store agents = good(answer_of({{"activefiletransferagents", text("fe.example.com")}}));
  EXPECT_EQ(agents.active_master, std::nullopt);
  EXPECT_EQ(agents.file_transfer_agents, 1U);
  EXPECT_THAT(agents.notes, IsEmpty());
}

TEST(Store, EmptyMasterIsNoneAndNotUnknown) {
  for (const Value& empty : {Value{}, text(""), text("  ")}) {
    EXPECT_EQ(good(answer_of({{"ActiveMasterFqdn", empty}})).active_master, "") << empty.text;
  }
  PipelineResult odd;
  odd.output = {object(odd.graph, {{"ActiveMasterFqdn", object(odd.graph, {{"A", text("b")}})}})};
  EXPECT_EQ(good(odd).active_master, std::nullopt);
  EXPECT_THAT(good(odd).notes, SizeIs(1));
  EXPECT_EQ(code_of(answer_of({{"ActiveMasterFqdn", text(std::string(200, 'a'))}})),
            "status.label_too_long");
}

TEST(Store, BesideErrorsNothingIsUnknown) {
  PipelineResult result =
      answer_of({{"ActiveMasterFqdn", Value{}}, {"ActiveFileTransferAgents", Value{}}});
  ErrorRecord record;
  record.message = "the store cannot be reached";
  result.errors.push_back(record.to_value(result.graph));
  const Store store = good(result);
  EXPECT_EQ(store.active_master, std::nullopt);
  EXPECT_EQ(store.file_transfer_agents, std::nullopt);
  EXPECT_EQ(judge(store).working, std::nullopt);
}

TEST(Store, ATypeNameIsNoServer) {
  const std::string type = "System.Collections.Generic.List`1[System.String]";
  const Store store =
      good(answer_of({{"ActiveMasterFqdn", text(type)}, {"ActiveFileTransferAgents", text(type)}}));
  EXPECT_EQ(store.active_master, std::nullopt);
  EXPECT_EQ(store.file_transfer_agents, std::nullopt);
  EXPECT_THAT(store.notes, SizeIs(2));
}

TEST(Store, AgentsAreCounted) {
  const auto count = [](auto make) {
    PipelineResult result;
    Value agents = make(result.graph);
    result.output = {object(result.graph, {{"ActiveFileTransferAgents", std::move(agents)}})};
    const Store read = good(result);
    EXPECT_THAT(read.notes, SizeIs(read.file_transfer_agents ? 0 : 1));
    return read.file_transfer_agents;
  };
  const auto agent = [](Graph& graph) { return object(graph, {{"Fqdn", text("a")}}); };
  EXPECT_EQ(count([](Graph&) { return Value{}; }), 0U);
  EXPECT_EQ(count([](Graph& graph) { return list(graph, {}); }), 0U);
  EXPECT_EQ(count([&](Graph& graph) {
              return list(graph, {text("a"), Value{}, text(" "), agent(graph)});
            }),
            2U);
  EXPECT_EQ(count([](Graph& graph) {
              Value inner = list(graph, {text("a"), text("b")});
              return object(graph, {{"value", inner}, {"Count", Value::int32(2)}});
            }),
            2U);
  EXPECT_EQ(count([](Graph& graph) {
              Value inner = list(graph, {text("a")});
              return object(graph, {{"value", inner}, {"Count", Value::int32(2)}});
            }),
            std::nullopt)
      << "one was lost";
  EXPECT_EQ(count([](Graph&) { return text("a.example.com b.example.com"); }), std::nullopt);
  EXPECT_EQ(count([&](Graph& graph) { return agent(graph); }), std::nullopt);
}

TEST(Store, OneObjectOfTheKind) {
  EXPECT_EQ(code_of({}), "answer.empty");
  EXPECT_EQ(code_of(answer_of({{"Other", text("a")}})), "store.unrecognised");
  PipelineResult two = answer_of({{"ActiveMasterFqdn", text("a")}});
  two.output.push_back(two.output.front());
  EXPECT_EQ(code_of(two), "store.several");
}

TEST(Store, VerdictWithoutMasterOrAgents) {
  const Verdict fine = judge(store_of("a", 1));
  EXPECT_EQ(fine.configured, std::nullopt);
  EXPECT_EQ(fine.working, std::nullopt);
  EXPECT_THAT(fine.reasons, IsEmpty());
  EXPECT_THAT(fine.doubts, IsEmpty());

  const Verdict broken = judge(store_of("", 0));
  EXPECT_EQ(broken.working, false);
  ASSERT_THAT(broken.reasons, SizeIs(2));
  EXPECT_EQ(broken.reasons[0].code, "no_active_master");
  EXPECT_EQ(broken.reasons[1].code, "no_file_transfer_agent");

  const Verdict unknown = judge(store_of(std::nullopt, std::nullopt));
  EXPECT_EQ(unknown.working, std::nullopt);
  EXPECT_THAT(unknown.doubts, SizeIs(2));
}

TEST(Store, AnotherMasterIsAChange) {
  EXPECT_THAT(changes(store_of("a", 1), store_of("a", 2)), IsEmpty());
  const auto moved = changes(store_of("a", 1), store_of("", 1));
  ASSERT_THAT(moved, SizeIs(1));
  EXPECT_EQ(moved[0].event, "active master changed");
  EXPECT_EQ(moved[0].fields[0].value, "a");
  EXPECT_EQ(moved[0].fields[1].value, "none");
  EXPECT_EQ(changes(store_of(std::nullopt, 1), store_of("a", 1))[0].fields[0].value, "unknown");
}

}  // namespace
}  // namespace sfb::collectors
