#include "agent/serve/pages.hpp"

#include "agent/json/reader.hpp"
#include "agent/serve/routes.hpp"
#include "agent/value/access.hpp"
#include "tests/unit/serve/query_rig.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

namespace sfb::serve {
namespace {

using testing::body_of;
using testing::get;
using ::testing::HasSubstr;
using testing::header_of;
using testing::kEvaluated;
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

TEST(Pages, IndexNamesEveryRouteLinksThoseThatAnswerAndEscapes) {
  const http::Response page = index_page("1.0 <b>&\"");
  EXPECT_EQ(header_of(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(header_of(page, "Content-Security-Policy"), HasSubstr("default-src 'none'"));
  for (const Route& route : routes()) {
    const bool needs_pool = route.door == Door::query || route.door == Door::history;
    EXPECT_THAT(body_of(page),
                HasSubstr(fmt::format(
                    fmt::runtime(needs_pool ? "<code>{0}</code>" : "<a href=\"{0}\">{0}</a>"),
                    route.pattern)));
  }
  EXPECT_THAT(body_of(page), HasSubstr("Version 1.0 &lt;b&gt;&amp;&quot;."));
  EXPECT_THAT(body_of(page), Not(HasSubstr("<b>")));
}

TEST(Pages, HtmlEscapes) {
  EXPECT_EQ(escape_html("<a href='x'>\"&\""), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;");
  EXPECT_EQ(escape_html("\xC3\xA9\xFF"), "\xC3\xA9\xEF\xBF\xBD");
}

status::HistoryEntry failed_entry() {
  status::HistoryEntry entry;
  entry.id = 7;
  entry.time = kEvaluated;
  entry.evaluated_at = kEvaluated - std::chrono::minutes(1);
  entry.trigger = status::Trigger::query;
  entry.question = "-Category CMS";
  entry.duration = std::chrono::milliseconds(1250);
  entry.reason = "parse";
  entry.code = "file.foreign";
  entry.stage = "parse";
  entry.message = "the file said \"hi\"\n\x01\xFF";
  entry.remedy = "look at it";
  entry.request_id = "night-1";
  return entry;
}

TEST(History, IsJsonWithEveryMember) {
  status::HistoryEntry good = failed_entry();
  good.id = 6;
  good.good = true;
  const Fqdn pool = Fqdn::parse("atl.example.com").value();
  status::HistoryEntry skipped = failed_entry();
  skipped.skipped = true;
  const http::Response page = history_page(pool, {failed_entry(), good, skipped});
  EXPECT_EQ(header_of(page, "Content-Type"), "application/json");
  const auto document = json::read(body_of(page), {});
  ASSERT_TRUE(document.has_value()) << describe(document.error()) << body_of(page);
  const Graph& graph = document->graph;
  const Value& root = document->roots.at(0);
  EXPECT_EQ(plain_text(graph, *find_property(graph, root, "pool")), "atl.example.com");
  const auto entries = items_of(graph, *find_property(graph, root, "history"));
  ASSERT_EQ(entries.size(), 3U);
  const std::pair<const char*, const char*> expected[] = {
      {"id", "7"},
      {"time", "2026-11-23T18:47:03.25Z"},
      {"evaluated_at", "2026-11-23T18:46:03.25Z"},
      {"trigger", "query"},
      {"question", "-Category CMS"},
      {"duration_seconds", "1.25"},
      {"outcome", "failed"},
      {"reason", "parse"},
      {"code", "file.foreign"},
      {"stage", "parse"},
      {"message", "the file said \"hi\"\n\x01\xEF\xBF\xBD"},
      {"remedy", "look at it"},
      {"request_id", "night-1"}};
  for (const auto& [name, value] : expected) {
    const Value* member = find_property(graph, *entries[0], name);
    ASSERT_NE(member, nullptr) << name;
    EXPECT_EQ(plain_text(graph, *member), value) << name;
  }
  EXPECT_EQ(plain_text(graph, *find_property(graph, *entries[1], "outcome")), "good");
  EXPECT_EQ(plain_text(graph, *find_property(graph, *entries[2], "outcome")), "skipped");
  EXPECT_EQ(body_of(history_page(pool, {})), "{\"pool\":\"atl.example.com\",\"history\":[]}\n");
}

TEST(History, ParameterIsStrict) {
  for (const char* query : {"PoolFqdn=atl", "poolfqdn=ATL.", "&PoolFqdn=atl&"}) {
    const auto pool = parse_history_request(get("/api/v1/history", query));
    ASSERT_TRUE(pool.has_value()) << query;
    EXPECT_EQ(pool->str(), "atl");
  }
  const std::pair<const char*, const char*> bad[] = {
      {"", "history.missing_parameter"},
      {"PoolFqdn", "fqdn.invalid"},
      {"PoolFqdn=", "fqdn.invalid"},
      {"PoolFqdn=a_b", "fqdn.invalid"},
      {"PoolFqdn=a&PoolFqdn=a", "history.duplicate_parameter"},
      {"PoolFqdn=a&limit=1", "history.unknown_parameter"},
      {"Pool=a", "history.unknown_parameter"},
      {"PoolFqdn=%", "url.escape"}};
  for (const auto& [query, code] : bad) {
    const auto pool = parse_history_request(get("/api/v1/history", query));
    ASSERT_FALSE(pool.has_value()) << query;
    EXPECT_EQ(pool.error().status, 400) << query;
    EXPECT_EQ(header_of(pool.error(), "Content-Type"), "application/problem+json") << query;
    EXPECT_THAT(body_of(pool.error()), HasSubstr(fmt::format("\"code\":\"{}\"", code))) << query;
  }
}

TEST(History, UnknownPoolIs404) {
  const http::Response page = unknown_pool(Fqdn::parse("nowhere.example.com").value());
  EXPECT_EQ(page.status, 404);
  EXPECT_THAT(body_of(page), HasSubstr("pool nowhere.example.com is not configured"));
}

}  // namespace
}  // namespace sfb::serve
