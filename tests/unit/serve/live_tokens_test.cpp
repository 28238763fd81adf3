// Tokens, certificates and the log of who asked, through the whole service.
#include "agent/serve/live_tokens.hpp"

#include "agent/serve/live_access_log.hpp"
#include "tests/unit/serve/service_rig.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;
using ::testing::AllOf;
using testing::body_of;
using ::testing::Contains;
using testing::get;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::IsEmpty;
using testing::kPool;
using testing::kQuery;
using ::testing::Not;
using testing::service_options;
using testing::ServiceTest;
using ::testing::SizeIs;

constexpr const char* kToken = "canary-0123456789";

class TokensTest : public ServiceTest {
 protected:
  TokensTest() {
    options_.access.allow_anonymous = Anonymous::none;
    options_.access.authorized = std::make_shared<access::Authorized>(std::vector<std::string>{});
    options_.identities.tokens = {{"grafana", "/a", {"RTCUniversalServerAdmins"}},
                                  {"nagios", "/b", {"Others"}}};
    (*files_)["/a"] = kToken;
    (*files_)["/b"] = "canary-abcdefghij";
    service_with_tokens_.reconfigure(options_);
  }

  std::shared_ptr<Tokens> tokens() {
    return std::make_shared<Tokens>(Tokens::Parts{
        io_.get_executor(), reader_,
        [files = files_](const std::string& path) -> Result<std::shared_ptr<const Secret>> {
          const auto found = files->find(path);
          if (found == files->end()) {
            return fail(Reason::process, "secret.unreadable", "token file is not there");
          }
          return std::make_shared<const Secret>(std::string(found->second));
        },
        Logger(sink_, LogLevel::info, "http")});
  }
  http::Response asked(http::Request request) {
    http::Response out;
    asio::co_spawn(
        io_, service_with_tokens_.handle(std::make_shared<const http::Request>(std::move(request))),
        [&](const std::exception_ptr& failure, http::Response response) {
          EXPECT_FALSE(failure);
          out = std::move(response);
        });
    io_.restart();
    io_.run();
    return out;
  }
  http::Response with(const std::string& token, const std::string& path = "/api/v1/pools") {
    http::Request request = get(path, "");
    request.authorization = Secret("Bearer " + token);
    return asked(std::move(request));
  }

  std::shared_ptr<std::map<std::string, std::string>> files_ =
      std::make_shared<std::map<std::string, std::string>>();
  net::WorkerPool reader_{"tokens", 1, 1};
  ServiceOptions options_ = service_options();
  Service service_with_tokens_{{engine_,
                                engine_,
                                self_,
                                cpu_,
                                cpu_,
                                users_,
                                clock_,
                                Logger(sink_, LogLevel::info, "http"),
                                "0.1.0",
                                io_.get_executor(),
                                {},
                                std::chrono::milliseconds(1),
                                std::string(kMetricsPath),
                                {},
                                {},
                                std::chrono::milliseconds(500),
                                tokens()},
                               service_options()};
};

TEST_F(TokensTest, OpenWhatTheirGroupsOpen) {
  EXPECT_EQ(with(kToken).status, 200);
  const http::Response other = with("canary-abcdefghij");
  EXPECT_EQ(other.status, 403);
  EXPECT_THAT(body_of(other), AllOf(HasSubstr("access.groups"), HasSubstr("nagios is in none")));
  EXPECT_EQ(with("canary-0123456788").status, 401);
  EXPECT_EQ(with("canary-0123456788", "/metrics").status, 401) << "a wrong proof is none";
  EXPECT_EQ(with("a b").status, 401);
  const http::Response nobody = asked(get("/api/v1/pools", ""));
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(header_of(nobody, "WWW-Authenticate"), "Bearer realm=\"sfb_backup_exporter\"");
  EXPECT_EQ(asked(get("/metrics", "")).status, 200);
  service_with_tokens_.set_draining();
  EXPECT_THAT(sink_->lines, Contains(HasSubstr("logins refused bad=")));
  for (const auto* const lines : {&sink_->lines, &sink_->queries}) {
    EXPECT_THAT(*lines, Not(Contains(HasSubstr("canary"))));
  }
}

