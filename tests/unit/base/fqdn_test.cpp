#include "agent/base/fqdn.hpp"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sfb {
namespace {

TEST(Fqdn, HasOneSpelling) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"atl-cs-001.litwareinc.com", "atl-cs-001.litwareinc.com"},
      {"ATL-CS-001.LitwareInc.COM", "atl-cs-001.litwareinc.com"},
      {"pool.example.com.", "pool.example.com"},
      {"pool", "pool"},
      {"pool.", "pool"},
      {"1.2.3.4", "1.2.3.4"},
      {"a--b.c", "a--b.c"},
      {std::string(63, 'a') + ".b", std::string(63, 'a') + ".b"}};
  for (const auto& [text, expected] : cases) {
    const auto fqdn = Fqdn::parse(text);
    ASSERT_TRUE(fqdn.has_value()) << text << ": " << describe(fqdn.error());
    EXPECT_EQ(fqdn->str(), expected);
  }
}

TEST(Fqdn, RefusesEverythingElse) {
  const std::string label(63, 'a');
  for (const std::string& text : {std::string(),
                                  std::string("."),
                                  std::string(".."),
                                  std::string("a..b"),
                                  std::string(".a"),
                                  std::string("a.."),
                                  std::string("-a.b"),
                                  std::string("a-.b"),
                                  std::string("a.-"),
                                  std::string("a_b.c"),
                                  std::string("a b"),
                                  std::string(" a"),
                                  std::string("a\n"),
                                  std::string("a/b"),
                                  std::string("a:80"),
                                  std::string("*.a"),
                                  std::string("a\0b", 3),
                                  std::string("\xC3\xA4.de"),
                                  std::string(64, 'a') + ".b",
                                  label + "." + label + "." + label + "." + std::string(62, 'a')}) {
    const auto fqdn = Fqdn::parse(text);
    ASSERT_FALSE(fqdn.has_value()) << text;
    EXPECT_EQ(fqdn.error().code, "fqdn.invalid");
    EXPECT_EQ(fqdn.error().reason, Reason::parse);
  }
}

TEST(Fqdn, TheLongestNameFits) {
  const std::string label(63, 'a');
  const std::string name = label + "." + label + "." + label + "." + std::string(61, 'a');
  ASSERT_EQ(name.size(), 253U);
  EXPECT_TRUE(Fqdn::parse(name).has_value());
  EXPECT_TRUE(Fqdn::parse(name + ".").has_value()) << "the dot does not count";
}

TEST(Fqdn, ComparesAndHashesByName) {
  const Fqdn a = *Fqdn::parse("a.example.com");
  const Fqdn b = *Fqdn::parse("b.example.com");
  EXPECT_LT(a, b);
  EXPECT_EQ(a, *Fqdn::parse("A.EXAMPLE.COM."));
  const std::unordered_set<Fqdn> set = {a, b, *Fqdn::parse("A.example.com")};
  EXPECT_EQ(set.size(), 2U);
}

}  // namespace
}  // namespace sfb
