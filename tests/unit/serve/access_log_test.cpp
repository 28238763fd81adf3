#include "agent/serve/access_log.hpp"

#include "agent/serve/live_access_log.hpp"
#include "tests/unit/serve/service_rig.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::ask_for;
using testing::get;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::IsEmpty;
using testing::kPool;
using ::testing::Not;
using testing::ServiceTest;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string line_of(const http::Request& request, const access::Caller& caller,
                    const http::Response& response) {
  std::string line;
  for (const LogField& field :
       access_fields(find_route(request.path), request, caller, "night-1", response, 1500ms)) {
    line += std::string(field.key) + "=" + field.value + " ";
  }
  return line;
}

TEST(AccessLog, TellsWhoAskedWhatAndWhatCameOfIt) {
  http::Response good;
  good.headers = {{"X-Outcome", "good"}, {"X-Evaluation-Source", "live"}};
  EXPECT_EQ(line_of(ask_for("PoolFqdn=ATL.example.com&Category=cms&Force"),
                    {access::Proof::password, "prom"}, good),
            "user=prom proof=password peer=127.0.0.1 cmdlet=Get-CsBackupServiceStatus "
            "pool=atl.example.com "
            "parameters=-Category CMS -Force status=200 outcome=good source=live "
            "duration=1.500000 request_id=night-1 ");
}

TEST(AccessLog, WhatIsNotKnownIsLeftOut) {
  http::Response refused;
  refused.status = 403;
  refused.headers = {{"X-Outcome", "failed"}, {"X-Reason", "forbidden"}};
  EXPECT_EQ(line_of(ask_for("PoolFqdn=atl"), {}, refused),
            "peer=127.0.0.1 cmdlet=Get-CsBackupServiceStatus pool=atl status=403 outcome=failed "
            "reason=forbidden duration=1.500000 request_id=night-1 ");
}

TEST(AccessLog, NothingOfAQueryThatCannotBeReadIsShown) {
  http::Response wrong;
  wrong.status = 400;
  for (const char* const query : {"PoolFqdn=canary%0a", "canary=1", "PoolFqdn=a&Category=canary"}) {
    const std::string line = line_of(ask_for(query), {}, wrong);
    EXPECT_THAT(line, AllOf(HasSubstr("status=400"), Not(HasSubstr("canary")))) << query;
  }
}

class AccessLogLines : public ServiceTest {};

TEST_F(AccessLogLines, OneForEachQueryAndNoneForAScrape) {
  ask(get("/metrics", ""));
  ask(get("/-/healthy", ""));
  ask(get("/assets/page.css", ""));
  ask(get("/api/v1/openapi.json", ""));
  ask(get("/nowhere", ""));
  EXPECT_THAT(sink_->queries, IsEmpty());
  query("&Category=cms", {{"X-Request-Id", "night-1"}});
  ASSERT_THAT(sink_->queries, SizeIs(1));
  EXPECT_THAT(sink_->queries[0],
              AllOf(StartsWith("query peer=127.0.0.1 cmdlet=Get-CsBackupServiceStatus pool="),
                    HasSubstr(std::string("pool=") + kPool), HasSubstr("request_id=night-1"),
                    HasSubstr("outcome=good source=live")));
  EXPECT_EQ(engine_.wishes.at(0).request_id, "night-1") << "the history's";
}