TEST_F(TokensTest, AFileThatIsNoGoodAdmitsNobody) {
  (*files_)["/a"] = "canary";
  EXPECT_EQ(with("canary").status, 401);
  EXPECT_THAT(sink_->lines, Contains(AllOf(HasSubstr("a token admits nobody"),
                                           HasSubstr("/a holds fewer than 16 characters"))));
  (*files_)["/a"] = kToken;
  service_with_tokens_.reconfigure(options_);  // looks at once
  EXPECT_EQ(with(kToken).status, 200);
  files_->erase("/a");
  service_with_tokens_.reconfigure(options_);
  EXPECT_EQ(with(kToken).status, 401) << "removing it takes the right away";
  (*files_)["/a"] = (*files_)["/b"];
  service_with_tokens_.reconfigure(options_);
  EXPECT_EQ(with((*files_)["/b"]).status, 401) << "whose it is cannot be told";
  EXPECT_THAT(sink_->lines, Contains(HasSubstr("the token of another entry")));
  EXPECT_THAT(sink_->lines, Not(Contains(HasSubstr("canary"))));
}

TEST_F(TokensTest, WhatAReloadTakesAwayIsGone) {
  EXPECT_EQ(with(kToken).status, 200);
  options_.identities.tokens[0].groups = {"Others"};
  service_with_tokens_.reconfigure(options_);
  EXPECT_EQ(with(kToken).status, 403);
  options_.identities.tokens.clear();
  service_with_tokens_.reconfigure(options_);
  const http::Response none = with(kToken);
  EXPECT_EQ(none.status, 403);
  EXPECT_THAT(body_of(none), HasSubstr("access.anonymous")) << "nothing can be proven any more";
}

TEST_F(TokensTest, ThatCannotBeReadAreToldToComeBack) {
  reader_.stop();
  const http::Response unread = with(kToken);
  EXPECT_EQ(unread.status, 503);
  EXPECT_EQ(header_of(unread, "Retry-After"), "1");
  EXPECT_THAT(body_of(unread), HasSubstr("access.tokens"));
}

// A mount that hangs: nothing is known of the tokens at first, then what was read before counts.
TEST_F(TokensTest, AFileThatHangsIsNamedAndHoldsUpNobody) {
  auto open = std::make_shared<std::promise<void>>();
  const auto hangs = std::make_shared<std::atomic<bool>>(true);
  net::WorkerPool reader("tokens", 1, 1);
  ASSERT_TRUE(reader.start());  // the time is for the files alone
  const auto tokens = std::make_shared<Tokens>(
      Tokens::Parts{io_.get_executor(), reader,
                    [hangs, opened = open->get_future().share()](
                        const std::string& path) -> Result<std::shared_ptr<const Secret>> {
                      if (path == "/mnt/dead/b" && *hangs) {
                        opened.wait();
                      }
                      return std::make_shared<const Secret>(
                          std::string(path == "/a" ? kToken : "canary-abcdefghij"));
                    },
                    Logger(sink_, LogLevel::info, "http"), std::chrono::milliseconds(500)});
  tokens->set({{"grafana", "/a", {}}, {"nagios", "/mnt/dead/b", {}}});
  const auto check = [&] {
    TokenOutcome outcome;
    asio::co_spawn(io_, tokens->check(Secret(std::string(kToken))),
                   [&](const std::exception_ptr&, TokenOutcome got) { outcome = std::move(got); });
    io_.restart();
    io_.run();
    return outcome;
  };
  EXPECT_TRUE(check().unknown);
  EXPECT_THAT(sink_->lines, Contains(AllOf(HasSubstr("token files are not read, no token counts"),
                                           HasSubstr("reading /mnt/dead/b did not end in time"))));
  // Asked again while the first look still hangs: the file is named again.
  sink_->lines.clear();
  tokens->set({{"grafana", "/a", {}}, {"nagios", "/mnt/dead/b", {"Others"}}});
  EXPECT_TRUE(check().unknown);
  EXPECT_THAT(sink_->lines, Contains(HasSubstr("reading /mnt/dead/b did not end in time")));
  *hangs = false;
  open->set_value();
  tokens->set({{"grafana", "/a", {}}, {"nagios", "/mnt/dead/b", {}}});
  for (TokenOutcome outcome = check(); !outcome.caller; outcome = check()) {
    tokens->set({{"grafana", "/a", {}}, {"nagios", "/mnt/dead/b", {}}});
  }
  EXPECT_EQ(check().caller.value().name, "grafana");
}

