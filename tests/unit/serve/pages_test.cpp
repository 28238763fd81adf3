#include "agent/serve/pages.hpp"

#include "agent/serve/routes.hpp"
#include "tests/unit/serve/parts.hpp"
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

TEST(Pages, ConfigIsTheText) {
  const http::Response page = config_page(KeptText("pools: []\n"));
  EXPECT_EQ(page.status, 200);
  ASSERT_NE(page.body, nullptr);
  EXPECT_EQ(*page.body, "pools: []\n");
  EXPECT_EQ(header_of(page, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(header_of(page, "Cache-Control"), "no-store");
}

TEST(Pages, ALongConfigurationIsKeptPacked) {
  std::string yaml = "pools:\n";
  for (int pool = 0; pool < 10'000; ++pool) {
    yaml += fmt::format("  - {{fqdn: pool{:05}.litwareinc.com, site: Chicago}}\n", pool);
  }
  const KeptText kept(yaml);
  for (int time = 0; time < 2; ++time) {
    const http::Response page = config_page(kept);
    EXPECT_EQ(page.body, nullptr);
    ASSERT_NE(page.parts, nullptr);
    EXPECT_LT(page.parts->held(), yaml.size() / 2);
    EXPECT_TRUE(testing::all_of(*page.parts) == yaml);
  }
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