TEST_F(AccessLogLines, OneForEachReadOfAPage) {
  const std::string pool(kPool);
  const auto with_id = [](const std::string& path, const std::string& query) {
    return get(path, query, {{"X-Request-Id", "night-1"}});
  };
  struct Read {
    std::string path;
    std::string query;
    std::string told;
  };
  for (const Read& read : {
           Read{"/", "", "page=/ status=200 outcome=good"},
           Read{"/pools/" + pool, "",
                "page=/pools/{fqdn} pool=" + pool + " status=200 outcome=good"},
           Read{"/api/v1/pools", "", "page=/api/v1/pools status=200 outcome=good"},
           Read{"/api/v1/pools/" + pool, "",
                "page=/api/v1/pools/{fqdn} pool=" + pool + " status=200 outcome=good"},
           Read{"/api/v1/pools/nowhere", "",
                "page=/api/v1/pools/{fqdn} pool=nowhere status=404 outcome=failed"},
           Read{"/api/v1/pairs", "", "page=/api/v1/pairs status=200 outcome=good"},
           Read{"/api/v1/history", "PoolFqdn=" + pool,
                "page=/api/v1/history pool=" + pool + " status=200 outcome=good"},
           Read{"/api/v1/history", "canary=" + pool,
                "page=/api/v1/history status=400 outcome=failed"},
           Read{"/http_sd", "", "page=/http_sd status=200 outcome=good"},
           Read{"/config", "", "page=/config status=200 outcome=good"},
       }) {
    sink_->queries.clear();
    ask(with_id(read.path, read.query));
    ASSERT_THAT(sink_->queries, SizeIs(1)) << read.path;
    EXPECT_THAT(sink_->queries[0],
                AllOf(StartsWith("read peer=127.0.0.1 " + read.told),
                      HasSubstr("request_id=night-1"), Not(HasSubstr("canary"))));
  }
}

TEST(AccessLog, ABrowserThatWaitsForEventsIsOneLine) {
  const Route* const route = find_route("/events");
  http::Response answer;
  EXPECT_TRUE(is_access(route, get("/events", "seen=0123"), answer));
  const http::Request next = get("/events", "seen=0123", {{"Last-Event-ID", "0123"}});
  EXPECT_FALSE(is_access(route, next, answer));
  for (const int status : {403, 503}) {
    answer.status = status;
    EXPECT_TRUE(is_access(route, next, answer)) << status;
    EXPECT_TRUE(is_bounded(route, answer)) << status;
  }
  answer.status = 200;
  EXPECT_TRUE(is_access(find_route("/api/v1/pools"),
                        get("/api/v1/pools", "", {{"Last-Event-ID", "0123"}}), answer));
}

TEST_F(AccessLogLines, APageWithoutItsPoolsIsARefusal) {
  http::Request stranger = get("/", "");
  stranger.peer.loopback = false;
  stranger.peer.address = "192.0.2.7";
  for (std::size_t i = 0; i < AccessLog::kMostRefusals + 5; ++i) {
    EXPECT_EQ(ask(stranger).status, 200);
  }
  ASSERT_THAT(sink_->queries, SizeIs(::testing::Ge(AccessLog::kMostRefusals)));
  EXPECT_THAT(sink_->queries[0],
              StartsWith("refused peer=192.0.2.7 page=/ status=200 outcome=failed "
                         "reason=forbidden"));
}

TEST(AccessLog, WhatStrangersCanCauseAtWillIsBounded) {
  const auto bounded = [](Door door, int status) {
    Route route;
    route.door = door;
    http::Response response;
    response.status = status;
    return is_bounded(&route, response);
  };
  for (const Door door : {Door::query, Door::pools, Door::probe, Door::reload, Door::status}) {
    for (const int status : {400, 401, 403, 429, 503}) {
      EXPECT_TRUE(bounded(door, status)) << status;
    }
    EXPECT_FALSE(bounded(door, 200));
  }
  EXPECT_FALSE(bounded(Door::query, 502)) << "an evaluation that failed";
  EXPECT_TRUE(bounded(Door::pool, 404));
}

TEST_F(AccessLogLines, EveryAnswerHasTheId) {
  for (const char* const path : {"/api/v1/pools", "/config", "/", "/nowhere", "/api/v1/history",
                                 "/metrics", "/-/healthy", "/-/ready", "/probe", "/http_sd"}) {
    EXPECT_EQ(header_of(ask(get(path, "", {{"X-Request-Id", "night-1"}})), "X-Request-Id"),
              "night-1")
        << path;
    EXPECT_THAT(header_of(ask(get(path, "")), "X-Request-Id"), SizeIs(16)) << path;
  }
}

}  // namespace
}  // namespace sfb::serve
