#include "tests/simulator/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sim {
namespace {

using ::testing::HasSubstr;

constexpr const char* kOne = "listeners: [{name: a}]\n";

std::string error_of(const std::string& more) {
  const auto read = read_scenario(kOne + more, "/x");
  return read ? "good" : read.error();
}

TEST(Scenario, TheExampleIsRead) {
  std::ifstream file(SFB_SOURCE_DIR "/tests/simulator/example.yml");
  std::stringstream text;
  text << file.rdbuf();
  const auto scenario = read_scenario(text.str(), "/x");
  ASSERT_TRUE(scenario) << scenario.error();
  ASSERT_EQ(scenario->listeners.size(), 2);
  EXPECT_EQ(scenario->listeners[0].port, 5986);
  EXPECT_EQ(scenario->listeners[1].server.language, "none");
  EXPECT_EQ(scenario->pools.size(), 2);
  EXPECT_EQ(scenario->faults.size(), 2);
  EXPECT_EQ(scenario->faults[1].number("code", 0), 2150859173U);
}

TEST(Scenario, MistakesAreToldWithTheirLine) {
  EXPECT_THAT(error_of("nonsense: 1\n"), HasSubstr("line 2: unknown key nonsense"));
  EXPECT_THAT(error_of("pools:\n  a:\n    modulse: []\n"),
              HasSubstr("line 4: unknown key modulse"));
  EXPECT_THAT(error_of("faults: [{do: explode}]\n"), HasSubstr("unknown fault do: explode"));
  EXPECT_THAT(error_of("pools: {a: {slow: soon}}\n"), HasSubstr("no duration"));
  EXPECT_THAT(error_of("pools: {a: {default: Final}}\n"), HasSubstr("Export,Import"));
  EXPECT_THAT(error_of("server: {language: klingon}\n"), HasSubstr("language"));
  EXPECT_FALSE(read_scenario("pools: {}\n", "/x"));
  EXPECT_FALSE(read_scenario("{", "/x"));
  EXPECT_FALSE(read_faults("[{do: hang, colour: red}]"));
  EXPECT_TRUE(read_faults("[{do: hang}]"));
}

TEST(Scenario, FilesLieBesideIt) {
  const auto scenario =
      read_scenario("listeners: [{name: a, tls: {certificate: c.pem, key: /k.pem}}]\n", "/folder");
  ASSERT_TRUE(scenario);
  EXPECT_EQ(scenario->listeners[0].certificate, "/folder/c.pem");
  EXPECT_EQ(scenario->listeners[0].key, "/k.pem");
}

TEST(Scenario, ManyAreGenerated) {
  const auto scenario = read_scenario("generate: {pools: 3, listeners: 2}\n", "/x");
  ASSERT_TRUE(scenario);
  EXPECT_EQ(scenario->listeners[1].name, "listener-2");
  EXPECT_TRUE(scenario->pools.contains("pool-0003.example.com"));
}

TEST(Timetable, StatesFollowTheClock) {
  const auto pool = read_pool(
      "{modules: [A, B], default: 'FinalState,NormalState', states: {B: 'ErrorState,NormalState'}, "
      "every: 10s, timetable: [{at: 3s, A: 'NonSteadyState,NormalState'}, "
      "{at: 5s, A: 'SteadyState,NormalState', B: 'FinalState,NormalState'}]}");
  ASSERT_TRUE(pool);
  const auto at = [&](int seconds) {
    const auto states = states_at(*pool, pool->started + std::chrono::seconds(seconds));
    return states.at("A").first + " " + states.at("B").first;
  };
  EXPECT_EQ(at(0), "FinalState ErrorState");
  EXPECT_EQ(at(2), "FinalState ErrorState");
  EXPECT_EQ(at(3), "NonSteadyState ErrorState");
  EXPECT_EQ(at(9), "SteadyState FinalState");
  EXPECT_EQ(at(10), "FinalState ErrorState");
  EXPECT_EQ(at(14), "NonSteadyState ErrorState");
}

}  // namespace
}  // namespace sim
