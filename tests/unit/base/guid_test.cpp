#include "agent/base/guid.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sfb {
namespace {

constexpr std::string_view kText = "455a5aed-94d0-4af6-abd3-19a609385c25";

TEST(Guid, ReadsAndWritesTheTextForm) {
  const auto guid = parse_guid(kText);
  ASSERT_TRUE(guid);
  EXPECT_EQ(guid->bytes[0], 0x45);
  EXPECT_EQ(guid->bytes[15], 0x25);
  EXPECT_EQ(to_string(*guid), kText);
  EXPECT_EQ(to_upper(*guid), "455A5AED-94D0-4AF6-ABD3-19A609385C25");
}

TEST(Guid, TakesEveryUsualSpelling) {
  const auto guid = parse_guid(kText);
  for (const std::string_view text :
       {"455A5AED-94D0-4AF6-ABD3-19A609385C25", "{455a5aed-94d0-4af6-abd3-19a609385c25}",
        "uuid:455A5AED-94D0-4AF6-ABD3-19A609385C25",
        "urn:uuid:455a5aed-94d0-4af6-abd3-19a609385c25",
        " \n455a5aed-94d0-4af6-abd3-19a609385c25\r\n"}) {
    EXPECT_EQ(parse_guid(text), guid) << text;
  }
}

TEST(Guid, RefusesEverythingElse) {
  for (const std::string_view text :
       {"", "455a5aed", "455a5aed-94d0-4af6-abd3-19a609385c2",
        "455a5aed-94d0-4af6-abd3-19a609385c250", "455a5aed94d04af6abd319a609385c25",
        "455a5aed-94d0-4af6-abd3_19a609385c25", "455a5aeg-94d0-4af6-abd3-19a609385c25",
        "{455a5aed-94d0-4af6-abd3-19a609385c25"}) {
    EXPECT_FALSE(parse_guid(text)) << text;
  }
}

TEST(Guid, RandomOnesDifferAndSayVersionFour) {
  std::set<Guid> seen;
  for (int i = 0; i < 1000; ++i) {
    const Guid guid = random_guid();
    EXPECT_EQ(guid.bytes[6] >> 4, 4);
    EXPECT_EQ(guid.bytes[8] >> 6, 2);
    EXPECT_FALSE(guid.is_zero());
    seen.insert(guid);
  }
  EXPECT_EQ(seen.size(), 1000);
}

}  // namespace
}  // namespace sfb
