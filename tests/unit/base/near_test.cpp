#include "agent/base/near.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sfb {
namespace {

using Names = std::vector<std::string_view>;

const Names kKnown = {"method", "username", "password_file", "url", "site", "path"};

TEST(Near, OneOrTwoSlips) {
  EXPECT_EQ(near_names("methd", kKnown), Names{"method"});
  EXPECT_EQ(near_names("Method", kKnown), Names{"method"});
  EXPECT_EQ(near_names("metohd", kKnown), Names{"method"}) << "two letters swapped";
  EXPECT_EQ(near_names("usernaem_", kKnown), Names{"username"});
  EXPECT_EQ(near_names("ulr", kKnown), Names{"url"}) << "a swap is one slip";
  EXPECT_EQ(near_names("passwordfil", kKnown), Names{"password_file"});
  EXPECT_EQ(near_names("password_", kKnown), Names{});
  EXPECT_EQ(near_names("ur", Names{"url"}), Names{"url"});
  EXPECT_EQ(near_names("", kKnown), Names{});
  EXPECT_EQ(near_names("abc", Names{"xyz", ""}), Names{});
}

// Half of a short word is another word.
TEST(Near, ShortWordsMustBeNearer) {
  EXPECT_EQ(near_names("tide", Names{"site"}), Names{});
  EXPECT_EQ(near_names("tite", Names{"site"}), Names{"site"});
}

TEST(Near, OnlyTheNearestAndFew) {
  EXPECT_EQ(near_names("atl-cs-001", Names{"atl-cs-022", "atl-cs-01", "ATL-CS-001", "chi-cs-001"}),
            Names{"ATL-CS-001"});
  EXPECT_EQ(near_names("atl-cs-001", Names{"atl-cs-022", "atl-cs-01", "atl-cs-002"}),
            (Names{"atl-cs-01", "atl-cs-002"}));
  EXPECT_EQ(near_names("pool0", Names{"pool1", "pool2", "pool3", "pool4"}).size(), kMostNear);
}

TEST(Near, AShortHostNameIsComparedWithFirstLabels) {
  const Names hosts = {"chi-cs-001.litwareinc.com", "atl-cs-001.litwareinc.com",
                       "atl-cs-001.fabrikam.com", "atl-cs-010"};
  EXPECT_EQ(near_hosts("ATL-CS-001", hosts),
            (Names{"atl-cs-001.litwareinc.com", "atl-cs-001.fabrikam.com"}));
  EXPECT_EQ(near_hosts("cih-cs-001", hosts), Names{"chi-cs-001.litwareinc.com"});
  EXPECT_EQ(near_hosts("atl-cs-010", hosts), Names{"atl-cs-010"});
  EXPECT_EQ(near_hosts("alt-cs-001.litwareinc.com", hosts), Names{"atl-cs-001.litwareinc.com"});
  EXPECT_EQ(near_hosts("nowhere", hosts), Names{});
}

TEST(Near, LongWordsAndLongListsAreCapped) {
  const std::string longest(255, 'a');
  const std::string longer(256, 'a');
  EXPECT_EQ(near_names(longest, Names{longest}), Names{longest});
  EXPECT_EQ(near_names(longer, Names{longest}), Names{});
  EXPECT_EQ(near_names(longest, Names{longer}), Names{});
  Names many(kMostKnown, "chicago");
  many.emplace_back("atlanta");
  EXPECT_EQ(near_names("atlant", many), Names{});
  many.front() = "atlanta";
  EXPECT_EQ(near_names("atlant", many), Names{"atlanta"});
}

// By the definition: every cell of the table.
std::size_t plain_slips(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cells(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cells[i][j] = i + j;
        continue;
      }
      cells[i][j] = std::min({cells[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U),
                              cells[i - 1][j] + 1, cells[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cells[i][j] = std::min(cells[i][j], cells[i - 2][j - 2] + 1);
      }
    }
  }
  return cells[a.size()][b.size()];
}

TEST(Near, IsNearWhatIsFewSlipsAway) {
  std::mt19937 random(7);  // NOLINT: the same words each time
  const auto word = [&random] {
    std::string made(random() % 9, 'a');
    for (char& c : made) {
      c = static_cast<char>('a' + random() % 3);
    }
    return made;
  };
  int near = 0;
  for (int n = 0; n < 20'000; ++n) {
    const std::string a = word();
    const std::string b = word();
    const std::size_t slips = plain_slips(a, b);
    const bool expected = slips <= 2 && slips * 2 < b.size();
    ASSERT_EQ(!near_names(a, Names{b}).empty(), expected) << a << " and " << b;
    near += expected ? 1 : 0;
  }
  EXPECT_GT(near, 500);
}

TEST(Near, Words) {
  EXPECT_EQ(did_you_mean({}), "");
  EXPECT_EQ(did_you_mean(Names{"a"}), "did you mean a?");
  EXPECT_EQ(did_you_mean(Names{"a", "b"}), "did you mean a or b?");
  EXPECT_EQ(did_you_mean(Names{"a", "b", "c"}), "did you mean a, b or c?");
}

}  // namespace
}  // namespace sfb
