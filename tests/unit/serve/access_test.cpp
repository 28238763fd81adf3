// Who may ask, by address, proxy headers and the name in Host.
#include "agent/serve/access.hpp"

#include "tests/unit/serve/query_rig.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::serve {
namespace {

using testing::ask_for;

AccessOptions options(Anonymous allow) {
  return {allow, {"localhost", "127.0.0.1", "::1", "mon.example.com", "fe80::1"}};
}

/// The refusal's code; empty when the request may go on.
std::string check(const http::Request& request, Anonymous allow = Anonymous::loopback) {
  const auto denied = check_access(request, options(allow));
  if (!denied) {
    return "";
  }
  EXPECT_FALSE(denied->message.empty());
  EXPECT_FALSE(denied->remedy.empty());
  EXPECT_EQ(error_of(*denied).reason, denied->status == 400   ? Reason::protocol
                                      : denied->status == 401 ? Reason::auth
                                                              : Reason::forbidden);
  return std::to_string(denied->status) + ' ' + denied->code;
}

http::Request from(std::string address, bool loopback, std::vector<http::Header> headers = {}) {
  http::Request request = ask_for("PoolFqdn=atl", std::move(headers));
  request.peer = {address == "unix", std::move(address), loopback};
  return request;
}

TEST(Access, AnonymousByAddress) {
  EXPECT_EQ(check(from("127.0.0.1", true), Anonymous::none), "403 access.anonymous");
  EXPECT_EQ(check(from("127.0.0.1", true), Anonymous::loopback), "");
  EXPECT_EQ(check(from("unix", true), Anonymous::loopback), "");
  EXPECT_EQ(check(from("192.0.2.7", false), Anonymous::loopback), "403 access.anonymous");
  EXPECT_EQ(check(from("192.0.2.7", false), Anonymous::any), "");
  EXPECT_EQ(check(from("192.0.2.7", false), Anonymous::none), "403 access.anonymous");
}

TEST(Access, AProxyIsNotLoopback) {
  for (const char* name : {"Forwarded",
                           "forwarded",
                           "X-Forwarded-For",
                           "x-forwarded-proto",
                           "X-Forwarded-",
                           "Via",
                           "X-Forwarded",
                           "X-Real-IP",
                           "x-real-ip",
                           "X-REAL-IP",
                           "X-Envoy-External-Address",
                           "x-envoy-decorator-operation",
                           "Forwarded-For",
                           "X-Client-IP",
                           "X-Cluster-Client-IP",
                           "Client-IP",
                           "True-Client-IP",
                           "CF-Connecting-IP",
                           "cf-ray",
                           "X-Original-URL",
                           "X-Original-Forwarded-For",
                           "Fastly-Client-IP",
                           "X-Amzn-Trace-Id",
                           "X-ARR-LOG-ID",
                           "X-Azure-ClientIP",
                           "X-Varnish",
                           "CDN-Loop",
                           "Proxy-Connection",
                           "X-Proxy-User",
                           "X-ProxyUser-Ip"}) {
    EXPECT_EQ(check(from("127.0.0.1", true, {{name, "192.0.2.7"}})), "403 access.anonymous")
        << name;
    EXPECT_EQ(check(from("127.0.0.1", true, {{"Accept", "*/*"}, {name, ""}})),
              "403 access.anonymous")
        << name;
    EXPECT_EQ(check(from("unix", true, {{name, ""}})), "403 access.anonymous") << name;
    EXPECT_EQ(check(from("127.0.0.1", true, {{name, "192.0.2.7"}}), Anonymous::any), "") << name;
  }
  for (const char* harmless :
       {"X-Forwarder", "Viable", "X-Real", "X-Request-Id", "Connection", "Accept-Encoding",
        "X-Envoy", "Origin", "X-Origin", "User-Agent", "Cookie", "X-Client"}) {
    EXPECT_EQ(check(from("127.0.0.1", true, {{harmless, "x"}})), "") << harmless;
  }
}

TEST(Access, HttpOnePointNoughtIsNotLoopback) {
  for (const char* address : {"127.0.0.1", "unix"}) {
    http::Request request = from(address, true, {{"Host", "127.0.0.1:9943"}});
    EXPECT_EQ(check(request), "");
    request.http11 = false;
    EXPECT_EQ(check(request), "403 access.anonymous") << address;
    EXPECT_EQ(check(request, Anonymous::any), "") << address;
    EXPECT_FALSE(check_origin(request, options(Anonymous::loopback))) << "/ shows nothing";
  }
}

TEST(Access, TheTextNamesTheSignOfTheProxy) {
  const auto text = [](http::Request request) {
    const auto denied = check_access(request, options(Anonymous::loopback)).value_or(Denied{});
    return denied.message + "; " + denied.remedy;
  };
  EXPECT_NE(text(from("127.0.0.1", true, {{"x-real-ip", "192.0.2.7"}}))
                .find("through a proxy: it has the header \"x-real-ip\"; ask the agent directly"),
            std::string::npos);
  http::Request old = from("127.0.0.1", true);
  old.http11 = false;
  EXPECT_NE(text(old).find("this request may have come through a proxy: it is HTTP/1.0"),
            std::string::npos);
}

struct HostCase {
  const char* host;
  const char* expected;
};

class HostHeader : public ::testing::TestWithParam<HostCase> {};

TEST_P(HostHeader, IsOneOfOurs) {
  const http::Request request = ask_for("PoolFqdn=atl", {{"Host", GetParam().host}});
  EXPECT_EQ(check(request), GetParam().expected) << GetParam().host;
  EXPECT_EQ(check(request, Anonymous::any), GetParam().expected) << "whoever may ask";
}

constexpr HostCase kHosts[] = {
    {"localhost", ""},
    {"localhost:9943", ""},
    {"LOCALHOST:1", ""},
    {"localhost.", ""},
    {"localhost.:9943", ""},
    {"127.0.0.1", ""},
    {"127.0.0.1:9943", ""},
    {"[::1]", ""},
    {"[::1]:9943", ""},
    {"[0:0:0:0:0:0:0:1]:9943", ""},
    {"[FE80::1]", ""},
    {"mon.example.com:", ""},
    {" Mon.Example.Com ", ""},
    {"evil.example.net", "403 access.host"},
    {"evil.example.net:9943", "403 access.host"},
    {"localhost.evil.example.net", "403 access.host"},
    {"127.0.0.2", "403 access.host"},
    {"[::2]", "403 access.host"},
    {"0.0.0.0", "403 access.host"},
    {"", "400 access.host"},
    {":9943", "400 access.host"},
    {"::1", "400 access.host"},
    {"[::1", "400 access.host"},
    {"[::1]9943", "400 access.host"},
    {"localhost:99999999", "400 access.host"},
    {"localhost:http", "400 access.host"},
    {"localhost/x", "400 access.host"},
    {"evil@localhost", "400 access.host"},
    {"[localhost]:x", "400 access.host"},
};

INSTANTIATE_TEST_SUITE_P(All, HostHeader, ::testing::ValuesIn(kHosts));

TEST(Access, TheAddressReallyReachedIsOurs) {
  http::Request request = ask_for("PoolFqdn=atl", {{"Host", "192.0.2.7:9943"}});
  EXPECT_EQ(check(request), "403 access.host");
  request.local_address = "192.0.2.7:9943";
  EXPECT_EQ(check(request), "");
  request.local_address = "unix:/run/x.sock";
  EXPECT_EQ(check(request), "403 access.host");
}

TEST(Access, WithoutHostGoesOn) {
  http::Request request = ask_for("PoolFqdn=atl");
  request.http11 = false;  // the server refuses it in 1.1
  EXPECT_EQ(check(request, Anonymous::any), "");
}

TEST(Access, CrossSiteIsRefused) {
  const auto site = [](std::string value) {
    return check(ask_for("PoolFqdn=atl", {{"Sec-Fetch-Site", std::move(value)}}), Anonymous::any);
  };
  EXPECT_EQ(site("cross-site"), "403 access.cross_site");
  EXPECT_EQ(site("Cross-Site"), "403 access.cross_site");
  for (const char* harmless : {"same-origin", "same-site", "none", ""}) {
    EXPECT_EQ(site(harmless), "") << harmless;
  }
  EXPECT_EQ(check(ask_for("", {{"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Site", "cross-site"}})),
            "403 access.cross_site");
}

TEST(Access, OriginAloneAsksForNoIdentity) {
  EXPECT_FALSE(check_origin(from("192.0.2.7", false), options(Anonymous::none)));
  EXPECT_TRUE(check_origin(ask_for("", {{"Host", "evil.example.net"}}), options(Anonymous::any)));
}

TEST(Access, TheGroupsOfACallerDecide) {
  AccessOptions named = options(Anonymous::none);
  named.authorized =
      std::make_shared<access::Authorized>(std::vector<std::string>{"CSAdministrator"});
  const auto text = [&](const access::Caller& caller, const AccessOptions& with) {
    const auto denied = check_access(from("192.0.2.7", false), with, caller);
    return denied ? std::to_string(denied->status) + ' ' + denied->code + ' ' + denied->message
                  : "";
  };
  access::Caller caller{
      .proof = access::Proof::token, .name = "CORP\\bob", .group_names = {"csadministrator"}};
  EXPECT_EQ(text(caller, named), "");
  EXPECT_EQ(text(caller, options(Anonymous::any)), "") << "anybody may";
  caller.group_names = {"Others"};
  EXPECT_EQ(text(caller, named),
            "403 access.groups CORP\\bob is in none of the groups RTCUniversalServerAdmins, "
            "CSAdministrator");
  EXPECT_TRUE(text(caller, options(Anonymous::none)).ends_with("groups RTCUniversalServerAdmins"));
  EXPECT_EQ(text(caller, options(Anonymous::any)), "");
  caller.group_names = {"csadministrator"};
  caller.groups_known = false;
  EXPECT_EQ(text(caller, named),
            "403 access.no_pac the ticket of CORP\\bob does not say in which groups the account is "
            "(no PAC)");
  EXPECT_TRUE(text({}, named).starts_with("403 access.anonymous "));
  named.provable = true;
  EXPECT_TRUE(text({}, named).starts_with("401 access.login ")) << text({}, named);
  named.hosts = {};
  EXPECT_EQ(check_access(ask_for("", {{"Host", "evil.example.net"}}), named, caller)->code,
            "access.host")
      << "whoever asks";
}

TEST(Access, TheTextNamesTheRemedy) {
  const auto denied = check_access(from("127.0.0.1", true), options(Anonymous::none));
  ASSERT_TRUE(denied);
  EXPECT_NE(denied->remedy.find("allow_anonymous"), std::string::npos);
  const auto host = check_access(ask_for("", {{"Host", "evil.example.net:1"}}), options({}));
  ASSERT_TRUE(host);
  EXPECT_NE(host->remedy.find("--web.allowed-host=evil.example.net"), std::string::npos)
      << host->remedy;
}

}  // namespace
}  // namespace sfb::serve
