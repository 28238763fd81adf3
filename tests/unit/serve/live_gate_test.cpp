// The gate in front of all doors, through the whole service.
#include "agent/serve/live_gate.hpp"

#include "agent/base/base64.hpp"
#include "agent/serve/routes.hpp"
#include "tests/unit/serve/service_rig.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::body_of;
using ::testing::Contains;
using testing::get;
using ::testing::HasSubstr;
using testing::header_of;
using testing::kPool;
using testing::kQuery;
using ::testing::Not;
using testing::service_options;
using testing::ServiceTest;

constexpr const char* kPassword = "secret";

class GateTest : public ServiceTest {
 protected:
  static WebOptions one_user() {
    WebOptions web;
    web.users.push_back(
        {"prom",
         Secret(std::string("$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW")), 4});
    return web;
  }
  static http::Request as(http::Request request, const std::string& user,
                          const std::string& password) {
    request.authorization = Secret("Basic " + base64_encode(user + ":" + password));
    return request;
  }
  static http::Request some(const Route& route) {
    const bool needs_pool = route.door == Door::query || route.door == Door::history;
    const std::string path = testing::path_of(route);
    if (route.door == Door::probe) {
      return get(path, std::string("target=") + kPool);
    }
    const bool names_pool = route.door == Door::history || collectors::asks_pool(cmdlet_of(path));
    return get(path, needs_pool ? std::string(names_pool ? "PoolFqdn=" : "via=") + kPool : "");
  }
  std::string logins(const std::string& result) {
    const std::string name = "sfb_backup_exporter_logins_total{result=\"" + result + "\"} ";
    exposition::Writer writer(exposition::Format::text_0_0_4);
    self_->write(writer);
    const std::string page = writer.finish();
    const std::size_t at = page.find(name);
    return at == std::string::npos
               ? "absent"
               : page.substr(at + name.size(), page.find('\n', at) - at - name.size());
  }
};

TEST_F(GateTest, WithoutUsersNobodyHasToLogIn) {
  service_.set_web({});
  EXPECT_EQ(ask(get("/metrics", "")).status, 200);
  EXPECT_EQ(ask(as(get("/metrics", ""), "who", "cares")).status, 200);
  EXPECT_EQ(logins("bad"), "0");
}

TEST_F(GateTest, EveryDoorNeedsALogin) {
  service_.set_web(one_user());
  for (const Route& route : routes()) {
    const http::Response nobody = ask(some(route));
    EXPECT_EQ(nobody.status, 401) << route.pattern;
    EXPECT_EQ(header_of(nobody, "WWW-Authenticate"),
              "Basic realm=\"sfb_backup_exporter\", charset=\"UTF-8\"");
    EXPECT_EQ(ask(as(some(route), "prom", "guess")).status, 401) << route.pattern;
    EXPECT_EQ(ask(as(some(route), "nobody", kPassword)).status, 401) << route.pattern;
    EXPECT_EQ(ask(as(some(route), "prom", kPassword)).status, allows(route, "GET") ? 200 : 405)
        << route.pattern;
  }
  EXPECT_EQ(ask(get("/nowhere", "")).status, 401) << "nobody learns which paths there are";
  EXPECT_EQ(ask(as(get("/nowhere", ""), "prom", kPassword)).status, 404);
  http::Request other = get("/metrics", "");
  other.authorization = Secret(std::string("Bearer abc"));
  EXPECT_EQ(ask(std::move(other)).status, 401);
  EXPECT_EQ(engine_.questions.size(), collectors::cmdlets().size() + 1U /* the probe */)
      << "only who logged in asks";
  EXPECT_EQ(logins("good"), "1");
  EXPECT_EQ(logins("bad"), "2");
  EXPECT_EQ(logins("bad_cached"), std::to_string(2 * routes().size() - 2));
}

