// Values told by their shape.
#include "collectors/shapes.hpp"

#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace sfb::collectors::testing;  // NOLINT: the builders

std::string host(std::string_view words) {
  const auto found = host_in(words);
  return found ? found->str() : "";
}

TEST(Shapes, HostsAreNamesWithADotAndALetterBehindIt) {
  EXPECT_EQ(host("Pool01.Contoso.COM"), "pool01.contoso.com");
  EXPECT_EQ(host(" pool01.contoso.com. "), "pool01.contoso.com");
  EXPECT_EQ(host("UserServer:pool01.contoso.com"), "pool01.contoso.com");
  EXPECT_EQ(host("a.b"), "a.b");
  for (const std::string_view none : {"",
                                      ".",
                                      "..",
                                      "a",
                                      "a.",
                                      ".a",
                                      "pool01",
                                      "7.0.2046.0",
                                      "10.1.2.3",
                                      "Site:contoso.com",
                                      "SITE:contoso.com",
                                      "1-UserServices-1",
                                      "a b.contoso.com",
                                      "https://pool.contoso.com/x",
                                      "True",
                                      "System.String[]",
                                      "a..b",
                                      ":",
                                      "x:",
                                      "a:b:c.d",
                                      "-a.contoso.com"}) {
    EXPECT_EQ(host(none), "") << none;
  }
  EXPECT_EQ(host(std::string(300, 'a') + ".com"), "");
}

TEST(Shapes, MembersOfEveryForm) {
  Graph graph;
  const Value made = object(graph, {{"One", text("a")},
                                    {"None", Value{}},
                                    {"Many", list(graph, {text("b"), Value{}, Value::int32(3)})}});
  const auto members = member_texts(graph, made);
  ASSERT_THAT(members, SizeIs(3));
  EXPECT_THAT(members[0].texts, ElementsAre("a"));
  EXPECT_THAT(members[1].texts, IsEmpty());
  EXPECT_THAT(members[2].texts, ElementsAre("b", "3"));
  EXPECT_EQ(shown(members), "One: a; None: ; Many: b, 3");

  const auto entries = member_texts(graph, table(graph, {{"Key", text("c")}}));
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].name, "Key");
  const Value alone = text("d");
  const auto plain = member_texts(graph, alone);
  ASSERT_THAT(plain, SizeIs(1));
  EXPECT_EQ(plain[0].name, "");
  EXPECT_THAT(plain[0].texts, ElementsAre("d"));
  EXPECT_THAT(member_texts(graph, Value{}), IsEmpty());
}

TEST(Shapes, WhatIsShownIsCut) {
  EXPECT_THAT(shown({{"A", {std::string(3'000, 'x')}}}), SizeIs(2'000));
}

}  // namespace
}  // namespace sfb::collectors
