#include "agent/http/request_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sfb::http {
namespace {

using Step = RequestReader::Step;

// Feeds as much as the reader takes, in pieces of `piece` bytes, until it says something else than
// `more` or nothing is left.
Step feed(RequestReader& reader, std::string_view& bytes, std::size_t piece = 1U << 20U) {
  Step step = reader.step();
  while (step == Step::more && !bytes.empty()) {
    const auto room = reader.prepare();
    const std::size_t size = std::min({room.size(), piece, bytes.size()});
    std::copy_n(bytes.begin(), size, room.begin());
    reader.commit(size);
    bytes.remove_prefix(size);
    step = reader.step();
  }
  return step;
}

Step feed_all(RequestReader& reader, std::string_view bytes, std::size_t piece = 1U << 20U) {
  return feed(reader, bytes, piece);
}

TEST(RequestReader, ReadsARequestHoweverItIsCut) {
  constexpr std::string_view kBytes =
      "POST /a%20b/c?x=1&y=%2f HTTP/1.1\r\nHost: h:1\r\nX-A:  v \r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t piece = 1; piece <= kBytes.size(); ++piece) {
    RequestReader reader(1024, 1024);
    EXPECT_FALSE(reader.started());
    ASSERT_EQ(feed_all(reader, kBytes, piece), Step::complete) << "pieces of " << piece;
    EXPECT_TRUE(reader.keep_alive());
    const Request request = reader.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/a%20b/c?x=1&y=%2f");
    EXPECT_EQ(request.path, "/a b/c");
    EXPECT_EQ(request.query, "x=1&y=%2f");
    EXPECT_EQ(*request.header("x-a"), "v");
    EXPECT_EQ(request.body, "hello");
    EXPECT_EQ(reader.step(), Step::more);
    EXPECT_FALSE(reader.started());
  }
}

TEST(RequestReader, AuthorizationIsNoHeaderLikeTheOthers) {
  constexpr std::string_view kBytes =
      "GET / HTTP/1.1\r\nHost: h\r\nauthorization:  Basic YTpi \r\nX-A: v\r\n\r\n";
  for (std::size_t piece = 1; piece <= kBytes.size(); ++piece) {
    RequestReader reader(1024, 1024);
    ASSERT_EQ(feed_all(reader, kBytes, piece), Step::complete) << "pieces of " << piece;
    const Request request = reader.take();
    EXPECT_EQ(request.authorization.reveal(), "Basic YTpi");
    EXPECT_FALSE(request.has("Authorization"));
    EXPECT_EQ(*request.header("X-A"), "v");
  }
}

TEST(RequestReader, WhatIsBehindAHeadHasNothingOfItsBuffer) {
  RequestReader reader(1024, 1024);
  constexpr std::string_view kFirst =
      "GET /1 HTTP/1.1\r\nHost: h\r\nAuthorization: Basic YTpi\r\n\r\n";
  const std::span<char> room = reader.prepare();
  std::copy_n(kFirst.begin(), kFirst.size(), room.begin());
  reader.commit(kFirst.size());
  const std::string_view lay(room.data(), kFirst.size());
  ASSERT_EQ(reader.step(), Step::complete);
  EXPECT_EQ(lay.find("YTpi"), std::string_view::npos) << "the buffer is still the connection's";
}

TEST(RequestReader, NothingOfAnAnsweredRequestIsShownAgain) {
  RequestReader reader(1024, 1024);
  ASSERT_EQ(feed_all(reader,
                     "HEAD /a?b=c HTTP/1.0\r\nHost: h\r\nX-A: 1\r\nX-B: 2\r\nAuthorization: Basic "
                     "YTpi\r\nContent-Length: 4\r\n\r\nbody"),
            Step::complete);
  reader.reuse(reader.take());
  ASSERT_EQ(feed_all(reader, "GET / HTTP/1.1\r\nHost: other\r\n\r\n"), Step::complete);
  const Request request = reader.take();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/");
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.query, "");
  EXPECT_EQ(request.body, "");
  EXPECT_TRUE(request.http11);
  EXPECT_TRUE(request.authorization.empty());
  ASSERT_EQ(request.headers.size(), 1U);
  EXPECT_EQ(*request.header("Host"), "other");
}

