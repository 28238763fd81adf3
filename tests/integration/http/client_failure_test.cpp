// Connections that cannot be made, end at any byte, or are cancelled: the right reason, nothing
// leaked, nothing left to do.
#include "tests/integration/http/http_rig.hpp"
#include "tests/integration/http/script_peer.hpp"
#include "tests/integration/os/open_descriptors.hpp"

#include <arpa/inet.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <future>
#include <mutex>
#include <string>

namespace sfb::http {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::size_t kAll = 1UL << 30U;

// A listener whose queue is full: nobody refuses and nobody answers.
class BlackHole {
 public:
  BlackHole() {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&name);
    socklen_t size = sizeof(name);
    ::bind(listener_, generic, size);
    ::listen(listener_, 0);
    ::getsockname(listener_, generic, &size);
    port = ntohs(name.sin_port);
    for (int& fd : fillers_) {
      fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      static_cast<void>(::connect(fd, generic, size));
    }
  }
  ~BlackHole() {
    ::close(listener_);
    for (const int fd : fillers_) {
      ::close(fd);
    }
  }
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
  std::uint16_t port = 0;

 private:
  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::array<int, 4> fillers_{};
};

std::uint16_t free_port() {
  return ScriptPeer([](Wire&) {}).port;
}

TEST(HttpFailure, ConnectionIsRefused) {
  HttpRig rig("http://127.0.0.1:" + std::to_string(free_port()));
  const auto opened = rig.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "connect.refused");
  EXPECT_EQ(opened.error().reason, Reason::connect);
  EXPECT_EQ(opened.error().stage, Stage::connect);
  EXPECT_THAT(opened.error().message, HasSubstr("127.0.0.1:"));
  EXPECT_THAT(rig.times, SizeIs(2));
  EXPECT_EQ(rig.connection->peer_address(), "");
}

TEST(HttpFailure, TheNameDoesNotExist) {
  HttpRig rig("http://nobody.test:1");
  const auto opened = rig.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "resolve.failed");
  EXPECT_EQ(opened.error().reason, Reason::dns);
  EXPECT_EQ(opened.error().stage, Stage::resolve);
  EXPECT_THAT(rig.times, SizeIs(1));
}

TEST(HttpFailure, TakesTheAddressThatAnswers) {
  ScriptPeer peer([](Wire& wire) {
    wire.read_request();
    wire.send(answer_of("x"));
  });
  HttpRig rig(peer.url("http", "both.test"));
  EXPECT_EQ(code_of(rig.ask()), "ok");
}

TEST(HttpFailure, NobodyAnswersTheConnection) {
  const BlackHole hole;
  HttpRig rig(hole.url());
  rig.options.connect_cap = 100ms;
  const MonoTime began = net::mono_now();
  const auto opened = rig.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "connect.timeout");
  EXPECT_EQ(opened.error().reason, Reason::timeout);
  EXPECT_EQ(opened.error().stage, Stage::connect);
  EXPECT_LT(net::mono_now() - began, 5s);
  rig.options.connect_cap = 1h;
  EXPECT_EQ(code_of(rig.open(100ms)), "connect.timeout") << "the caller's own deadline";
}

// One exchange through a relay that ends at a byte.
struct Cut {
  std::size_t up = kAll;
  std::size_t down = kAll;
  bool reset = false;
};

class Relayed {
 public:
  explicit Relayed(ScriptPeer::Script script)
      : server_(std::move(script)), relay_([this](Wire& wire) {
          const Cut cut = next();
          relay(wire, server_.port, cut.up, cut.down, cut.reset);
        }) {}

  void cut_at(Cut cut) {
    const std::scoped_lock lock(mutex_);
    cut_ = cut;
  }
  Result<HttpReply> ask(const std::string& scheme, const std::shared_ptr<net::TlsClient>& tls) {
    HttpRig rig(relay_.url(scheme), tls);
    auto reply = rig.ask();
    if (!reply) {
      EXPECT_FALSE(rig.usable());
    }
    return reply;
  }
  bool quiet() const {
    return relay_.ended == relay_.accepted && server_.ended == server_.accepted;
  }

