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
  EXPECT_EQ(doors.size(), 11U);
  EXPECT_EQ(queries, collectors::cmdlets().size()) << "one for each cmdlet";
}

TEST(Routes, CmdletsWithoutPoolAreAskedThroughOne) {
  const Route* const route = find_route("/api/v1/Get-CsManagementStoreReplicationStatus");
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->door, Door::query);
  EXPECT_THAT(route->help, HasSubstr("ReplicaFqdn, CentralManagementStoreStatus, via=POOL"));
}

TEST(Routes, PathsAreExact) {
  for (const char* path : {"", "*", "/metrics/", "/Metrics", "//", "/api/v1/history/", "/probe",
                           "/api/v1/get-csbackupservicestatus", "/-/reload", "/-", "/api/v1/pools/",
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
}

TEST(Routes, OnlyScrapesAndProbesAreOpen) {
  for (const Route& route : routes()) {
    const bool open = route.pattern == "/metrics" || route.pattern.starts_with("/-/");
    EXPECT_EQ(route.guard == Guard::open, open) << route.pattern;
    EXPECT_EQ(route.guard == Guard::origin, route.pattern == "/") << route.pattern;
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

}  // namespace
}  // namespace sfb::serve
