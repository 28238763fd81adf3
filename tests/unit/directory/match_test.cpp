#include "agent/directory/match.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb::directory {
namespace {

constexpr std::int32_t kUniversal = -2147483640;

std::string sid_bytes(char relative) {
  using namespace std::string_literals;
  return "\x01\x02\0\0\0\0\0\x05\x15\0\0\0"s + relative + "\x04\0\0"s;
}

Entry entry(std::string domain, char relative, std::int32_t type = kUniversal) {
  return {std::move(domain), "Ops", sid_bytes(relative), type};
}

const std::vector<Domain> kDomains = {{"LITWARE", "litwareinc.com"}, {"CORP", "c.litwareinc.com"}};

std::string code(const GroupName& name, const std::vector<Entry>& entries) {
  const auto found = match(name, entries, kDomains);
  return found ? found->sid.str() : found.error().code;
}

TEST(Match, OneGroupIsIt) {
  const auto found = match({.account = "ops"}, std::vector{entry("litwareinc.com", 'A')}, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sid.str(), "S-1-5-21-1089");
  EXPECT_EQ(found->scope, Scope::universal);
  EXPECT_EQ(found->domain, "litwareinc.com");
}

TEST(Match, AGroupOfSeveralDomainsIsRefusedUnlessOneIsNamed) {
  const std::vector both = {entry("litwareinc.com", 'A'), entry("c.litwareinc.com", 'B')};
  const auto found = match({.account = "Ops"}, both, kDomains);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "directory.group_ambiguous");
  EXPECT_EQ(found.error().peer, "c.litwareinc.com, litwareinc.com");
  EXPECT_EQ(code({"Ops", "corp", true}, both), "S-1-5-21-1090");
  EXPECT_EQ(code({"Ops", "LitwareInc.com", false}, both), "S-1-5-21-1089");
  EXPECT_EQ(code({"Ops", "elsewhere.org", false}, both), "directory.group_unknown");
  EXPECT_EQ(code({"Ops", "OTHER", true}, both), "directory.domain_unknown");
  // Within one domain, too: nobody says which one is meant.
  EXPECT_EQ(code({"Ops", "litwareinc.com", false},
                 {entry("litwareinc.com", 'A'), entry("litwareinc.com", 'B')}),
            "directory.group_ambiguous");
}

TEST(Match, WhatIsNotThereOrNoSecurityGroupGrantsNothing) {
  EXPECT_EQ(code({"Ops"}, {}), "directory.group_unknown");
  EXPECT_EQ(code({"Ops"}, {entry("litwareinc.com", 'A', 8)}), "directory.group_distribution");
  EXPECT_EQ(code({"Ops"}, {entry("litwareinc.com", 'A', 0)}), "directory.answer");
  Entry half = entry("litwareinc.com", 'A');
  half.type.reset();
  EXPECT_EQ(code({"Ops"}, {half}), "directory.answer");
  half = entry("litwareinc.com", 'A');
  half.sid.pop_back();
  EXPECT_EQ(code({"Ops"}, {half}), "directory.answer");
}

TEST(Match, TheScopeIsNoted) {
  for (const auto& [type, scope] :
       std::vector<std::pair<std::int32_t, Scope>>{{kUniversal, Scope::universal},
                                                   {-2147483646, Scope::global},
                                                   {-2147483644, Scope::domain_local},
                                                   {-2147483643, Scope::builtin}}) {
    const auto found =
        match({.account = "Ops"}, std::vector{entry("litwareinc.com", 'A', type)}, {});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->scope, scope) << type;
  }
}

}  // namespace
}  // namespace sfb::directory