 private:
  Cut next() {
    const std::scoped_lock lock(mutex_);
    return cut_;
  }

  std::mutex mutex_;
  Cut cut_;
  ScriptPeer server_;
  ScriptPeer relay_;
};

TEST(HttpFailure, EndsAtEveryByteOfAnExchange) {
  const std::string answer = answer_of("<answer/>");
  const std::size_t before = os::open_descriptors();
  {
    std::atomic<std::size_t> request = 0;
    Relayed relayed([&](Wire& wire) {
      request = wire.read_request().size();
      wire.send(answer);
      wire.wait_closed();
    });
    ASSERT_EQ(code_of(relayed.ask("http", {})), "ok");
    const std::size_t whole = request;
    ASSERT_GT(whole, 100U);
    for (const bool reset : {false, true}) {
      for (std::size_t down = 1; down <= answer.size(); ++down) {
        relayed.cut_at({kAll, down, reset});
        const auto reply = relayed.ask("http", {});
        if (down == answer.size() && !reset) {
          EXPECT_EQ(code_of(reply), "ok");
        } else if (!reset) {
          EXPECT_EQ(code_of(reply), "http.cut") << down;
        } else {
          // A RST may come before or behind the bytes that were sent ahead of it.
          EXPECT_THAT(code_of(reply), AnyOf("http.closed", down == answer.size() ? "ok" : "-"));
        }
      }
      for (std::size_t up = 1; up < whole; ++up) {
        relayed.cut_at({up, kAll, reset});
        const auto reply = relayed.ask("http", {});
        ASSERT_EQ(code_of(reply), "http.closed") << up;
        EXPECT_THAT(reply.error().message, HasSubstr("before an answer"));
      }
      ASSERT_TRUE(net::eventually([&] { return relayed.quiet(); }));
    }
  }
  EXPECT_TRUE(net::eventually([&] { return os::open_descriptors() == before; }))
      << os::open_descriptors() << " instead of " << before;
}

TEST(HttpFailure, EndsAtAnyByteOfATlsExchange) {
  const net::Identity identity = net::make_identity({"fe.test", "IP:127.0.0.1"});
  const net::TempFile file(identity.pem());
  const auto tls = net::TlsClient::create({file.path, "", net::TlsVersion::tls1_2}).value();
  const std::size_t before = os::open_descriptors();
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto context = server_context(identity, {}, 0, newest);
    Relayed relayed([&](Wire& wire) {
      if (wire.accept_tls(context.get())) {
        wire.read_request();
        wire.send(answer_of("<answer/>"));
        wire.wait_closed();
      }
    });
    int whole = 0;
    int handshakes = 0;
    for (const bool reset : {false, true}) {
      for (std::size_t bytes = 1; bytes < 2600; bytes += 23) {
        for (const bool up : {false, true}) {
          relayed.cut_at({up ? bytes : kAll, up ? kAll : bytes, reset});
          const auto reply = relayed.ask("https", tls);
          whole += reply ? 1 : 0;
          handshakes += !reply && reply.error().reason == Reason::tls ? 1 : 0;
          EXPECT_THAT(code_of(reply), AnyOf("tls.handshake", "http.closed", "http.cut", "ok"))
              << bytes << (up ? " up" : " down");
        }
      }
    }
    EXPECT_GT(whole, 0);
    EXPECT_GT(handshakes, 10);
    ASSERT_TRUE(net::eventually([&] { return relayed.quiet(); }));
  }
  EXPECT_TRUE(net::eventually([&] { return os::open_descriptors() == before; }))
      << os::open_descriptors() << " instead of " << before;
}

// Cancels `operation` once `ready` holds; true when it ended soon.
template <typename T>
bool cancelled(HttpRig& rig, boost::asio::awaitable<T> operation,
               const std::function<bool()>& ready) {
  boost::asio::cancellation_signal stop;
  auto over = std::make_shared<std::promise<void>>();
  boost::asio::co_spawn(
      rig.loop.executor(), std::move(operation),
      boost::asio::bind_cancellation_slot(
          stop.slot(), [over](const std::exception_ptr&, auto&&) { over->set_value(); }));
  EXPECT_TRUE(net::eventually(ready));
  rig.loop.call([&] { stop.emit(boost::asio::cancellation_type::terminal); });
  return over->get_future().wait_for(10s) == std::future_status::ready;
}

