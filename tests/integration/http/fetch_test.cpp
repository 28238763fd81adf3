// The blocking request of command lines, against our own server on another thread.
#include "agent/http/fetch.hpp"

#include "tests/integration/http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace sfb::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

FetchOptions from(const std::string& url) {
  FetchOptions options;
  options.url = url;
  options.timeout = 20s;
  return options;
}

TEST(Fetch, GivesTheWholeAnswerWhateverItsStatus) {
  TestServer server;
  const auto good = fetch(from("http://" + server.where + "/base/"), "/x?y=%20z");
  ASSERT_TRUE(good) << describe(good.error());
  EXPECT_EQ(good->status, 200);
  EXPECT_THAT(*good->body, HasSubstr("GET /base/x?y=%20z "));
  ASSERT_NE(good->header("Content-Type"), nullptr);
  const auto bad = fetch(from(server.where), "/throw");
  ASSERT_TRUE(bad) << describe(bad.error());
  EXPECT_EQ(bad->status, 500);
  const auto big = fetch(from(server.where), "/big");
  ASSERT_TRUE(big) << describe(big.error());
  EXPECT_TRUE(*big->body == *server.state->big) << big->body->size();
}

TEST(Fetch, WorksOverAUnixSocketAndByName) {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("sfb-fetch-{}", ::getpid())).string();
  TestServer over_unix({}, "unix:" + path);
  ASSERT_EQ(over_unix.error, "");
  const auto answer = fetch(from("unix:" + path), "/");
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_THAT(*answer->body, HasSubstr("unix=true"));

  TestServer by_name({}, "localhost:0");
  const auto named =
      fetch(from("http://localhost" + by_name.where.substr(by_name.where.rfind(':'))), "/");
  ASSERT_TRUE(named) << describe(named.error());
  EXPECT_EQ(named->status, 200);
}

TEST(Fetch, SendsTheHeadersAsTheyAre) {
  TestServer server;
  FetchOptions options = from(server.where);
  options.headers = {{"User-Agent", "test"}, {"Host", "x"}};
  const auto twice = fetch(options, "/");
  ASSERT_TRUE(twice) << describe(twice.error());
  EXPECT_EQ(twice->status, 400) << "a second Host is refused, so the header did arrive";
  options.headers.pop_back();
  EXPECT_EQ(fetch(options, "/").value().status, 200);
  options.headers = {{"X", "a\r\nY: b"}};
  EXPECT_EQ(fetch(options, "/").error().code, "client.request");
}

TEST(Fetch, EndsInTimeAndAtItsLimit) {
  TestServer server;
  FetchOptions options = from(server.where);
  options.max_bytes = 1000;
  EXPECT_EQ(fetch(options, "/big").error().code, "client.too_large");
  options.timeout = 1s;
  const MonoTime start = net::mono_now();
  const auto silent = fetch(options, "/hang");
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, "client.timeout");
  EXPECT_EQ(silent.error().reason, Reason::timeout);
  EXPECT_GE(net::mono_now() - start, 1s);
}

TEST(Fetch, TellsWhyThereIsNoAnswer) {
  std::string gone;
  {
    const TestServer server;
    gone = server.where;
  }
  struct Case {
    std::string url;
    std::string_view code;
  };
  for (const Case& c :
       {Case{gone, "client.refused"}, Case{"unix:/nonexistent/x", "client.no_socket"},
        Case{"no-such-host.invalid", "client.resolve"}, Case{"https://" + gone, "client.refused"},
        Case{"ftp://localhost", "client.url"}, Case{"", "client.url"}}) {
    const auto answer = fetch(from(c.url), "/");
    ASSERT_FALSE(answer) << c.url;
    EXPECT_EQ(answer.error().code, c.code) << c.url << ": " << describe(answer.error());
  }
}

}  // namespace
}  // namespace sfb::http