TEST_F(GateTest, RefusalsHaveTheFormOfTheirDoor) {
  service_.set_web(one_user());
  EXPECT_EQ(body_of(ask(get("/metrics", ""))), "Unauthorized\n");
  const http::Response pools = ask(get("/api/v1/pools", "", {{"X-Request-Id", "night-1"}}));
  EXPECT_EQ(header_of(pools, "Content-Type"), "application/problem+json");
  EXPECT_THAT(body_of(pools),
              AllOf(HasSubstr("\"status\":401"), HasSubstr("\"code\":\"access.login\""),
                    HasSubstr("\"request_id\":\"night-1\"")));
  for (const char* const path : {"/probe", "/http_sd"}) {
    const http::Response refused = ask(get(path, "target=atl.example.com"));
    EXPECT_EQ(header_of(refused, "Content-Type"), "application/problem+json") << path;
    EXPECT_THAT(body_of(refused), HasSubstr("\"code\":\"access.login\"")) << path;
  }
  EXPECT_THAT(body_of(query()), HasSubstr("+ FullyQualifiedErrorId : access.login"));
  const http::Response json = query("&as=json");
  EXPECT_THAT(body_of(json), HasSubstr("\"reason\":\"auth\""));
  EXPECT_EQ(header_of(json, "X-Reason"), "auth");
}

TEST_F(GateTest, PeopleAreToldHowToLogIn) {
  service_.set_web(one_user());
  const std::string pool = std::string("/pools/") + kPool;
  for (const std::string& path : {std::string("/"), pool}) {
    const http::Response nobody = ask(get(path, ""));
    EXPECT_EQ(nobody.status, 401) << path;
    EXPECT_EQ(header_of(nobody, "WWW-Authenticate"),
              "Basic realm=\"sfb_backup_exporter\", charset=\"UTF-8\"");
    EXPECT_EQ(header_of(nobody, "Content-Type"), "text/html; charset=utf-8");
    EXPECT_THAT(body_of(nobody), AllOf(HasSubstr("This agent wants a login."),
                                       HasSubstr("give the browser a user of this agent")));
    EXPECT_THAT(body_of(nobody), AllOf(Not(HasSubstr("href=")), Not(HasSubstr("src=")),
                                       Not(HasSubstr("Negotiate")), Not(HasSubstr("0.1.0"))))
        << "what is linked wants a login too, and would open the browser's window again";
    EXPECT_THAT(body_of(ask(as(get(path, ""), "prom", "guess"))),
                HasSubstr("There is no such user with that password."));
  }
  EXPECT_EQ(ask(get("/", "")).body, ask(get(pool, "")).body) << "made once for all strangers";
}

TEST_F(GateTest, OwnAnswersOfTheServerTakeTheHeadersAlong) {
  WebOptions web;
  web.headers = {{"X-Frame-Options", "deny"}};
  service_.set_web(std::move(web));
  http::Response own = http::text_response(431, "the request line and headers are too long");
  service_.finish_own(own, false);
  EXPECT_EQ(header_of(own, "X-Frame-Options"), "deny");
  http::Response open = http::text_response(408, "the headers did not come in time");
  service_.finish_own(open, true);
  EXPECT_EQ(header_of(open, "X-Frame-Options"), "");
  EXPECT_THAT(metrics(), AllOf(HasSubstr(counted("other", 431) + "1"),
                               HasSubstr(counted("other", 408) + "1")));
}

TEST_F(GateTest, NeitherTheAnswerNorTheLogTellsWhatWasWrong) {
  service_.set_web(one_user());
  const http::Response wrong =
      ask(as(get("/api/v1/pools", "", {{"X-Request-Id", "a"}}), "prom", "canary-1"));
  const http::Response unknown =
      ask(as(get("/api/v1/pools", "", {{"X-Request-Id", "a"}}), "canary-2", kPassword));
  EXPECT_EQ(body_of(wrong), body_of(unknown));
  ask(as(get("/metrics", ""), "prom", kPassword));
  service_.set_draining();
  EXPECT_THAT(sink_->lines,
              Contains(HasSubstr("logins refused bad=1 unchecked=0 last_peer=127.0.0.1")));
  for (const std::string& line : sink_->lines) {
    EXPECT_THAT(line, Not(HasSubstr("canary")));
    EXPECT_THAT(line, Not(HasSubstr(kPassword)));
  }
}