TEST(HttpFailure, CanBeCancelledAnywhere) {
  const std::size_t before = os::open_descriptors();
  {
    const net::Identity identity = net::make_identity({"fe.test", "IP:127.0.0.1"});
    const net::TempFile file(identity.pem());
    const auto tls = net::TlsClient::create({file.path, "", net::TlsVersion::tls1_2}).value();
    const auto context = server_context(identity);
    std::atomic<int> reached{0};
    const auto some = [&] { return reached > 0; };
    {
      const BlackHole hole;
      HttpRig rig(hole.url());
      rig.make();
      EXPECT_TRUE(cancelled(rig, rig.connection->open(net::mono_now() + 1h, rig.times),
                            [] { return true; }));
      EXPECT_FALSE(rig.usable());
    }
    {
      ScriptPeer peer([&](Wire& wire) {
        wire.read_some();
        ++reached;
        wire.wait_closed();
      });
      HttpRig rig(peer.url("https"), tls);
      rig.make();
      EXPECT_TRUE(cancelled(rig, rig.connection->open(net::mono_now() + 1h, rig.times), some));
      EXPECT_FALSE(rig.usable());
      EXPECT_TRUE(net::eventually([&] { return peer.ended == 1; })) << "closed at once";
    }
    for (const bool secure : {false, true}) {
      reached = 0;
      ScriptPeer peer([&](Wire& wire) {
        if (secure) {
          wire.accept_tls(context.get());
        }
        wire.read_request();
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
        ++reached;
        wire.wait_closed();
      });
      HttpRig rig(peer.url(secure ? "https" : "http"), tls);
      ASSERT_EQ(code_of(rig.open()), "ok");
      EXPECT_TRUE(
          cancelled(rig, rig.connection->post({.body = "<x/>"}, net::mono_now() + 1h), some));
      EXPECT_FALSE(rig.usable());
      EXPECT_TRUE(net::eventually([&] { return peer.ended == 1; })) << "closed at once";
      EXPECT_EQ(code_of(rig.post("")), "http.closed");
    }
  }
  EXPECT_TRUE(net::eventually([&] { return os::open_descriptors() == before; }));
}

TEST(HttpFailure, CanBeClosedWhileItWaits) {
  const net::Identity identity = net::make_identity({"fe.test", "IP:127.0.0.1"});
  const net::TempFile file(identity.pem());
  const auto context = server_context(identity);
  std::promise<void> reached;
  ScriptPeer peer([&](Wire& wire) {
    wire.accept_tls(context.get());
    wire.read_request();
    reached.set_value();
    wire.wait_closed();
  });
  HttpRig rig(peer.url("https"),
              net::TlsClient::create({file.path, "", net::TlsVersion::tls1_2}).value());
  ASSERT_EQ(code_of(rig.open()), "ok");
  auto pending = rig.loop.start(rig.connection->post({.body = "<x/>"}, net::mono_now() + 20s));
  reached.get_future().wait();
  rig.loop.call([&] { rig.connection->close(); });
  EXPECT_EQ(code_of(pending.get()), "http.closed");
  EXPECT_FALSE(rig.usable());
}

TEST(HttpFailure, SocketsCloseOnExec) {
  ScriptPeer peer([](Wire& wire) { wire.wait_closed(); });
  HttpRig rig(peer.url());
  ASSERT_EQ(code_of(rig.open()), "ok");
  int found = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in name{};
    socklen_t size = sizeof(name);
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0 &&
        name.sin_family == AF_INET && ntohs(name.sin_port) == peer.port) {
      ++found;
      EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    }
  }
  EXPECT_EQ(found, 1);
}

}  // namespace
}  // namespace sfb::http
