#include "agent/wsman/http_answer.hpp"

#include "agent/base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.hpp"
#include <string>

namespace sfb::wsman {
namespace {

using namespace sfb::wsman::testing;
using ::testing::HasSubstr;
using ::testing::Not;

Error error_of(int status, std::string_view type, std::string_view body,
               std::vector<std::string_view> challenges = {}) {
  const Status soap = soap_inside(
      {.status = status, .content_type = type, .body = body, .challenges = std::move(challenges)});
  return soap ? Error{.code = "soap", .message = {}, .remedy = {}, .peer = {}} : soap.error();
}

std::string code_of(int status, std::string_view type, std::string_view body) {
  return error_of(status, type, body).code;
}

TEST(WsmanHttp, TheContentTypeDecides) {
  const std::string envelope = soap("u", "");
  for (const char* type :
       {"application/soap+xml", "application/soap+xml;charset=UTF-8",
        " Application/SOAP+XML ; charset=utf-8; action=\"x\"", "text/xml", "TEXT/XML;charset=x"}) {
    for (const int status : {200, 500, 400, 401, 503}) {
      EXPECT_EQ(code_of(status, type, envelope), "soap") << type << status;
    }
  }
  EXPECT_EQ(code_of(200, "", envelope), "soap") << "no type, but an envelope";
  EXPECT_EQ(code_of(200, "", "\xEF\xBB\xBF" + envelope), "soap");
  EXPECT_EQ(code_of(200, "", "<html>"), "http.status");
  EXPECT_EQ(code_of(200, "", "Envelope"), "http.status");
  EXPECT_EQ(code_of(200, "text/html", envelope), "http.status");
  EXPECT_EQ(code_of(200, "application/soap", envelope), "http.status");
  EXPECT_EQ(code_of(200, "application/soap+xml", " \r\n"), "http.status") << "nothing inside";
  EXPECT_EQ(code_of(401, "text/xml", "<html>a page</html>"), "http.unauthorized")
      << "pages about errors may be called XML";
}

TEST(WsmanHttp, OtherAnswersAreErrorsByStatus) {
  struct Case {
    int status;
    std::string_view body;
    Reason reason;
    std::string_view code;
  };
  for (const Case& c : {Case{400, "x", Reason::protocol, "http.bad_request"},
                        Case{401, "", Reason::auth, "http.unauthorized"},
                        Case{403, "x", Reason::forbidden, "http.forbidden"},
                        Case{404, "x", Reason::not_found, "http.not_found"},
                        Case{407, "x", Reason::protocol, "http.proxy_logon"},
                        Case{408, "x", Reason::protocol, "http.request_timeout"},
                        Case{411, "x", Reason::protocol, "http.length_required"},
                        Case{413, "x", Reason::protocol, "http.too_large"},
                        Case{429, "x", Reason::throttled, "http.throttled"},
                        Case{301, "x", Reason::protocol, "http.redirect"},
                        Case{307, "", Reason::protocol, "http.redirect"},
                        Case{503, "x", Reason::protocol, "http.unavailable"},
                        Case{500, "", Reason::protocol, "http.empty_500"},
                        Case{500, "x", Reason::protocol, "http.status"},
                        Case{502, "", Reason::protocol, "http.bad_gateway"},
                        Case{504, "x", Reason::protocol, "http.gateway_timeout"},
                        Case{405, "", Reason::protocol, "http.status"},
                        Case{200, "x", Reason::protocol, "http.status"},
                        Case{418, "x", Reason::protocol, "http.status"},
                        Case{0, "", Reason::protocol, "http.status"}}) {
    const Error error = error_of(c.status, "text/html", c.body);
    EXPECT_EQ(error.reason, c.reason) << c.status;
    EXPECT_EQ(error.code, c.code) << c.status;
    EXPECT_THAT(error.message, HasSubstr("HTTP " + std::to_string(c.status)));
    EXPECT_FALSE(error.remedy.empty());
    EXPECT_EQ(error.peer, c.body);
  }
}

TEST(WsmanHttp, ASealedAnswerIsNamedAsSuch) {
  const Error error = error_of(
      200, R"(multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted")", "\x01");
  EXPECT_EQ(error.reason, Reason::protocol);
  EXPECT_EQ(error.code, "http.encrypted");
  EXPECT_THAT(error.remedy, HasSubstr("https"));
  EXPECT_EQ(error.peer, "");
}

TEST(WsmanHttp, OverTlsNobodyIsToldToUseIt) {
  for (const auto& [status, type] :
       {std::pair{500, "text/html"}, {200, "multipart/encrypted;boundary=x"}}) {
    const HttpAnswer over_tls{
        .status = status, .content_type = type, .body = {}, .challenges = {}, .sealed = true};
    const Status read = soap_inside(over_tls);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().remedy, Not(HasSubstr("https")));
    EXPECT_THAT(read.error().message, Not(HasSubstr("message encryption")));
    EXPECT_FALSE(read.error().remedy.empty());
  }
}

TEST(WsmanHttp, AServerMaySayHowLongItWantsToBeLeftAlone) {
  const auto wait = [](int status, std::string_view retry_after) {
    const HttpAnswer answer{.status = status,
                            .content_type = {},
                            .body = {},
                            .retry_after = retry_after,
                            .challenges = {}};
    return soap_inside(answer).error().retry_after.count();
  };
  EXPECT_EQ(wait(429, "120"), 120);
  EXPECT_EQ(wait(503, " 30 "), 30);
  EXPECT_EQ(wait(503, "86400"), kMostRetryAfter.count());
  EXPECT_EQ(wait(503, "99999999999999999999999"), kMostRetryAfter.count());
  EXPECT_EQ(wait(502, "30"), 0);
  for (const char* none : {"", "0", "-5", "+5", "5 s", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"}) {
    EXPECT_EQ(wait(503, none), 0) << none;
  }
}

TEST(WsmanHttp, APageIsShownAsText) {
  const Error error = error_of(404, "text/html", R"(<!DOCTYPE html><!-- a > b --><html><head>
    <style type="text/css"> body { x > y } </style><title>404 - File
      not found.</title><script>if (a>b) { c("<p>"); }</script></head>
    <body><h2>404</h2><p class="x">Gone</p></body></html>)");
  EXPECT_EQ(error.peer, "404 - File not found. 404 Gone");
  EXPECT_THAT(error.message, Not(HasSubstr("Gone")));
  EXPECT_EQ(error_of(503, "text/html", "<h2>unfinished").peer, "unfinished");
  EXPECT_EQ(error_of(503, "text/html", "text <unfinished").peer, "text");
  EXPECT_EQ(error_of(503, "text/plain", std::string(1'000'000, 'x')).peer.size(), 2000U);
  EXPECT_EQ(error_of(503, "text/plain", std::string(1999, 'x') + "\xC3\xBC").peer.size(), 1999U)
      << "no half character";
}

TEST(WsmanHttp, A401ShowsWhatTheServerOffers) {
  const Error error =
      error_of(401, "text/html", "<h1>Denied</h1>", {"Negotiate", "Basic realm=\"WSMAN\""});
  EXPECT_EQ(error.peer, "Negotiate, Basic realm=\"WSMAN\"");
  const std::string token = "Negotiate " + std::string(1989, 'x') + "\xC3\xBC";
  EXPECT_EQ(error_of(401, "text/html", "", {token}).peer.size(), 1999U);
}

TEST(WsmanHttp, AGatewayIsToldFromTheServer) {
  for (const int status : {502, 503, 504}) {
    EXPECT_THAT(error_of(status, "text/html", "x").remedy, HasSubstr("gateway")) << status;
    EXPECT_THAT(error_of(status, "text/html", "x").remedy, Not(HasSubstr("check url"))) << status;
  }
}

TEST(WsmanHttp, ARedirectionShowsItsTarget) {
  const auto target = [](int status, std::string_view location) {
    const HttpAnswer answer{.status = status,
                            .content_type = "text/html",
                            .body = "<h1>Moved</h1>",
                            .location = location,
                            .challenges = {}};
    const Status read = soap_inside(answer);
    EXPECT_EQ(read.error().code, "http.redirect");
    EXPECT_THAT(read.error().message, Not(HasSubstr("example.com"))) << "a peer's words";
    return read.error().peer;
  };
  for (const int status : {301, 302, 307, 308}) {
    EXPECT_EQ(target(status, "https://fe.example.com:5986/wsman"),
              "https://fe.example.com:5986/wsman");
  }
  EXPECT_EQ(target(302, " /wsman/ "), "/wsman/");
  EXPECT_EQ(target(302, ""), "Moved") << "none is told";
  EXPECT_EQ(target(302, "https://u:hunter2@fe.example.com/a@b?token=hunter2#x"),
            "https://fe.example.com/a@b")
      << "nothing secret";
  EXPECT_EQ(target(302, std::string(5000, 'x')).size(), kPeerText);
}

TEST(WsmanHttp, AContentEncodingThatNobodyAskedForIsNamed) {
  const std::string envelope = soap("u", "");
  const auto read = [&](int status, std::string_view coding) {
    return soap_inside({.status = status,
                        .content_type = "application/soap+xml",
                        .body = envelope,
                        .content_encoding = coding,
                        .challenges = {}});
  };
  for (const int status : {200, 500}) {
    for (const std::string_view coding : {"gzip", " BR ", "deflate, gzip"}) {
      const Status coded = read(status, coding);
      ASSERT_FALSE(coded) << coding;
      EXPECT_EQ(coded.error().code, "http.content_encoding");
      EXPECT_THAT(coded.error().message, HasSubstr("Content-Encoding"));
      EXPECT_EQ(coded.error().peer, trim(coding));
      EXPECT_THAT(coded.error().remedy, HasSubstr("compression"));
    }
  }
  for (const std::string_view coding : {"", " ", "identity", "Identity"}) {
    EXPECT_TRUE(read(200, coding)) << coding;
  }
  const Status busy = read(503, "gzip");
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, "http.unavailable") << "the status says more";
  EXPECT_EQ(busy.error().peer, "") << "nobody can read it";
}

}  // namespace
}  // namespace sfb::wsman
