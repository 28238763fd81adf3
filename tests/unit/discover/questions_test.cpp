// What a front end is asked.
#include "agent/discover/questions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::discover {
namespace {

using ::testing::HasSubstr;

const Fqdn kPool = Fqdn::parse("a.example.com").value();

TEST(Questions, AsSomebodyWouldTypeThem) {
  EXPECT_EQ(spelled(services_call()), "Get-CsService -UserServer");
  EXPECT_EQ(spelled(pools_call()), "Get-CsPool");
  EXPECT_EQ(spelled(store_call(kPool)),
            "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus");
  EXPECT_EQ(spelled(relationship_call(kPool, true)),
            "Get-CsPoolBackupRelationship -PoolFqdn a.example.com -LocalStore");
  EXPECT_EQ(spelled(relationship_call(kPool, false)),
            "Get-CsPoolBackupRelationship -PoolFqdn a.example.com");
}

TEST(Questions, TheirScriptsTakeTheirParametersAndNoneCostsTheSession) {
  for (const Call& call :
       {services_call(), pools_call(), store_call(kPool), relationship_call(kPool, true)}) {
    EXPECT_TRUE(call.side) << call.cmdlet;
    EXPECT_THAT(call.script, HasSubstr("  " + call.cmdlet + " @sfbArguments"));
    for (const Property& parameter : call.parameters) {
      EXPECT_THAT(call.script, HasSubstr("$" + parameter.name));
    }
  }
}

}  // namespace
}  // namespace sfb::discover