TEST_F(GateTest, ALoginIsNoRightToAsk) {
  service_.set_web(one_user());
  service_.reconfigure({});  // nobody may ask, no host is ours
  const http::Response refused =
      ask(as(get(kQuery, std::string("PoolFqdn=") + kPool), "prom", kPassword));
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(body_of(refused),
              AllOf(HasSubstr("access.groups"),
                    HasSubstr("prom is in none of the groups RTCUniversalServerAdmins")));
  EXPECT_EQ(ask(as(get("/api/v1/pools", ""), "prom", kPassword)).status, 403);
  EXPECT_TRUE(engine_.questions.empty());
  EXPECT_EQ(ask(as(get("/metrics", ""), "prom", kPassword)).status, 200);
}

TEST_F(GateTest, GroupsOfAUserOpenTheDoors) {
  service_.set_web(one_user());
  ServiceOptions options;
  options.access.authorized =
      std::make_shared<access::Authorized>(std::vector<std::string>{"Readers"});
  options.identities.users = {{"prom", {"CORP\\readers"}}};
  service_.reconfigure(options);
  const auto asked = [&] { return ask(as(get("/api/v1/pools", ""), "prom", kPassword)).status; };
  EXPECT_EQ(asked(), 200);
  EXPECT_EQ(ask(as(get("/api/v1/pools", ""), "prom", "wrong")).status, 401);
  service_.authorize(std::make_shared<access::Authorized>(std::vector<std::string>{}));
  EXPECT_EQ(asked(), 403) << "from now on without that group";
  options.identities.users = {{"prom", {"RTCUniversalServerAdmins"}}};
  service_.reconfigure(options);
  EXPECT_EQ(asked(), 200);
  options.identities.users = {{"other", {"RTCUniversalServerAdmins"}}};
  service_.reconfigure(options);
  EXPECT_EQ(asked(), 403);
}

// What a Kerberos ticket proves, by the seam that looks at tickets.
class TicketTest : public GateTest {
 protected:
  void SetUp() override {
    options_.access.authorized =
        std::make_shared<access::Authorized>(std::vector<std::string>{"S-1-5-21-1-2-3-1105"});
    options_.identities.tickets = [this](std::shared_ptr<const http::Request>, std::string) {
      return [](TicketOutcome outcome) -> asio::awaitable<TicketOutcome> {
        co_return outcome;
      }(outcome_);
    };
    service_.reconfigure(options_);
  }
  static http::Request with_ticket(const std::string& path) {
    http::Request request = get(path, "");
    request.authorization = Secret(std::string("negotiate abc"));
    return request;
  }
  ServiceOptions options_ = service_options();
  TicketOutcome outcome_{access::Caller{.proof = access::Proof::kerberos,
                                        .name = "bob@CORP",
                                        .groups = {*identity::Sid::parse("S-1-5-21-1-2-3-1105")}}};
};

TEST_F(TicketTest, ProvesWhoAsksAtEveryDoor) {
  outcome_.reply_token = "mutual";
  service_.set_web(one_user());
  for (const char* const path : {"/metrics", "/api/v1/pools"}) {
    const http::Response good = ask(with_ticket(path));
    EXPECT_EQ(good.status, 200) << path;
    EXPECT_EQ(header_of(good, "WWW-Authenticate"), "Negotiate bXV0dWFs");
  }
  outcome_.caller->groups_known = false;
  options_.access.allow_anonymous = Anonymous::none;
  service_.reconfigure(options_);
  const http::Response no_pac = ask(with_ticket("/api/v1/pools"));
  EXPECT_EQ(no_pac.status, 403);
  EXPECT_THAT(body_of(no_pac), AllOf(HasSubstr("access.no_pac"), HasSubstr("bob@CORP")));
  outcome_.caller->groups_known = true;
  outcome_.caller->groups = {};
  EXPECT_THAT(body_of(ask(with_ticket("/api/v1/pools"))), HasSubstr("access.groups"));
}

