#include "collectors/backup_service_configuration/groups.hpp"

#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace sfb::collectors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace sfb::collectors::testing;  // NOLINT: the builders
using Names = std::vector<std::string>;

TEST(Groups, AreReadAsTheServerSpellsThem) {
  Graph graph;
  EXPECT_EQ(read_groups(graph, text("Schema admins")), Names{"Schema admins"});
  EXPECT_EQ(read_groups(graph, text(" a ;B, CORP\\c,")), (Names{"a", "B", R"(CORP\c)"}));
  EXPECT_EQ(read_groups(graph, text("")), Names{});
  EXPECT_EQ(read_groups(graph, text("CN=a,DC=x")), Names{"CN=a,DC=x"});
  EXPECT_EQ(read_groups(graph, list(graph, {text("a"), text("S-1-5-32-544")})),
            (Names{"a", "S-1-5-32-544"}));
  EXPECT_EQ(read_groups(graph, list(graph, {text("a"), object(graph, {})})), std::nullopt);
}

TEST(Groups, AreComparedByNameOrSid) {
  struct Row {
    Names server, here;
    std::optional<bool> same;
  };
  const std::vector<Row> rows = {
      {{}, {}, true},
      {{"Schema admins"}, {"schema ADMINS"}, true},
      {{"a", "b"}, {"b", "a", "A"}, true},
      {{R"(CORP\a)"}, {"a"}, true},
      {{R"(CORP\a)"}, {R"(corp\A)"}, true},
      {{R"(CORP\a)"}, {R"(OTHER\a)"}, false},
      {{R"(CORP\a)"}, {"a@corp.x.com"}, true},
      {{"a@corp.x.com"}, {"a@x.com"}, false},
      {{"RTCUniversalServerAdmins"}, {}, true},
      {{}, {R"(CORP\rtcuniversalserveradmins)"}, true},
      {{"Schema admins"}, {}, false},
      {{}, {"a"}, false},
      {{"S-1-5-21-1-2-3-4"}, {"s-1-5-21-1-2-3-4"}, true},
      {{"S-1-5-21-1-2-3-4"}, {"S-1-5-21-1-2-3-5"}, false},
      {{"S-1-5-21-1-2-3-4"}, {}, false},
      // A name may be that SID's, and a distinguished name anybody's.
      {{"S-1-5-21-1-2-3-4"}, {"a"}, std::nullopt},
      {{"a"}, {"S-1-5-21-1-2-3-4"}, std::nullopt},
      {{"CN=a,DC=x"}, {"a"}, std::nullopt},
      {{"CN=a,DC=x"}, {}, std::nullopt},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(compare_groups(rows[i].server, rows[i].here).same, rows[i].same) << "row " << i;
  }
}

TEST(Groups, TheDifferenceIsToldAsItIsWritten) {
  const auto found = compare_groups(Names{"Schema admins", "Both"}, Names{"BOTH", "Ours"});
  EXPECT_THAT(found.only_server, ElementsAre("Schema admins"));
  EXPECT_THAT(found.only_here, ElementsAre("Ours"));
  EXPECT_THAT(compare_groups(Names{"a"}, Names{"a"}).only_server, IsEmpty());
}

}  // namespace
}  // namespace sfb::collectors