TEST(RequestReader, ARefusalIsNotForTheMethodBefore) {
  RequestReader reader(1024, 1024);
  ASSERT_EQ(feed_all(reader, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"), Step::complete);
  EXPECT_TRUE(reader.is_head());
  reader.reuse(reader.take());
  ASSERT_EQ(feed_all(reader, "\x01\r\n\r\n"), Step::refused);
  EXPECT_FALSE(reader.is_head());
}

std::string with_headers(std::size_t other, std::size_t authorization) {
  return "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(other, 'x') +
         "\r\nAuthorization: " + std::string(authorization, 't') + "\r\n\r\n";
}

TEST(RequestReader, OnlyAuthorizationMayBeLarge) {
  constexpr std::size_t kRest = 49;  // of with_headers
  struct Row {
    std::size_t other;
    std::size_t authorization;
    bool taken;
  };
  for (const std::size_t piece : {7U, 1000U, 100'000U}) {
    for (const Row& row :
         {Row{1, 60'000, true}, Row{16'384 - kRest, 1, true}, Row{16'384 - kRest, 49'152, true},
          Row{16'385 - kRest, 1, false}, Row{16'384 - kRest, 49'153, false}, Row{1, 65'536, false},
          Row{60'000, 1, false}}) {
      RequestReader reader(16'384, 1024, 65'536);
      const Step step = feed_all(reader, with_headers(row.other, row.authorization), piece);
      EXPECT_EQ(step, row.taken ? Step::complete : Step::refused)
          << row.other << " " << row.authorization << " in pieces of " << piece;
      if (row.taken) {
        EXPECT_EQ(reader.take().authorization.reveal().size(), row.authorization);
      } else {
        EXPECT_EQ(reader.refusal().status, 431);
      }
    }
  }
}

TEST(RequestReader, TellsHowLargeALargeHeadIs) {
  RequestReader reader(1024, 1024, 8192);
  const std::string large = with_headers(1, 2000);
  feed_all(reader, std::string_view(large).substr(0, 500));
  EXPECT_EQ(reader.large_head(), 0U);
  feed_all(reader, std::string_view(large).substr(500, 1000));
  EXPECT_EQ(reader.large_head(), 1500U);
  ASSERT_EQ(feed_all(reader, std::string_view(large).substr(1500)), Step::complete);
  static_cast<void>(reader.take());
  EXPECT_EQ(reader.large_head(), large.size()) << "the request may still be answered";
  ASSERT_EQ(feed_all(reader, with_headers(1, 1)), Step::complete);
  EXPECT_EQ(reader.large_head(), 0U);
}

TEST(RequestReader, RefusesTwoAuthorizations) {
  for (const std::string_view second : {"Authorization: Basic YTpi", "AUTHORIZATION: Bearer x"}) {
    RequestReader reader(1024, 1024);
    const std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic YTpi\r\n" +
                              std::string(second) + "\r\n\r\n";
    ASSERT_EQ(feed_all(reader, bytes), Step::refused);
    EXPECT_EQ(reader.refusal().status, 400);
  }
}

TEST(RequestReader, RefusesEveryTransferEncodingForGood) {
  // What hides behind the head would be a request to a reader that overlooks the refusal.
  constexpr std::string_view kSmuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
  struct Case {
    std::string_view headers;
    std::string_view version = "1.1";
    int status = 501;
  };
  for (const Case& c : {
           Case{"Transfer-Encoding: chunked\r\n"},
           Case{"transfer-encoding:CHUNKED\r\n"},
           Case{"Transfer-Encoding: gzip\r\n"},
           Case{"Transfer-Encoding: gzip, chunked\r\n"},
           Case{"Transfer-Encoding: identity\r\n"},
           Case{"Transfer-Encoding:\r\n"},
           Case{"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
           Case{"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"},
           Case{"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
           Case{"Content-Length: 5\r\nTransfer-Encoding: gzip\r\n"},
           Case{"Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"},
           Case{"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "1.1", 400},
           Case{"Transfer-Encoding : chunked\r\n", "1.1", 400},
           Case{"Transfer-Encoding: chunked\r\n", "1.0"},
       }) {
    const std::string bytes = "POST / HTTP/" + std::string(c.version) + "\r\nHost: h\r\n" +
                              std::string(c.headers) + "\r\n" + std::string(kSmuggled);
    for (const std::size_t piece : {1U << 20U, 1U}) {
      RequestReader reader(1000, 100);
      std::string_view rest = bytes;
      ASSERT_EQ(feed(reader, rest, piece), Step::refused) << c.headers << " in pieces of " << piece;
      EXPECT_EQ(reader.refusal().status, c.status) << c.headers;
      if (c.status == 501) {
        EXPECT_EQ(reader.refusal().text,
                  "bodies with a transfer encoding are not taken here; send Content-Length")
            << c.headers;
      }
      EXPECT_EQ(feed(reader, rest, piece), Step::refused) << c.headers << " asked again";
    }
  }
}

TEST(RequestReader, ReadsPipelinedRequestsInOrder) {
  std::string_view bytes =
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
      "\r\nGET /3 HTTP/1.0\r\n\r\n";
  RequestReader reader(1024, 1024);
  ASSERT_EQ(feed(reader, bytes), Step::complete);
  const Request first = reader.take();
  EXPECT_EQ(first.path, "/1");
  EXPECT_TRUE(first.http11);
  ASSERT_EQ(feed(reader, bytes), Step::complete);
  const Request second = reader.take();
  EXPECT_EQ(second.path, "/2");
  EXPECT_EQ(second.body, "x");
  ASSERT_EQ(feed(reader, bytes), Step::complete);
  EXPECT_FALSE(reader.keep_alive());
  EXPECT_FALSE(reader.http11());
  const Request third = reader.take();
  EXPECT_EQ(third.path, "/3");
  EXPECT_FALSE(third.http11);
}

TEST(RequestReader, KeepAliveFollowsVersionAndConnection) {
  struct Case {
    std::string_view bytes;
    bool keep_alive;
  };
  for (const Case& c : {Case{"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
                        Case{"GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", false},
                        Case{"GET / HTTP/1.0\r\n\r\n", false},
                        Case{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true}}) {
    RequestReader reader(1024, 1024);
    ASSERT_EQ(feed_all(reader, c.bytes), Step::complete) << c.bytes;
    EXPECT_EQ(reader.keep_alive(), c.keep_alive) << c.bytes;
  }
}

TEST(RequestReader, AsksForTheBodyOnlyWhenItIsAwaited) {
  constexpr std::string_view kHead =
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  RequestReader reader(1024, 1024);
  ASSERT_EQ(feed_all(reader, kHead), Step::ask_body);
  EXPECT_TRUE(reader.has_headers());
  EXPECT_EQ(reader.step(), Step::more) << "asked once";
  ASSERT_EQ(feed_all(reader, "ok"), Step::complete);
  EXPECT_EQ(reader.take().body, "ok");

  RequestReader eager(1024, 1024);
  EXPECT_EQ(feed_all(eager, std::string(kHead) + "ok"), Step::complete);
}

TEST(RequestReader, RefusesWhatIsNotHttp) {
  struct Case {
    std::string_view bytes;
    int status;
    std::string_view text;
  };
  const std::string many = "GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(2000, 'x');
  for (const Case& c : {
           Case{"\x16\x03\x01\x02\x05", 400, "the method is not valid"},
           Case{"\x16\x03\n\x02\x05", 400, "the method is not valid"},
           Case{"GET  / HTTP/1.1\r\n\r\n", 400, "the request target is not valid"},
           Case{"GET / HTTP/2.0\r\n\r\n", 400, "the HTTP version is not 1.0 or 1.1"},
           Case{"GET / HTTP/1.1\nHost: h\n\n", 400, "a line does not end with CR LF"},
           Case{"GET / HTTP/1.1\r\nHost: h\nA: b\r\n\r\n", 400, "a line does not end with CR LF"},
           Case{"GET / HTTP/1.1\r\nHost: h\n\n", 400, "a line does not end with CR LF"},
           Case{"GET / HTTP/2.0\r\n\r\nx\n", 400, "the HTTP version is not 1.0 or 1.1"},
           Case{"GET / HTTP/1.1\r\nHost h\r\n\r\n", 400, "a header line is not valid"},
           Case{"GET / HTTP/1.1\r\n\r\n", 400, "exactly one Host header is needed"},
           Case{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400,
                "exactly one Host header is needed"},
           Case{"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400, "the request target must be a path"},
           Case{"GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "the request target must be a path"},
           Case{"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", 400,
                "the request target must be a path"},
           Case{"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400, "the request target must be a path"},
           Case{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", 400,
                "the Content-Length is not valid"},
           Case{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400,
                "the Content-Length is not valid"},
           Case{"POST / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n", 417,
                "100-continue"},
           Case{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", 413,
                "the body is too long"},
           Case{many, 431, "too long"},
       }) {
    for (const std::size_t piece : {1U << 20U, 1U}) {
      RequestReader reader(1000, 100);
      ASSERT_EQ(feed_all(reader, c.bytes, piece), Step::refused)
          << c.bytes.substr(0, 90) << " in pieces of " << piece;
      EXPECT_EQ(reader.refusal().status, c.status) << c.bytes.substr(0, 90);
      EXPECT_NE(reader.refusal().text.find(c.text), std::string::npos)
          << c.bytes.substr(0, 90) << ": " << reader.refusal().text;
    }
  }
}

TEST(RequestReader, TheHeaderLimitCountsEveryLineHoweverItComes) {
  // Line by line, so that a limit on what is buffered alone would never be reached.
  RequestReader reader(1000, 100);
  ASSERT_EQ(feed_all(reader, "GET / HTTP/1.1\r\n"), Step::more);
  Step step = Step::more;
  std::size_t sent = 0;
  for (; step == Step::more && sent < 5000; sent += 20) {
    step = feed_all(reader, "X-Header: 123456789\r\n");
  }
  ASSERT_EQ(step, Step::refused);
  EXPECT_EQ(reader.refusal().status, 431);
  EXPECT_LE(sent, 1020U);
}

TEST(SplitTarget, TakesPathsAndAbsoluteUrls) {
  Request request;
  request.method = "GET";
  request.headers = {{"host", "evil"}, {"A", "b"}};
  ASSERT_TRUE(split_target(request, "http://good:9943/a?b=c"));
  EXPECT_EQ(request.path, "/a");
  EXPECT_EQ(request.query, "b=c");
  EXPECT_EQ(*request.header("Host"), "good:9943");
  EXPECT_EQ(request.target, "http://good:9943/a?b=c");
  ASSERT_TRUE(split_target(request, "http://good?x"));
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.query, "x");
  EXPECT_FALSE(split_target(request, "http:///a"));
  EXPECT_FALSE(split_target(request, "a/b"));
  EXPECT_FALSE(split_target(request, ""));
  request.method = "OPTIONS";
  EXPECT_TRUE(split_target(request, "*"));
  EXPECT_EQ(request.path, "*");
  ASSERT_TRUE(split_target(request, "/a+b?"));
  EXPECT_EQ(request.path, "/a+b");
  EXPECT_EQ(request.query, "");
}

TEST(RequestReader, ABodyThatItsHandlerReadsMayHaveAnyLength) {
  const std::string body(5000, 'x');
  const std::string bytes =
      "PUT /in HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n" + body + "GET / HTTP/1.1\r\n";
  for (const std::size_t piece : {1U, 7U, 100U, 10'000U}) {
    RequestReader reader(1024, 16);
    reader.set_reads_body([](const Request& head) { return head.path == "/in"; });
    std::string_view rest = bytes;
    ASSERT_EQ(feed(reader, rest, piece), Step::head);
    EXPECT_EQ(reader.body_size(), 5000U);
    EXPECT_TRUE(reader.keep_alive());
    EXPECT_FALSE(reader.wants_continue());
    const Request head = reader.take_head();
    EXPECT_EQ(head.path, "/in");
    EXPECT_EQ(head.body, "");
    ASSERT_EQ(feed(reader, rest, piece), Step::complete);
    EXPECT_EQ(reader.take().body, body);
    EXPECT_EQ(feed(reader, rest, piece), Step::more) << "the next request begins";
    EXPECT_TRUE(reader.started());
  }
}

TEST(RequestReader, OtherBodiesKeepTheirLimit) {
  RequestReader reader(1024, 16);
  reader.set_reads_body([](const Request& head) { return head.path == "/in"; });
  EXPECT_EQ(feed_all(reader, "PUT /on HTTP/1.1\r\nHost: h\r\nContent-Length: 17\r\n\r\n"),
            Step::refused);
  EXPECT_EQ(reader.refusal().status, 413);
  RequestReader empty(1024, 16);
  empty.set_reads_body([](const Request&) { return true; });
  EXPECT_EQ(feed_all(empty, "PUT /in HTTP/1.1\r\nHost: h\r\n\r\n"), Step::complete)
      << "there is nothing to read";
  RequestReader chunked(1024, 16);
  chunked.set_reads_body([](const Request&) { return true; });
  EXPECT_EQ(feed_all(chunked, "PUT /in HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Step::refused);
}

TEST(RequestReader, WhoWaitsForAContinueIsToldLater) {
  RequestReader reader(1024, 16);
  reader.set_reads_body([](const Request&) { return true; });
  ASSERT_EQ(feed_all(reader,
                     "PUT /in HTTP/1.1\r\nHost: h\r\nContent-Length: 17\r\nExpect: "
                     "100-continue\r\n\r\n"),
            Step::head);
  EXPECT_TRUE(reader.wants_continue());
}

}  // namespace
}  // namespace sfb::http
