// The outgoing connection without TLS, against servers that behave and servers that do not.
#include "tests/integration/http/http_rig.hpp"
#include "tests/integration/http/script_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

namespace sfb::http {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// Sends these bytes for the first request and closes.
ScriptPeer::Script send_once(std::string bytes) {
  return [bytes = std::move(bytes)](Wire& wire) {
    wire.read_request();
    wire.send(bytes);
  };
}

void echo(Wire& wire) {
  while (true) {
    const std::string request = wire.read_request();
    if (request.empty() || !wire.send(answer_of(request))) {
      return;
    }
  }
}

TEST(HttpConnection, KeepsItsConnection) {
  ScriptPeer peer(echo);
  HttpRig rig(peer.url());
  ASSERT_EQ(code_of(rig.open()), "ok");
  EXPECT_TRUE(rig.usable());
  EXPECT_EQ(rig.connection->peer_address(), "127.0.0.1:" + std::to_string(peer.port));
  const MonoTime opened = rig.connection->last_used();
  const auto first = rig.post("<one/>", 20s, {{"Content-Type", "application/soap+xml"}});
  ASSERT_TRUE(first) << describe(first.error());
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(first->body, "POST /wsman HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port) +
                             "\r\nUser-Agent: sfb_backup_exporter\r\nConnection: Keep-Alive\r\n"
                             "Accept-Encoding: identity\r\nContent-Length: 6\r\n"
                             "Content-Type: application/soap+xml\r\n\r\n<one/>");
  EXPECT_GT(rig.connection->last_used(), opened);
  EXPECT_TRUE(rig.usable());
  const auto second = rig.post("");
  ASSERT_TRUE(second) << describe(second.error());
  EXPECT_THAT(second->body, HasSubstr("Content-Length: 0\r\n\r\n"));
  EXPECT_EQ(peer.accepted, 1);
  EXPECT_THAT(rig.times, ElementsAre(testing::Field(&StageTime::stage, Stage::resolve),
                                     testing::Field(&StageTime::stage, Stage::connect)));
  EXPECT_FALSE(rig.connection->tls_info());
}

TEST(HttpConnection, SendsWhatProvesTheCaller) {
  ScriptPeer peer(echo);
  HttpRig rig(peer.url());
  ASSERT_EQ(code_of(rig.open()), "ok");
  const auto post = [&](const char* proof) {
    return rig.loop
        .start(rig.connection->post(
            {.headers = {{"X", "y"}}, .authorization = Secret(proof), .body = "<x/>"},
            net::mono_now() + 20s))
        .get();
  };
  const auto reply = post("Basic abc=");
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_THAT(reply->body, HasSubstr("\r\nX: y\r\nAuthorization: Basic abc=\r\n\r\n<x/>"));
  EXPECT_EQ(code_of(post("Basic a\r\nY: b")), "http.request");
}

TEST(HttpConnection, TakesABodyOfAnySize) {
  ScriptPeer peer(echo);
  HttpRig rig(peer.url());
  rig.options.max_body = 64UL << 20U;
  const std::string body(9UL << 20U, 'x');
  const auto reply = rig.ask(body);
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_TRUE(reply->body.ends_with(body));
  EXPECT_TRUE(rig.usable());
}

TEST(HttpConnection, CanBeOpenedAgain) {
  ScriptPeer peer(echo);
  HttpRig rig(peer.url());
  ASSERT_EQ(code_of(rig.ask()), "ok");
  rig.loop.call([&] { rig.connection->close(); });
  EXPECT_FALSE(rig.usable());
  EXPECT_EQ(code_of(rig.post("")), "http.closed");
  ASSERT_EQ(code_of(rig.loop.start(rig.connection->open(net::mono_now() + 20s, rig.times)).get()),
            "ok");
  EXPECT_EQ(code_of(rig.post("")), "ok");
  EXPECT_EQ(peer.accepted, 2);
}

TEST(HttpConnection, ReadsEveryFraming) {
  for (const auto& [bytes, body, stays] :
       {std::tuple{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
                   "ab", true},
        std::tuple{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
                   "ab", true},
        std::tuple{"HTTP/1.1 200 OK\r\n\r\nab", "ab", false},
        std::tuple{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", "ab", false},
        std::tuple{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab", "ab",
                   false},
        std::tuple{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", "ab", false}}) {
    ScriptPeer peer([bytes](Wire& wire) {
      send_once(bytes)(wire);
      if (std::string_view(bytes).find("200 OK\r\n\r\n") == std::string_view::npos) {
        wire.wait_closed();  // the connection is the client's to keep
      }
    });
    HttpRig rig(peer.url());
    const auto reply = rig.ask();
    EXPECT_EQ(rig.usable(), stays) << bytes;
    EXPECT_TRUE(stays || net::eventually([&] { return peer.ended == 1; })) << bytes;
    ASSERT_TRUE(reply) << bytes << describe(reply.error());
    EXPECT_EQ(reply->body, body);
  }
}

TEST(HttpConnection, SeesThatTheServerHasClosed) {
  ScriptPeer peer(send_once(answer_of("x")));
  HttpRig rig(peer.url());
  ASSERT_EQ(code_of(rig.ask()), "ok");
  EXPECT_TRUE(net::eventually([&] { return !rig.usable(); }));
  EXPECT_EQ(code_of(rig.post("")), "http.closed");
}

TEST(HttpConnection, PostsIntoAConnectionThatIsGone) {
  for (const bool reset : {false, true}) {
    ScriptPeer peer([&](Wire& wire) {
      wire.read_request();
      wire.send(answer_of("x"));
      if (reset) {
        wire.reset();
      }
    });
    HttpRig rig(peer.url());
    ASSERT_EQ(code_of(rig.ask()), "ok");
    ASSERT_TRUE(net::eventually([&] { return peer.ended == 1; }));
    const auto reply = rig.post("<x/>");
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, "http.closed");
    EXPECT_EQ(reply.error().reason, Reason::connect);
    EXPECT_THAT(reply.error().message, HasSubstr("before an answer"));
    EXPECT_THAT(reply.error().message, HasSubstr("127.0.0.1:"));
    EXPECT_THAT(reply.error().remedy, testing::Not(HasSubstr("https"))) << "it spoke HTTP";
    EXPECT_FALSE(rig.usable());
  }
}

TEST(HttpConnection, KnowsATlsPortByItsAlert) {
  ScriptPeer peer([](Wire& wire) {
    wire.read_request();
    wire.send(std::string("\x15\x03\x03\x00\x02\x02\x46", 7));
  });
  HttpRig rig(peer.url());
  const auto reply = rig.ask();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "http.is_tls");
  EXPECT_THAT(reply.error().remedy, HasSubstr("write https"));
}

TEST(HttpConnection, AskedInPlainTextForNothingItThinksOfTls) {
  ScriptPeer peer([](Wire& wire) { wire.read_request(); });
  HttpRig rig(peer.url());
  const auto reply = rig.ask();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "http.closed");
  EXPECT_THAT(reply.error().remedy, HasSubstr("HTTPS port"));
}

TEST(HttpConnection, SeesBytesNobodyAskedFor) {
  std::promise<void> asked;
  ScriptPeer peer([&](Wire& wire) {
    wire.read_request();
    wire.send(answer_of("x"));
    asked.get_future().wait();
    wire.send("HTTP/1.1 408 Request Timeout\r\n\r\n");
    wire.wait_closed();
  });
  HttpRig rig(peer.url());
  ASSERT_EQ(code_of(rig.ask()), "ok");
  EXPECT_TRUE(rig.usable());
  asked.set_value();
  EXPECT_TRUE(net::eventually([&] { return !rig.usable(); }));
  EXPECT_TRUE(net::eventually([&] { return peer.ended == 1; }))
      << "the connection is closed by that";
}

TEST(HttpConnection, TellsFaultsApart) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  struct Case {
    std::string bytes;
    std::string_view code;
    Reason reason;
  };
  for (const Case& c :
       {Case{"", "http.closed", Reason::connect}, Case{ok, "http.cut", Reason::protocol},
        Case{ok + "Content-Length: 9\r\n\r\nabc", "http.cut", Reason::protocol},
        Case{ok + "Transfer-Encoding: chunked\r\n\r\n9\r\nabc", "http.cut", Reason::protocol},
        Case{"SSH-2.0-OpenSSH_9.2\r\n", "http.malformed", Reason::protocol},
        Case{ok + "nonsense\r\n\r\n", "http.malformed", Reason::protocol},
        Case{ok + "X: " + std::string(70'000, 'x'), "http.answer_too_large", Reason::protocol},
        Case{ok + "Content-Length: 1001\r\n\r\n", "http.answer_too_large", Reason::protocol},
        Case{ok + "\r\n" + std::string(1001, 'x'), "http.answer_too_large", Reason::protocol},
        Case{ok + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", "http.answer_too_large",
             Reason::protocol}}) {
    ScriptPeer peer(send_once(c.bytes));
    HttpRig rig(peer.url());
    rig.options.max_body = 1000;
    const auto reply = rig.ask();
    ASSERT_FALSE(reply) << c.bytes.substr(0, 80);
    EXPECT_EQ(reply.error().code, c.code) << describe(reply.error());
    EXPECT_EQ(reply.error().reason, c.reason) << describe(reply.error());
    EXPECT_THAT(reply.error().message, HasSubstr("127.0.0.1:")) << describe(reply.error());
    EXPECT_FALSE(rig.usable());
  }
}

TEST(HttpConnection, IsResetInTheMiddle) {
  for (const std::string_view bytes :
       {"HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"}) {
    std::promise<void> arrived;
    ScriptPeer peer([&](Wire& wire) {
      wire.read_request();
      wire.send(bytes);
      arrived.get_future().wait();
      wire.reset();
    });
    HttpRig rig(peer.url());
    ASSERT_EQ(code_of(rig.open()), "ok");
    auto pending = rig.loop.start(rig.connection->post({.body = "<x/>"}, net::mono_now() + 20s));
    ASSERT_TRUE(net::eventually([&] { return peer.accepted == 1; }));
    arrived.set_value();
    const auto reply = pending.get();
    ASSERT_FALSE(reply);
    // The RST may overtake the bytes on their way through the kernel.
    EXPECT_EQ(reply.error().code, "http.closed") << describe(reply.error());
    EXPECT_THAT(reply.error().message, HasSubstr("reset"));
    EXPECT_EQ(reply.error().reason, Reason::connect);
  }
}

TEST(HttpConnection, EndsByItsDeadline) {
  for (const bool drips : {false, true}) {
    ScriptPeer peer([&](Wire& wire) {
      wire.read_request();
      for (const char c : answer_of(std::string(100'000, 'x'))) {
        if (!drips || !wire.send({&c, 1})) {
          break;
        }
        std::this_thread::sleep_for(5ms);
      }
      wire.wait_closed();
    });
    HttpRig rig(peer.url());
    ASSERT_EQ(code_of(rig.open()), "ok");
    const MonoTime began = net::mono_now();
    const auto reply = rig.post("<x/>", 150ms);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, "http.timeout");
    EXPECT_EQ(reply.error().reason, Reason::timeout);
    EXPECT_LT(net::mono_now() - began, 10s);
    EXPECT_FALSE(rig.usable());
    EXPECT_TRUE(net::eventually([&] { return peer.ended == 1; }));
  }
}

TEST(HttpConnection, AnAnswerThatDoesNotEndIsNoLoadOfTheServer) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  for (const auto& [bytes, came] :
       {std::pair(head + "Content-Length: 900\r\n\r\n<x/>", "4 of 900 bytes came"),
        {head + "Transfer-Encoding: chunked\r\n\r\n9\r\n<x/>", "4 bytes of its body came"},
        {head + "\r\n<", "1 byte of its body came"},
        {std::string("HTTP/1.1 2"), "not even its header is whole"}}) {
    ScriptPeer peer([&](Wire& wire) {
      wire.read_request();
      wire.send(bytes);
      wire.wait_closed();
    });
    HttpRig rig(peer.url());
    const auto reply = rig.ask("<x/>", 300ms);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, "http.timeout") << came;
    EXPECT_TRUE(rig.connection->answer_began());
    EXPECT_EQ(reply.error().reason, Reason::timeout);
    EXPECT_THAT(reply.error().message, HasSubstr(came));
    EXPECT_THAT(reply.error().remedy, HasSubstr("Content-Length"));
    EXPECT_FALSE(reply.error().remedy.contains("load")) << reply.error().remedy;
  }
}

TEST(HttpConnection, AServerThatReadsNothingEndsByTheDeadline) {
  std::promise<void> over;
  ScriptPeer peer([&](Wire&) { over.get_future().wait(); });
  HttpRig rig(peer.url());
  const auto reply = rig.ask(std::string(32UL << 20U, 'x'), 300ms);
  over.set_value();
  EXPECT_EQ(code_of(reply), "http.timeout");
}

TEST(HttpConnection, AnEarlyAnswerCounts) {
  ScriptPeer peer([](Wire& wire) {
    wire.read_some(100);
    wire.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    wire.wait_closed();
  });
  HttpRig rig(peer.url());
  const auto reply = rig.ask(std::string(100'000, 'x'));
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->status, 413);
}

TEST(HttpConnection, AsksBeforeItKeepsMore) {
  ScriptPeer peer(send_once(answer_of(std::string(1UL << 20U, 'x'))));
  HttpRig rig(peer.url());
  std::size_t asked = 0;
  rig.options.admit = [&](std::size_t more) { return (asked += more) <= 300'000; };
  const auto refused = rig.ask();
  EXPECT_EQ(code_of(refused), "http.in_flight");
  EXPECT_LE(asked, 300'000U + (64U << 10U));
  EXPECT_FALSE(rig.usable());
  asked = 0;
  rig.options.admit = [&](std::size_t more) { return (asked += more) > 0; };
  EXPECT_EQ(code_of(rig.ask()), "ok");
  EXPECT_EQ(asked, 1UL << 20U);
}

TEST(HttpConnection, SendsNoHeaderThatEndsItsLine) {
  ScriptPeer peer(echo);
  HttpRig rig(peer.url());
  ASSERT_EQ(code_of(rig.open()), "ok");
  EXPECT_EQ(code_of(rig.post("", 20s, {{"X", "a\r\nY: b"}})), "http.request");
}

}  // namespace
}  // namespace sfb::http
