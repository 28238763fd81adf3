#include "agent/serve/login_ways.hpp"

#include <gmock/gmock.h>

namespace sfb::serve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(LoginWays, EachWayThatABrowserHasIsNamedAndNoOther) {
  EXPECT_THAT(login_remedy({.password = true}),
              AllOf(HasSubstr("a user of this agent"), Not(HasSubstr(" or "))));
  EXPECT_THAT(login_remedy({.ticket = true}),
              AllOf(HasSubstr("Negotiate"), Not(HasSubstr("password"))));
  EXPECT_THAT(login_remedy({.certificate = true}), HasSubstr("client certificate"));
  EXPECT_THAT(login_remedy({.password = true, .ticket = true, .certificate = true, .token = true}),
              AllOf(HasSubstr("password; or log on to the domain"), HasSubstr("; or give the"),
                    Not(HasSubstr("token"))));
}

TEST(LoginWays, WhereABrowserHasNoneItIsSaid) {
  EXPECT_THAT(login_remedy({.token = true}),
              AllOf(HasSubstr("a browser sends no token"), HasSubstr("Get-CsBackupServiceStatus")));
  EXPECT_THAT(login_remedy({}), HasSubstr("operator"));
}

}  // namespace
}  // namespace sfb::serve
