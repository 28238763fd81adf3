#include "agent/directory/group_name.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb::directory {
namespace {

TEST(GroupName, IsReadInThreeForms) {
  struct Row {
    std::string written, account, domain;
    bool short_domain;
  };
  const std::vector<Row> rows = {
      {"RTCUniversalServerAdmins", "RTCUniversalServerAdmins", "", false},
      {"Schema admins", "Schema admins", "", false},
      {R"(CORP\CSAdministrator)", "CSAdministrator", "CORP", true},
      {R"(corp.litwareinc.com\CSAdministrator)", "CSAdministrator", "corp.litwareinc.com", false},
      {"CSAdministrator@corp.litwareinc.com", "CSAdministrator", "corp.litwareinc.com", false},
      {"on@call", "on@call", "", false},
      {"on@call@litwareinc.com", "on@call", "litwareinc.com", false},
      {"Gruppe Ä (alt)*", "Gruppe Ä (alt)*", "", false},
  };
  for (const Row& row : rows) {
    const auto name = read_group_name(row.written);
    ASSERT_TRUE(name) << row.written;
    EXPECT_EQ(name->account, row.account);
    EXPECT_EQ(name->domain, row.domain) << row.written;
    EXPECT_EQ(name->short_domain, row.short_domain) << row.written;
  }
}

TEST(GroupName, WhatIsNoneIsRefused) {
  for (const std::string& written :
       {std::string(), std::string(R"(\x)"), std::string(R"(CORP\)"), std::string(R"(A\B\C)"),
        std::string("@litwareinc.com"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("\xFF"), std::string(257, 'x')}) {
    const auto name = read_group_name(written);
    ASSERT_FALSE(name) << written;
    EXPECT_EQ(name.error().code, "directory.group_name");
  }
}

TEST(GroupName, StaysAValueWithinAFilter) {
  EXPECT_EQ(escape_filter("CS-Admin_1.x y"), "CS-Admin_1.x y");
  EXPECT_EQ(escape_filter(R"(*)(uid=*))(|(\)"), R"(\2a\29\28uid\3d\2a\29\29\28\7c\28\5c)");
  EXPECT_EQ(escape_filter(std::string("\0Ä", 3)), R"(\00\c3\84)");
  EXPECT_EQ(filter_of({"a*", "x)(y", true}), R"((&(objectCategory=group)(sAMAccountName=a\2a)))");
}

TEST(GroupName, TheDomainOfAnEntryIsTheEndOfItsName) {
  EXPECT_EQ(domain_of_dn("CN=x,CN=Users,DC=Corp,DC=litwareinc,DC=com"), "corp.litwareinc.com");
  EXPECT_EQ(domain_of_dn("CN=DC=evil\\,DC=org,OU=a,dc=litwareinc, dc=com"), "litwareinc.com");
  EXPECT_EQ(domain_of_dn("DC=evil,CN=x,DC=litwareinc,DC=com"), "litwareinc.com");
  EXPECT_EQ(domain_of_dn("CN=x,O=y"), "");
  EXPECT_EQ(domain_of_dn("CN=x\\"), "");
  EXPECT_EQ(domain_of_dn(""), "");
}

}  // namespace
}  // namespace sfb::directory
