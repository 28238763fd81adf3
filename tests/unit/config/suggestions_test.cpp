#include "config/suggestions.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::config {
namespace {

using Names = std::vector<std::string_view>;

TEST(Suggestions, TheRemedyNamesWhatIsNear) {
  EXPECT_EQ(with_near("name an entry of endpoints", "dropbix", Names{"atlanta", "Dropbox"}),
            "name an entry of endpoints: did you mean Dropbox?");
  EXPECT_EQ(with_near("name an entry of endpoints", "nowhere", Names{"dropbox"}),
            "name an entry of endpoints");
  EXPECT_EQ(with_near("name an entry of endpoints", "Drop", Names{"drop2", "drop"}),
            "name an entry of endpoints: did you mean drop?")
      << "only its case is wrong";
  EXPECT_EQ(with_near("name an entry of endpoints", "dorp", Names{"drop2", "drop"}),
            "name an entry of endpoints: did you mean drop?");
  EXPECT_EQ(with_near_host("add it", "chi-cs-001", Names{"chi-cs-001.x.com", "atl-cs-001.x.com"}),
            "add it: did you mean chi-cs-001.x.com?");
}

// A text in the place of a name is perhaps a secret.
TEST(Suggestions, OnlyNamesAreOffered) {
  std::vector<DraftEndpoint> endpoints(2);
  endpoints[0].value.name = "dropbox";
  endpoints[1].value.name = "svc:hunter2";
  EXPECT_EQ(names_of(endpoints), Names{"dropbox"});
}

TEST(Suggestions, PartnersAreThoseWithoutOne) {
  Draft draft;
  // c and d are a pair. a means b, which names it.
  for (const auto& [fqdn, partner] :
       {std::pair("a.x", "bb.x"), std::pair("b.x", "a.x"), std::pair("c.x", "d.x"),
        std::pair("d.x", "c.x"), std::pair("e.x", "nowhere.x")}) {
    DraftPool pool;
    pool.fqdn = *Fqdn::parse(fqdn);
    pool.paired_pool = *Fqdn::parse(partner);
    draft.pools.push_back(std::move(pool));
  }
  const Partners partners(draft);
  EXPECT_EQ(partners.of(*Fqdn::parse("a.x")), (Names{"b.x", "e.x"}));
  EXPECT_EQ(partners.of(*Fqdn::parse("e.x")), Names{"a.x"});
}

}  // namespace
}  // namespace sfb::config
