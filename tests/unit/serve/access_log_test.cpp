#include "agent/serve/access_log.hpp"

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

std::string line_of(const http::Request& request, const Caller& caller,
                    const http::Response& response) {
  std::string line;
  for (const LogField& field : query_fields(request, caller, "night-1", response, 1500ms)) {
    line += std::string(field.key) + "=" + field.value + " ";
  }
  return line;
}

TEST(AccessLog, TellsWhoAskedWhatAndWhatCameOfIt) {
  http::Response good;
  good.headers = {{"X-Outcome", "good"}, {"X-Evaluation-Source", "live"}};
  EXPECT_EQ(line_of(ask_for("PoolFqdn=ATL.example.com&Category=cms&Force"), {"prom"}, good),
            "user=prom peer=127.0.0.1 cmdlet=Get-CsBackupServiceStatus pool=atl.example.com "
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

TEST_F(AccessLogLines, OneForEachQueryAndNoneForAnythingElse) {
  ask(get("/metrics", ""));
  ask(get("/-/healthy", ""));
  ask(get("/api/v1/pools", ""));
  EXPECT_THAT(sink_->queries, IsEmpty());
  query("&Category=cms", {{"X-Request-Id", "night-1"}});
  ASSERT_THAT(sink_->queries, SizeIs(1));
  EXPECT_THAT(sink_->queries[0],
              AllOf(StartsWith("query peer=127.0.0.1 cmdlet=Get-CsBackupServiceStatus pool="),
                    HasSubstr(std::string("pool=") + kPool), HasSubstr("request_id=night-1"),
                    HasSubstr("outcome=good source=live")));
  EXPECT_EQ(engine_.wishes.at(0).request_id, "night-1") << "the history's";
}

TEST_F(AccessLogLines, EveryAnswerButScrapesAndProbesHasTheId) {
  for (const char* const path : {"/api/v1/pools", "/config", "/", "/nowhere", "/api/v1/history"}) {
    EXPECT_EQ(header_of(ask(get(path, "", {{"X-Request-Id", "night-1"}})), "X-Request-Id"),
              "night-1")
        << path;
    EXPECT_THAT(header_of(ask(get(path, "")), "X-Request-Id"), SizeIs(16)) << path;
  }
  EXPECT_EQ(header_of(ask(get("/metrics", "", {{"X-Request-Id", "night-1"}})), "X-Request-Id"), "");
}

}  // namespace
}  // namespace sfb::serve
