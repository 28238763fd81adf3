// What answers mean, where the golden cases do not show it.
#include "agent/discover/topology.hpp"

#include "tests/unit/discover/cases.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::discover {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Fqdn fqdn_of(const std::string& text) {
  return Fqdn::parse(text).value();
}

Topology of_case(const std::string& name) {
  return read_topology(testing::read_answers(SFB_SOURCE_DIR "/tests/discover/" + name));
}

Answer texts(const std::vector<std::string>& words) {
  auto result = std::make_shared<PipelineResult>();
  result->output.reserve(words.size());
  for (const std::string& word : words) {
    result->output.push_back(Value::string(word));
  }
  return result;
}

Answer refused() {
  return fail(Reason::timeout, "winrm.timeout", "the server did not answer in 60 s");
}

TEST(Topology, IsWholeWhereOneOfTheListsIs) {
  EXPECT_TRUE(of_case("pairs").whole);
  EXPECT_TRUE(of_case("errors").whole) << "the services were listed";
  EXPECT_FALSE(of_case("empty").whole);
  EXPECT_FALSE(of_case("odd").whole) << "a service was not understood, and so was a pool";
}

TEST(Topology, AFailureOfOneLosesNothingOfTheOthers) {
  Answers answers = testing::read_answers(SFB_SOURCE_DIR "/tests/discover/pairs");
  answers.services = refused();
  const Topology without_services = read_topology(answers);
  EXPECT_TRUE(without_services.whole);
  ASSERT_THAT(without_services.pools, SizeIs(2));
  EXPECT_EQ(without_services.pools[0].partner, fqdn_of("chi-cs-001.litwareinc.com"));
  EXPECT_EQ(without_services.pools[0].site, "Atlanta");
  EXPECT_THAT(without_services.remarks,
              Contains("Get-CsService -UserServer: the server did not answer in 60 s"));

  answers = testing::read_answers(SFB_SOURCE_DIR "/tests/discover/pairs");
  answers.pools = refused();
  const Topology without_pools = read_topology(answers);
  ASSERT_THAT(without_pools.pools, SizeIs(2));
  EXPECT_EQ(without_pools.pools[1].site, "Chicago");
  EXPECT_EQ(without_pools.master_known, MasterKnown::no) << "whose server it is, is not known";

  answers = testing::read_answers(SFB_SOURCE_DIR "/tests/discover/pairs");
  answers.store = refused();
  answers.relationships[fqdn_of("atl-cs-001.litwareinc.com")] = refused();
  const Topology parts = read_topology(answers);
  ASSERT_THAT(parts.pools, SizeIs(2));
  EXPECT_EQ(parts.pools[0].pairing, Pairing::unknown);
  EXPECT_EQ(parts.pools[1].pairing, Pairing::known);
  EXPECT_EQ(parts.master_known, MasterKnown::no);
}

TEST(Topology, WhatEndedInAnErrorTellsNoPartner) {
  auto result = std::make_shared<PipelineResult>();
  result->output = {Value::string("b.example.com")};
  result->state = PipelineState::failed;
  const Topology topology = read_topology({.services = texts({"UserServer:a.example.com"}),
                                           .pools = texts({}),
                                           .store = texts({}),
                                           .relationships = {{fqdn_of("a.example.com"), result}}});
  ASSERT_THAT(topology.pools, SizeIs(1));
  EXPECT_EQ(topology.pools[0].pairing, Pairing::unknown);
  EXPECT_THAT(topology.pools[0].remarks, Contains(HasSubstr("it was ended by an error")));
}

TEST(Topology, NothingOfWhichOutputMayBeMissingIsNotNone) {
  auto doubtful = std::make_shared<PipelineResult>();
  doubtful->doubt = "2 objects did not come";
  const Topology topology =
      read_topology({.services = texts({"UserServer:a.example.com"}),
                     .pools = texts({}),
                     .store = texts({}),
                     .relationships = {{fqdn_of("a.example.com"), doubtful}}});
  EXPECT_EQ(topology.pools.at(0).pairing, Pairing::unknown);
}

TEST(Topology, ThePoolsHaveACap) {
  std::vector<std::string> many;
  many.reserve(kMostPools + 3);
  for (std::size_t i = 0; i < kMostPools + 3; ++i) {
    many.push_back(fmt::format("UserServer:pool-{:04}.example.com", i));
  }
  const Topology topology = read_topology(
      {.services = texts(many), .pools = texts({}), .store = texts({}), .relationships = {}});
  EXPECT_THAT(topology.pools, SizeIs(kMostPools));
  EXPECT_FALSE(topology.whole);
  EXPECT_THAT(topology.remarks, Contains("3 more pools are not listed."));
  EXPECT_THAT(pools_with_users(texts(many), texts({})), SizeIs(kMostPools));
}

TEST(Topology, RemarksHaveACap) {
  const Topology topology =
      read_topology({.services = texts(std::vector<std::string>(1'000, "what")),
                     .pools = texts({}),
                     .store = texts({}),
                     .relationships = {}});
  EXPECT_THAT(topology.pools, IsEmpty());
  EXPECT_THAT(topology.remarks, SizeIs(kMostRemarks + 1));
  EXPECT_THAT(topology.remarks.back(), HasSubstr("more lines are not shown."));
}

TEST(Topology, WhoseServerTheMasterIs) {
  EXPECT_EQ(of_case("pairs").master, fqdn_of("atl-cs-001.litwareinc.com")) << "by its server";
  EXPECT_EQ(of_case("three-sites").master, fqdn_of("c1.example.com")) << "by the pool itself";
  EXPECT_EQ(of_case("foreign").master_known, MasterKnown::elsewhere);
  EXPECT_EQ(of_case("circle").master_known, MasterKnown::no) << "none is named";
}

}  // namespace
}  // namespace sfb::discover
