// The doors of the API for programs.
#include "agent/serve/live_service.hpp"
#include "tests/unit/serve/service_rig.hpp"

#include <gmock/gmock.h>

#include <string>
#include <utility>

namespace sfb::serve {
namespace {

using testing::body_of;
using testing::get;
using ::testing::HasSubstr;
using testing::header_of;
using testing::kQuery;

using ServiceApiTest = testing::ServiceTest;

TEST_F(ServiceApiTest, PagesOfTheApi) {
  const http::Response pools = ask(get("/api/v1/pools", "site=Atlanta&knowledge=none"));
  EXPECT_EQ(pools.status, 200);
  EXPECT_EQ(header_of(pools, "Content-Type"), "application/json");
  EXPECT_EQ(header_of(pools, "Cache-Control"), "no-store");
  EXPECT_THAT(body_of(pools), HasSubstr("{\"pool\":\"fra-cs-001.litwareinc.com\""));
  EXPECT_THAT(body_of(ask(get("/api/v1/pools/ATL-cs-001.litwareinc.com.", ""))),
              HasSubstr("{\"pool\":\"atl-cs-001.litwareinc.com\""));
  EXPECT_THAT(body_of(ask(get("/api/v1/pairs", ""))), HasSubstr("\"pair\":\"atl-cs-001"));
  EXPECT_THAT(body_of(ask(get("/api/v1/openapi.json", ""))), HasSubstr("\"version\":\"0.1.0\""));
  EXPECT_TRUE(engine_.questions.empty()) << "these pages ask nobody";
}

TEST_F(ServiceApiTest, RefusalsOfTheApiAreProblemJsonAndSayWhatIsNear) {
  const std::pair<http::Request, int> cases[] = {
      {get("/api/v1/pools", "sight=x"), 400},
      {get("/api/v1/pools/a_b", ""), 400},
      {get("/api/v1/pools/alt-cs-001.litwareinc.com", ""), 404},
      {get("/api/v1/pools/atl-cs-001.litwareinc.com", "x"), 400},
      {get("/api/v1/pairs", "working=1"), 400},
      {get("/api/v1/openapi.json", "x=1"), 400},
      {get("/api/v1/history", "PoolFqdn=alt-cs-001.litwareinc.com"), 404}};
  for (const auto& [request, status] : cases) {
    const http::Response refused = ask(request);
    EXPECT_EQ(refused.status, status) << request.target;
    EXPECT_EQ(header_of(refused, "Content-Type"), "application/problem+json") << request.target;
    if (status == 404) {
      EXPECT_THAT(body_of(refused), HasSubstr("did you mean atl-cs-001.litwareinc.com"))
          << request.target;
    }
  }
  http::Request stranger = get("/api/v1/pools", "");
  stranger.peer = {false, "192.0.2.7", false};
  EXPECT_EQ(header_of(ask(stranger), "Content-Type"), "application/problem+json");
  EXPECT_THAT(body_of(ask(stranger)), HasSubstr("\"code\":\"access.anonymous\""));
}

// chi belongs to another agent.
TEST_F(ServiceApiTest, APoolOfAnotherShardIsNamedAsSuch) {
  ServiceOptions options = testing::service_options();
  options.elsewhere = {.pools = {{Fqdn::parse("mun-cs-001.litwareinc.com").value(),
                                  {.paired_pool = "atl-cs-001.litwareinc.com", .shard = 2}}},
                       .own = 1,
                       .total = 3};
  service_.reconfigure(options);
  engine_.outcome = std::unexpected(status::Refusal{
      Error{Reason::not_found, "pool.not_configured", "pool is not configured", "add it", {}, {}},
      {},
      {}});
  const std::string said =
      "pool mun-cs-001.litwareinc.com belongs to shard 2 of 3 shards, this agent is shard 1";
  for (const http::Request& request :
       {get("/api/v1/pools/mun-cs-001.litwareinc.com", ""),
        get("/api/v1/history", "PoolFqdn=MUN-cs-001.litwareinc.com"),
        get(kQuery, "PoolFqdn=mun-cs-001.litwareinc.com&as=json"),
        get(kQuery, "PoolFqdn=mun-cs-001.litwareinc.com&as=text&width=500"),
        get(kQuery, "PoolFqdn=mun-cs-001.litwareinc.com&as=clixml")}) {
    const http::Response refused = ask(request);
    EXPECT_EQ(refused.status, 404) << request.target;
    EXPECT_THAT(body_of(refused), HasSubstr(said)) << request.target;
    EXPECT_THAT(body_of(refused), HasSubstr("--shard 2")) << request.target;
    EXPECT_THAT(body_of(refused), HasSubstr("pool.other_shard")) << request.target;
  }
  // Its name may be what somebody meant.
  for (const http::Request& request : {get("/api/v1/pools/mum-cs-001.litwareinc.com", ""),
                                       get(kQuery, "PoolFqdn=mum-cs-001.litwareinc.com&as=json")}) {
    EXPECT_THAT(body_of(ask(request)), HasSubstr("did you mean mun-cs-001.litwareinc.com"))
        << request.target;
  }
}

TEST_F(ServiceApiTest, AnUnknownPoolOfAQueryNamesThoseThatAreNear) {
  engine_.outcome = std::unexpected(status::Refusal{Error{Reason::not_found,
                                                          "pool.not_configured",
                                                          "pool alt is not configured",
                                                          "add it",
                                                          {},
                                                          Stage::none},
                                                    {},
                                                    {}});
  for (const char* const form : {"text", "json", "clixml"}) {
    const http::Response refused =
        ask(get(kQuery, std::string("PoolFqdn=alt-cs-001.litwareinc.com&width=500&as=") + form));
    EXPECT_EQ(refused.status, 404) << form;
    EXPECT_THAT(body_of(refused), HasSubstr("did you mean atl-cs-001.litwareinc.com")) << form;
  }
}

}  // namespace
}  // namespace sfb::serve