class CertificatesTest : public ServiceTest {
 protected:
  CertificatesTest() {
    options_.access.allow_anonymous = Anonymous::none;
    options_.access.authorized = std::make_shared<access::Authorized>(std::vector<std::string>{});
    options_.identities.certificates = {{"Grafana.example.com", {"RTCUniversalServerAdmins"}},
                                        {"other.example.com", {"Others"}}};
    service_.reconfigure(options_);
  }
  http::Response named(std::vector<std::string> names, const std::string& path = "/api/v1/pools") {
    http::Request request = get(path, path == kQuery ? std::string("PoolFqdn=") + kPool : "");
    request.peer.tls =
        std::make_shared<const http::TlsPeer>(http::TlsPeer{"bindings", std::move(names)});
    return ask(std::move(request));
  }
  ServiceOptions options_ = service_options();
};

TEST_F(CertificatesTest, TheirNamesGiveGroups) {
  EXPECT_EQ(named({"x.example.com", "grafana.EXAMPLE.com"}).status, 200);
  const http::Response other = named({"other.example.com"});
  EXPECT_EQ(other.status, 403);
  EXPECT_THAT(body_of(other), HasSubstr("other.example.com is in none of the groups"));
  EXPECT_EQ(named({"other.example.com", "grafana.example.com"}).status, 200);
  for (const http::Response& nobody :
       {named({}), named({"x.example.com"}), ask(get("/config", ""))}) {
    EXPECT_EQ(nobody.status, 403);
    EXPECT_THAT(body_of(nobody), HasSubstr("access.anonymous"));
    EXPECT_EQ(header_of(nobody, "WWW-Authenticate"), "");
  }
}

TEST_F(CertificatesTest, TheLogTellsWhoAsked) {
  named({"grafana.example.com"}, kQuery);
  ASSERT_THAT(sink_->queries, SizeIs(1));
  EXPECT_THAT(sink_->queries[0],
              HasSubstr("query user=Grafana.example.com proof=certificate peer="));
  named({"other.example.com"}, "/config");
  ASSERT_THAT(sink_->queries, SizeIs(2));
  EXPECT_THAT(sink_->queries[1], AllOf(HasSubstr("refused user=other.example.com"),
                                       HasSubstr("page=/config status=403")));
}

TEST_F(CertificatesTest, ProbesAndReloadsAreInTheLogToo) {
  options_.access.allow_anonymous = Anonymous::loopback;
  service_.reconfigure(options_);
  ask(get("/probe", std::string("target=") + kPool));
  ASSERT_THAT(sink_->queries, SizeIs(1));
  EXPECT_THAT(sink_->queries[0],
              AllOf(HasSubstr("probe peer=127.0.0.1 page=/probe"),
                    HasSubstr(std::string("pool=") + kPool), HasSubstr("status=200 outcome=good")));
  http::Request reload = get("/-/reload", "");
  reload.method = "POST";
  ask(std::move(reload));
  ASSERT_THAT(sink_->queries, SizeIs(2));
  EXPECT_THAT(sink_->queries[1], HasSubstr("reload peer=127.0.0.1 page=/-/reload status=403"));
}

TEST_F(CertificatesTest, RefusalsDoNotFillTheLog) {
  AccessLog log(Logger(sink_, LogLevel::info, "access"), clock_, io_.get_executor(),
                std::chrono::hours(1));
  http::Response refused;
  refused.status = 403;
  for (int i = 0; i < 100; ++i) {
    log.note(nullptr, get("/nowhere", ""), {}, "night-1", refused, {});
  }
  log.stop();
  ASSERT_THAT(sink_->queries, SizeIs(AccessLog::kMostRefusals + 2));
  EXPECT_THAT(sink_->queries[AccessLog::kMostRefusals - 1], HasSubstr("refused peer=127.0.0.1"));
  EXPECT_EQ(sink_->queries[AccessLog::kMostRefusals], "refused, not listed refused=1");
  EXPECT_EQ(sink_->queries.back(), "refused, not listed refused=79");
}

TEST_F(CertificatesTest, AFirstRequestWithoutAProofIsNoRefusal) {
  options_.identities.tickets = [](auto, auto) -> asio::awaitable<TicketOutcome> {
    co_return TicketOutcome{std::unexpected(Error{})};
  };
  service_.reconfigure(options_);
  EXPECT_EQ(ask(get("/config", "")).status, 401);
  EXPECT_THAT(sink_->queries, IsEmpty());
}

}  // namespace
}  // namespace sfb::serve
