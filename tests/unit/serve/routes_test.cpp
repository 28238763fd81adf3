#include "agent/serve/routes.hpp"

#include "tests/unit/serve/query_rig.hpp"

#include <gmock/gmock.h>

#include <set>
#include <string>

namespace sfb::serve {
namespace {

using ::testing::HasSubstr;

TEST(Routes, EveryDoorStandsOnceAndIsFoundByItsPath) {
  std::set<Door> doors;
  std::size_t queries = 0;
  for (const Route& route : routes()) {
    queries += route.door == Door::query ? 1U : 0U;
    EXPECT_TRUE(doors.insert(route.door).second || route.door == Door::query) << route.pattern;
    EXPECT_EQ(find_route(testing::path_of(route)), &route) << route.pattern;
    EXPECT_FALSE(route.help.empty()) << route.pattern;
  }
  EXPECT_EQ(doors.size(), 18U);
  EXPECT_EQ(queries, collectors::cmdlets().size()) << "one for each cmdlet";
}

TEST(Routes, CmdletsWithoutPoolAreAskedThroughOne) {
  const Route* const route = find_route("/api/v1/Get-CsManagementStoreReplicationStatus");
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->door, Door::query);
  EXPECT_THAT(route->help, HasSubstr("ReplicaFqdn, CentralManagementStoreStatus, via=POOL"));
}

TEST(Routes, PathsAreExact) {
  for (const char* path :
       {"", "*", "/metrics/", "/Metrics", "//", "/api/v1/history/", "/probe/",
        "/api/v1/get-csbackupservicestatus", "/-/reload/", "/-", "/api/v1/pools/",
        "/api/v1/pools/a/b", "/api/v1/pools/a/", "/api/v1/openapi"}) {
    EXPECT_EQ(find_route(path), nullptr) << path;
  }
}

TEST(Routes, APathHasTheValueOfItsPattern) {
  const Route* const route = find_route("/api/v1/pools/atl.example.com");
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->pattern, "/api/v1/pools/{fqdn}");
  EXPECT_EQ(path_value(*route, "/api/v1/pools/atl.example.com"), "atl.example.com");
  EXPECT_EQ(path_value(*find_route("/metrics"), "/metrics"), "");
}

TEST(Routes, RefusalsOfTheApiAreProblemJson) {
  const http::Response wrong = wrong_method(*find_route("/api/v1/pairs"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(testing::header_of(wrong, "Allow"), "GET, HEAD");
  EXPECT_EQ(testing::header_of(wrong, "Content-Type"), "application/problem+json");
  EXPECT_THAT(testing::body_of(wrong), HasSubstr(R"("reason":"protocol")"));
  EXPECT_THAT(testing::body_of(wrong), HasSubstr(R"("remedy":"use one of these")"));
  const http::Response nothing = unknown_path("/api/v1/pairs/x");
  EXPECT_EQ(nothing.status, 404);
  EXPECT_EQ(testing::header_of(nothing, "Content-Type"), "application/problem+json");
  EXPECT_THAT(testing::body_of(nothing), HasSubstr(R"("remedy":"/api/v1/openapi.json names)"));
}

TEST(Routes, OnlyScrapesAndProbesAreOpen) {
  for (const Route& route : routes()) {
    const bool open =
        route.pattern == "/metrics" || route.pattern == "/-/healthy" || route.pattern == "/-/ready";
    EXPECT_EQ(route.guard == Guard::open, open) << route.pattern;
    const bool page = route.pattern == "/" || route.pattern == "/assets/{name}";
    EXPECT_EQ(route.guard == Guard::origin, page) << route.pattern;
  }
}

TEST(Routes, MethodsAreExact) {
  const Route& route = *find_route("/metrics");
  EXPECT_TRUE(allows(route, "GET"));
  EXPECT_TRUE(allows(route, "HEAD"));
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get", "GE", "", "GET, HEAD"}) {
    EXPECT_FALSE(allows(route, method)) << method;
  }
}

TEST(Routes, RefusalsAreMadeFromTheTable) {
  const http::Response wrong = wrong_method(*find_route("/config"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(testing::header_of(wrong, "Allow"), "GET, HEAD");
  EXPECT_THAT(testing::body_of(wrong), HasSubstr("/config"));
  const http::Response unknown = unknown_path();
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(testing::header_of(unknown, "Content-Type"), "text/plain; charset=utf-8");
}

TEST(Routes, TheMetricsMayLieElsewhere) {
  const Doors doors("/probe/sfb-metrics");
  ASSERT_NE(doors.find("/probe/sfb-metrics"), nullptr);
  EXPECT_EQ(doors.find("/probe/sfb-metrics")->door, Door::metrics);
  EXPECT_EQ(doors.find("/probe/sfb-metrics")->pattern, "/probe/sfb-metrics")
      << "the counter's label";
  EXPECT_EQ(doors.find("/metrics"), nullptr);
  EXPECT_EQ(doors.find("/-/healthy"), find_route("/-/healthy"));
  EXPECT_EQ(Doors("/metrics").find("/metrics")->door, Door::metrics);
}

TEST(Routes, APathForMetrics) {
  for (const std::string good : {"/metrics", "/a", "/a/b-c_d.e~f", "/metrics2"}) {
    EXPECT_TRUE(check_metrics_path(good)) << good;
  }
  for (const std::string bad :
       {"", "/", "metrics", "/metrics/", "/a b", "/a?b", "/a#b", "/a%20", "/\xC3\xA4", "/a\nb",
        "/{fqdn}", "/-/healthy", "/config", "/api/v1/pools", "/api/v1/pools/a.example.com",
        "/api/v1/Get-CsBackupServiceStatus"}) {
    const Status status = check_metrics_path(bad);
    ASSERT_FALSE(status) << bad;
    EXPECT_EQ(status.error().code, "http.path");
  }
  EXPECT_FALSE(check_metrics_path("/" + std::string(200, 'a')));
}

}  // namespace
}  // namespace sfb::serve
