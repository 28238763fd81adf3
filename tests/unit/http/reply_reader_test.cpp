#include "agent/http/reply_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t kHeader = 1024;
constexpr std::size_t kBody = 4096;

Result<HttpReply> parse(std::string_view bytes) {
  return parse_http_reply(bytes, kHeader, kBody);
}

TEST(HttpReply, ReadsABodyByItsLength) {
  const auto reply = parse(
      "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/soap+xml\r\n"
      "WWW-Authenticate: Negotiate\r\nwww-authenticate: Basic realm=\"WSMAN\"\r\n"
      "content-length: 5\r\n\r\n<x/>\n");
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->status, 500);
  EXPECT_EQ(reply->body, "<x/>\n");
  EXPECT_EQ(*reply->header("CONTENT-TYPE"), "application/soap+xml");
  EXPECT_THAT(reply->all("WWW-Authenticate"), ElementsAre("Negotiate", "Basic realm=\"WSMAN\""));
  EXPECT_EQ(reply->header("X"), nullptr);
}

TEST(HttpReply, ReadsChunksAndTrailers) {
  const auto reply = parse(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0a;name=\"v\"\r\n"
      "0123456789\r\n0\r\nX-Trailer: y\r\n\r\n");
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->body, "abc0123456789");
}

TEST(HttpReply, ReadsABodyUntilTheEnd) {
  const auto reply = parse("HTTP/1.0 200 OK\r\nServer: x\r\n\r\nabc");
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->body, "abc");
  HttpReplyReader reader(kHeader, kBody);
  ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\n\r\nabc"));
  const auto cut = reader.finish(false);
  ASSERT_FALSE(cut) << "an end that TLS does not vouch for";
  EXPECT_EQ(cut.error().code, "http.cut");
}

TEST(HttpReply, SkipsInterimAnswers) {
  const auto reply = parse(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz");
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->header("X"), nullptr);
  std::string many;
  for (int i = 0; i < 9; ++i) {
    many += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  EXPECT_EQ(parse(many).error().code, "http.malformed");
  EXPECT_EQ(parse("HTTP/1.1 101 Switching\r\n\r\n").error().code, "http.malformed");
}

TEST(HttpReply, HasNoBodyWithoutOne) {
  EXPECT_EQ(parse("HTTP/1.1 204 No Content\r\n\r\n").value().body, "");
  EXPECT_EQ(parse("HTTP/1.1 304 Same\r\nContent-Length: 7\r\n\r\n").value().body, "");
  EXPECT_EQ(parse("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n").value().status, 401);
}

TEST(HttpReply, KnowsWhetherTheConnectionCanStay) {
  struct Case {
    std::string_view bytes;
    bool stays;
  };
  for (const Case& c :
       {Case{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", true},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\nx", true},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: foo, Close\r\n\r\nx", false},
        Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
        Case{"HTTP/1.1 204 OK\r\n\r\n", true},
        Case{"HTTP/1.1 204 OK\r\nConnection: close\r\n\r\n", false},
        Case{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx", false},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy", false}}) {
    HttpReplyReader reader(kHeader, kBody);
    ASSERT_TRUE(reader.feed(c.bytes)) << c.bytes;
    ASSERT_TRUE(reader.done()) << c.bytes;
    EXPECT_EQ(reader.reusable(), c.stays) << c.bytes;
  }
}

TEST(HttpReply, RefusesWhatIsNotAnAnswer) {
  for (const std::string_view bytes :
       {"SSH-2.0-OpenSSH_9.2\r\n", "\x15\x03\x03", "HTTP 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"}) {
    const auto reply = parse(bytes);
    ASSERT_FALSE(reply) << bytes;
    EXPECT_EQ(reply.error().reason, Reason::protocol) << bytes;
    EXPECT_EQ(reply.error().code, "http.malformed") << bytes << describe(reply.error());
  }
  EXPECT_EQ(parse("SSH-2.0-x\r\n").error().peer, "SSH-2.0-x\r\n");
}

TEST(HttpReply, TellsWhatWasCut) {
  const std::string whole =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto reply = parse(whole.substr(0, size));
    ASSERT_FALSE(reply) << size;
    EXPECT_EQ(reply.error().code, "http.cut") << size;
    EXPECT_EQ(reply.error().reason, Reason::protocol) << size;
  }
  const auto nothing = parse("");
  EXPECT_EQ(nothing.error().code, "http.closed");
  EXPECT_EQ(nothing.error().reason, Reason::connect);
  EXPECT_THAT(nothing.error().message, HasSubstr("before an answer"));
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc").error().code, "http.cut");
}

