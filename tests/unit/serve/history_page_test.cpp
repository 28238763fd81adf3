#include "agent/serve/history_page.hpp"

#include "agent/json/reader.hpp"
#include "agent/serve/routes.hpp"
#include "agent/value/access.hpp"
#include "tests/unit/serve/query_rig.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <expected>
#include <string>

namespace sfb::serve {
namespace {

using testing::body_of;
using testing::get;
using ::testing::HasSubstr;
using testing::header_of;
using testing::kEvaluated;

std::expected<Given, http::Response> read(const std::string& query) {
  return read_parameters(find_route("/api/v1/history")->parameters, "history",
                         get("/api/v1/history", query));
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
  entry.front_end = "http://atl-fe-002:5985/wsman";
  return entry;
}

TEST(History, IsJsonWithEveryMember) {
  status::HistoryEntry good = failed_entry();
  good.id = 6;
  good.good = true;
  const Fqdn pool = Fqdn::parse("atl.example.com").value();
  status::HistoryEntry skipped = failed_entry();
  skipped.skipped = true;
  const http::Response page = history_page(pool, {failed_entry(), good, skipped}, {});
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
      {"request_id", "night-1"},
      {"front_end", "http://atl-fe-002:5985/wsman"}};
  for (const auto& [name, value] : expected) {
    const Value* member = find_property(graph, *entries[0], name);
    ASSERT_NE(member, nullptr) << name;
    EXPECT_EQ(plain_text(graph, *member), value) << name;
  }
  EXPECT_EQ(plain_text(graph, *find_property(graph, *entries[1], "outcome")), "good");
  EXPECT_EQ(plain_text(graph, *find_property(graph, *entries[2], "outcome")), "skipped");
  EXPECT_EQ(body_of(history_page(pool, {}, {})), "{\"pool\":\"atl.example.com\",\"history\":[]}\n");
}

TEST(History, ParameterIsStrict) {
  for (const char* query : {"PoolFqdn=atl", "poolfqdn=ATL.", "&PoolFqdn=atl&"}) {
    const auto given = read(query);
    ASSERT_TRUE(given.has_value()) << query;
    EXPECT_EQ(given->get<Fqdn>("PoolFqdn")->str(), "atl");
  }
  const std::pair<const char*, const char*> bad[] = {
      {"", "history.missing_parameter"},
      {"PoolFqdn", "fqdn.invalid"},
      {"PoolFqdn=", "fqdn.invalid"},
      {"PoolFqdn=a_b", "fqdn.invalid"},
      {"PoolFqdn=a&PoolFqdn=a", "history.duplicate_parameter"},
      {"PoolFqdn=a&limits=1", "history.unknown_parameter"},
      {"PoolFqdn=a&limit=0", "history.bad_value"},
      {"PoolFqdn=a&limit=-1", "history.bad_value"},
      {"PoolFqdn=a&limit=10001", "history.bad_value"},
      {"PoolFqdn=a&limit=1e3", "history.bad_value"},
      {"PoolFqdn=a&limit=", "history.bad_value"},
      {"PoolFqdn=a&since=yesterday", "history.bad_value"},
      {"PoolFqdn=a&since=-1", "history.bad_value"},
      {"PoolFqdn=a&since=1e400", "history.bad_value"},
      {"PoolFqdn=a&since=nan", "history.bad_value"},
      {"PoolFqdn=a&until=999999999999999", "history.bad_value"},
      {"PoolFqdn=a&until", "history.bad_value"},
      {"Pool=a", "history.unknown_parameter"},
      {"PoolFqdn=%", "url.escape"}};
  for (const auto& [query, code] : bad) {
    const auto pool = read(query);
    ASSERT_FALSE(pool.has_value()) << query;
    EXPECT_EQ(pool.error().status, 400) << query;
    EXPECT_EQ(header_of(pool.error(), "Content-Type"), "application/problem+json") << query;
    EXPECT_THAT(body_of(pool.error()), HasSubstr(fmt::format("\"code\":\"{}\"", code))) << query;
  }
}

TEST(History, SinceUntilAndLimit) {
  std::vector<status::HistoryEntry> entries;
  for (const int minutes : {0, 1, 2, 3}) {
    entries.push_back(failed_entry());
    entries.back().id = 10U - static_cast<unsigned>(minutes);
    entries.back().time = kEvaluated - std::chrono::minutes(minutes);
  }
  const auto ids = [&](const std::string& query) {
    const std::string page = body_of(
        history_page(Fqdn::parse("atl").value(), entries, read("PoolFqdn=atl" + query).value()));
    std::string found;
    for (const int id : {10, 9, 8, 7}) {
      found += page.contains(fmt::format("\"id\":{},", id)) ? fmt::format("{} ", id) : "";
    }
    return found;
  };
  EXPECT_EQ(ids(""), "10 9 8 7 ");
  EXPECT_EQ(ids("&limit=2"), "10 9 ");
  EXPECT_EQ(ids("&since=2026-11-23T18:46:03.25Z"), "10 9 ") << "then or later";
  EXPECT_EQ(ids("&until=2026-11-23T18:46:03.25Z"), "8 7 ") << "before then";
  EXPECT_EQ(ids("&since=2026-11-23T19:45:03.25%2B01:00&until=1795459623.25"), "9 8 ");
  EXPECT_EQ(ids("&until=2026-11-23T18:46:03.25Z&limit=1"), "8 ");
}

}  // namespace
}  // namespace sfb::serve