TEST_F(TicketTest, TheSchemesAreOfferedWhereACallerIsNeeded) {
  options_.access.allow_anonymous = Anonymous::none;
  service_.reconfigure(options_);
  const http::Response nobody = ask(get("/api/v1/pools", ""));
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(header_of(nobody, "WWW-Authenticate"), "Negotiate");
  EXPECT_THAT(body_of(nobody), HasSubstr("access.login"));
  EXPECT_EQ(query().status, 401);
  EXPECT_EQ(ask(get("/metrics", "")).status, 200) << "needs no caller";
  service_.set_web(one_user());
  std::vector<std::string> offered;
  for (const http::Header& header : ask(get("/metrics", "")).headers) {
    if (header.name == "WWW-Authenticate") {
      offered.push_back(header.value);
    }
  }
  EXPECT_THAT(offered, ::testing::ElementsAre(::testing::StartsWith("Basic "), "Negotiate"));
}

TEST_F(TicketTest, PeopleAreToldTheWaysThatThereAre) {
  options_.access.allow_anonymous = Anonymous::none;
  service_.reconfigure(options_);
  const http::Response nobody = ask(get("/", ""));
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(header_of(nobody, "WWW-Authenticate"), "Negotiate");
  EXPECT_THAT(body_of(nobody), AllOf(HasSubstr("log on to the domain"), Not(HasSubstr("user of")),
                                     Not(HasSubstr("WWW-Authenticate"))));
  EXPECT_THAT(body_of(ask(get("/api/v1/pools", ""))), HasSubstr("WWW-Authenticate"))
      << "programs read headers";
  service_.set_web(one_user());
  EXPECT_THAT(body_of(ask(get("/", ""))),
              AllOf(HasSubstr("a user of this agent"), HasSubstr("; or log on to the domain")));
  outcome_ = {std::unexpected(Error{Reason::forbidden,
                                    "access.ticket",
                                    "the ticket is of no use",
                                    "get another",
                                    {},
                                    Stage::none}),
              ""};
  const http::Response wrong = ask(with_ticket("/"));
  EXPECT_EQ(wrong.status, 403);
  EXPECT_THAT(body_of(wrong),
              AllOf(HasSubstr("The ticket is of no use."), HasSubstr("get another")));
}

