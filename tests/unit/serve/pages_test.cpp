#include "agent/serve/pages.hpp"

#include "agent/serve/routes.hpp"
#include "tests/unit/serve/query_rig.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

namespace sfb::serve {
namespace {

using testing::body_of;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::Not;

TEST(Pages, ReadyFollowsTheCycleAndTheEnd) {
  EXPECT_EQ(ready_page(true, false).status, 200);
  EXPECT_EQ(ready_page(false, false).status, 503);
  EXPECT_EQ(ready_page(true, true).status, 503);
  EXPECT_THAT(body_of(ready_page(true, true)), HasSubstr("stopping"));
  EXPECT_EQ(healthy_page().status, 200);
}

TEST(Pages, ConfigIsTheSharedText) {
  const auto yaml = std::make_shared<const std::string>("pools: []\n");
  const http::Response page = config_page(yaml);
  EXPECT_EQ(page.body, yaml);
  EXPECT_EQ(header_of(page, "Content-Type"), "text/plain; charset=utf-8");
}

TEST(Pages, HtmlEscapes) {
  EXPECT_EQ(escape_html("<a href='x'>\"&\""), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;");
  EXPECT_EQ(escape_html("\xC3\xA9\xFF"), "\xC3\xA9\xEF\xBF\xBD");
}

TEST(Pages, UnknownPoolIs404) {
  const http::Response page = unknown_pool(
      not_configured(Fqdn::parse("nowhere.example.com").value(), "did you mean here?"), "target");
  EXPECT_THAT(body_of(page), HasSubstr("\"remedy\":\"did you mean here?\""));
  EXPECT_THAT(body_of(page), HasSubstr("\"parameter\":\"target\""));
  EXPECT_EQ(page.status, 404);
  EXPECT_THAT(body_of(page), HasSubstr("pool nowhere.example.com is not configured"));
}

}  // namespace
}  // namespace sfb::serve