TEST(HttpReply, HasLimits) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string& bytes :
       {ok + "X: " + std::string(kHeader, 'x') + "\r\n\r\n", ok + std::string(2 * kHeader, 'x'),
        ok + "Content-Length: 4097\r\n\r\n", ok + "Content-Length: 18446744073709551615\r\n\r\n",
        ok + "\r\n" + std::string(kBody + 1, 'x'), chunked + "1001\r\n",
        chunked + "1000\r\n" + std::string(kBody, 'x') + "\r\n1\r\n",
        chunked + "0\r\n" + std::string(17 << 10, 'x') + "\r\n\r\n"}) {
    const auto reply = parse(bytes);
    ASSERT_FALSE(reply) << bytes.substr(0, 80);
    EXPECT_THAT(reply.error().code, testing::AnyOf("http.answer_too_large", "http.malformed"));
  }
  EXPECT_EQ(parse(ok + "Content-Length: 4097\r\n\r\n").error().code, "http.answer_too_large");
  EXPECT_EQ(parse(chunked + "1001\r\n").error().code, "http.answer_too_large");
  // What is only announced is no reason to raise a limit; what came may be.
  for (const std::string& bytes : {ok + "Content-Length: 4097\r\n\r\n", chunked + "1001\r\n"}) {
    EXPECT_EQ(parse(bytes).error().message,
              "the answer announces 4097 bytes, more than limits.envelope (4096)");
    EXPECT_FALSE(parse(bytes).error().remedy.contains("limits")) << parse(bytes).error().remedy;
  }
  EXPECT_TRUE(parse(ok + "\r\n" + std::string(kBody + 1, 'x'))
                  .error()
                  .remedy.starts_with("raise limits.envelope"));
  EXPECT_EQ(parse(chunked + std::string(2000, '0')).error().code, "http.malformed");
  EXPECT_EQ(
      parse(ok + "Content-Length: 4096\r\n\r\n" + std::string(kBody, 'x')).value().body.size(),
      kBody);
}

TEST(HttpReply, IsTheSameHoweverItIsCut) {
  const std::string whole =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n"
      "3\r\nabc\r\n5;x\r\ndefgh\r\n0\r\nT: t\r\n\r\n";
  for (std::size_t piece = 1; piece <= whole.size(); ++piece) {
    HttpReplyReader reader(kHeader, kBody);
    for (std::size_t at = 0; at < whole.size(); at += piece) {
      ASSERT_FALSE(reader.done());
      ASSERT_TRUE(reader.feed(std::string_view(whole).substr(at, piece))) << piece << " at " << at;
    }
    ASSERT_TRUE(reader.done()) << piece;
    EXPECT_TRUE(reader.reusable()) << piece;
    EXPECT_EQ(reader.take().body, "abcdefgh") << piece;
  }
}

TEST(HttpReply, TakesNothingBehindAnError) {
  HttpReplyReader reader(kHeader, kBody);
  EXPECT_FALSE(reader.feed("nonsense"));
  EXPECT_FALSE(reader.feed("HTTP/1.1 204 OK\r\n\r\n"));
  EXPECT_FALSE(reader.done());
  EXPECT_FALSE(reader.finish());
}

}  // namespace
}  // namespace sfb::http