TEST_F(TicketTest, AWrongOneIsRefusedInTheFormOfItsDoor) {
  outcome_ = {std::unexpected(Error{Reason::auth,
                                    "access.ticket",
                                    "the ticket is of no use",
                                    "get another",
                                    {},
                                    Stage::none}),
              "again"};
  const http::Response refused = ask(with_ticket("/api/v1/pools"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(header_of(refused, "WWW-Authenticate"), "Negotiate YWdhaW4=");
  EXPECT_EQ(std::ranges::count(refused.headers, "WWW-Authenticate", &http::Header::name), 1);
  EXPECT_THAT(body_of(refused), HasSubstr("\"code\":\"access.ticket\""));
  EXPECT_EQ(ask(with_ticket("/metrics")).status, 401) << "though nobody needs one there";
  outcome_.caller.error().reason = Reason::forbidden;
  EXPECT_EQ(ask(with_ticket("/metrics")).status, 403);
  outcome_.caller.error().reason = Reason::throttled;
  EXPECT_EQ(header_of(ask(with_ticket("/metrics")), "Retry-After"), "1");
}

// Strangers can cause it: they learn that it is so, and the log has the rest.
TEST_F(TicketTest, WhatTheAgentLacksIsToldToTheLogAlone) {
  for (const Reason reason : {Reason::process, Reason::timeout}) {
    Error error{reason, "access.keytab", "reading /etc/secret.keytab", {}, {}, Stage::none};
    error.peer = "Permission denied on host db01";
    outcome_.caller = std::unexpected(error);
    for (const char* const path : {"/metrics", "/api/v1/pools", kQuery}) {
      const http::Response refused = ask(with_ticket(path));
      EXPECT_EQ(refused.status, 503) << path;
      EXPECT_EQ(header_of(refused, "Retry-After"), "1");
      EXPECT_THAT(body_of(refused), HasSubstr("access.keytab"));
      EXPECT_THAT(body_of(refused), Not(HasSubstr("secret")));
      EXPECT_THAT(body_of(refused), Not(HasSubstr("db01")));
    }
  }
  EXPECT_THAT(sink_->lines, Contains(HasSubstr("/etc/secret.keytab")));
}

TEST_F(GateTest, ALoginThatIsNotLookedAtIsToldToComeBack) {
  service_.set_web(one_user());
  logins_.stop();
  const http::Response busy = ask(as(get("/metrics", ""), "prom", kPassword));
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(header_of(busy, "Retry-After"), "1");
  EXPECT_EQ(header_of(busy, "WWW-Authenticate"), "");
  EXPECT_THAT(body_of(ask(as(get("/api/v1/pools", ""), "prom", kPassword))),
              HasSubstr("\"code\":\"access.logins\""));
  EXPECT_EQ(logins("refused"), "2");
}

TEST_F(GateTest, TheRateIsOneForAllAndComesFirst) {
  WebOptions web = one_user();
  web.rate = {1h, 2};
  web.headers = {{"X-Frame-Options", "deny"}};
  service_.set_web(web);
  EXPECT_EQ(ask(get("/-/healthy", "")).status, 401);
  EXPECT_EQ(ask(get("/metrics", "")).status, 401);
  const http::Response refused = ask(as(get("/metrics", ""), "prom", kPassword));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(body_of(refused), "Too Many Requests\n");
  EXPECT_EQ(header_of(refused, "Retry-After"), "3600");
  EXPECT_EQ(header_of(refused, "X-Frame-Options"), "deny");
  EXPECT_THAT(body_of(query("&as=json")), HasSubstr("\"code\":\"access.rate\""));
  service_.set_web(web);
  EXPECT_EQ(ask(get("/metrics", "")).status, 429) << "the same rate again is no new bucket";
  service_.set_web(one_user());
  EXPECT_EQ(ask(get("/metrics", "")).status, 401);
  web.rate = {1h, 1};
  service_.set_web(web);
  EXPECT_EQ(ask(get("/metrics", "")).status, 401) << "another one is";
  EXPECT_EQ(ask(get("/metrics", "")).status, 429);
  service_.set_web({});
  EXPECT_THAT(metrics(), HasSubstr(counted("/metrics", 429) + "3\n"));
}

TEST_F(GateTest, EveryAnswerHasTheHeaders) {
  WebOptions web;
  web.headers = {{"Strict-Transport-Security", "max-age=31536000"},
                 {"Content-Security-Policy", "default-src 'self'"}};
  service_.set_web(web);
  for (const Route& route : routes()) {
    EXPECT_EQ(header_of(ask(some(route)), "Strict-Transport-Security"), "max-age=31536000")
        << route.pattern;
  }
  EXPECT_EQ(header_of(ask(get("/nowhere", "")), "Strict-Transport-Security"), "max-age=31536000");
  EXPECT_EQ(header_of(ask(get("/metrics", "")), "Content-Security-Policy"), "default-src 'self'");
  EXPECT_THAT(header_of(ask(get("/", "")), "Content-Security-Policy"), HasSubstr("'none'"))
      << "the page's own is stricter";
}

TEST_F(GateTest, UsersThatAreGoneAreOut) {
  service_.set_web(one_user());
  EXPECT_EQ(ask(as(get("/metrics", ""), "prom", kPassword)).status, 200);
  WebOptions other;
  other.users.push_back(
      {"prom", Secret(std::string("$2b$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu")),
       4});
  service_.set_web(std::move(other));
  EXPECT_EQ(ask(as(get("/metrics", ""), "prom", kPassword)).status, 401);
  EXPECT_EQ(ask(as(get("/metrics", ""), "prom", "other")).status, 200);
}

}  // namespace
}  // namespace sfb::serve
