#include "agent/http/query_string.hpp"

#include "agent/base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

QueryItem bare(std::string name) {
  return {std::move(name), std::nullopt};
}
QueryItem item(std::string name, std::string value) {
  return {std::move(name), std::move(value)};
}

TEST(ParseQuery, KeepsOrderAndDuplicatesAndTellsBareNames) {
  const auto items = parse_query("PoolFqdn=a.b&Force&Force=&x=1&x=2");
  ASSERT_TRUE(items) << describe(items.error());
  EXPECT_THAT(*items, ElementsAre(item("PoolFqdn", "a.b"), bare("Force"), item("Force", ""),
                                  item("x", "1"), item("x", "2")));
}

TEST(ParseQuery, LeavesEmptyPartsOut) {
  EXPECT_THAT(*parse_query(""), IsEmpty());
  EXPECT_THAT(*parse_query("&&"), IsEmpty());
  EXPECT_THAT(*parse_query("&a=1&&b&"), ElementsAre(item("a", "1"), bare("b")));
}

TEST(ParseQuery, DecodesNamesAndValues) {
  EXPECT_THAT(*parse_query("Pool%46qdn=a%2Eb+c%2B&%C3%A9=%e2%82%AC"),
              ElementsAre(item("PoolFqdn", "a.b c+"), item("\xC3\xA9", "\xE2\x82\xAC")));
}

TEST(ParseQuery, OnlyTheFirstEqualsSignSeparates) {
  EXPECT_THAT(*parse_query("a=b=c&=d"), ElementsAre(item("a", "b=c"), item("", "d")));
  EXPECT_THAT(*parse_query("a%3Db=c"), ElementsAre(item("a=b", "c")));
}

TEST(ParseQuery, RefusesWhatCannotBeDecoded) {
  struct Case {
    std::string_view query;
    std::string_view code;
    std::string_view peer;
  };
  for (const Case& c : {Case{"a=%", "url.escape", "%"}, Case{"a=%4", "url.escape", "%4"},
                        Case{"a=x%4g", "url.escape", "x%4g"}, Case{"a=%g4", "url.escape", "%g4"},
                        Case{"%zz=1", "url.escape", "%zz"}, Case{"a=%00", "url.nul", "%00"},
                        Case{"a=%FF", "url.utf8", "%FF"}, Case{"ok=1&%C3=1", "url.utf8", "%C3"},
                        Case{"a=\xED\xA0\x80", "url.utf8", "\xED\xA0\x80"}}) {
    const auto items = parse_query(c.query);
    ASSERT_FALSE(items) << c.query;
    EXPECT_EQ(items.error().code, c.code) << c.query;
    EXPECT_EQ(items.error().reason, Reason::parse) << c.query;
    EXPECT_EQ(items.error().peer, c.peer) << c.query;
  }
}

TEST(PercentDecode, PlusIsItselfUnlessToldOtherwise) {
  EXPECT_EQ(*percent_decode("a+b%20c"), "a+b c");
  EXPECT_EQ(*percent_decode("a+b%20c", Plus::blank), "a b c");
  EXPECT_FALSE(percent_decode(std::string_view("a\0b", 3)));
}

TEST(PercentEncode, IsUndoneByDecoding) {
  EXPECT_EQ(percent_encode("atl-cs_001.x~y"), "atl-cs_001.x~y");
  EXPECT_EQ(percent_encode("a b+c/%\xC3\xA9"), "a%20b%2Bc%2F%25%C3%A9");
  std::string all;
  for (int byte = 1; byte < 256; ++byte) {
    all += static_cast<char>(byte);
  }
  EXPECT_EQ(*percent_decode(percent_encode(all), Plus::blank), all);
}

}  // namespace
}  // namespace sfb::http
