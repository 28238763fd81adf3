// Several front ends of one endpoint: which is asked, when another takes its place, and what a
// balancer before them is told.
#include "tests/integration/remote/winrm/winrm_rig.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>

namespace sfb::remote {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A port whose queue of connections is full: who connects hears nothing.
class Hole {
 public:
  Hole() {
    all_[0] = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);  // NOLINT: the interface
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(all_[0], generic, size), 0);
    EXPECT_EQ(::getsockname(all_[0], generic, &size), 0);
    EXPECT_EQ(::listen(all_[0], 0), 0);
    for (std::size_t i = 1; i < all_.size(); ++i) {
      all_.at(i) = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      static_cast<void>(::connect(all_.at(i), generic, size));
    }
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/wsman";
  }
  ~Hole() {
    for (const int each : all_) {
      ::close(each);
    }
  }
  Hole(const Hole&) = delete;
  Hole& operator=(const Hole&) = delete;

  std::string url;

 private:
  std::array<int, 8> all_{};
};

/// A port that takes connections and says nothing.
class Deaf {
 public:
  Deaf() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);  // NOLINT: the interface
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(socket_, generic, size), 0);
    EXPECT_EQ(::getsockname(socket_, generic, &size), 0);
    EXPECT_EQ(::listen(socket_, 16), 0);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/wsman";
  }
  ~Deaf() { ::close(socket_); }
  Deaf(const Deaf&) = delete;
  Deaf& operator=(const Deaf&) = delete;

  std::string url;

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
};

/// The events of warnings.
class Warnings final : public LogSink {
 public:
  void write(LogLevel level, std::string_view, std::string_view event,
             std::span<const LogField>) override {
    const std::scoped_lock lock(mutex_);
    if (level == LogLevel::warn) {
      events_.emplace_back(event);
    }
  }
  std::vector<std::string> take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(events_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> events_;
};

class WinrmFrontEndsTest : public ::testing::Test {
 protected:
  WinrmFrontEndsTest() {
    rig.logger = Logger(warnings, LogLevel::info, "winrm");
    list({rig.peer.url, second.url});
  }
  ~WinrmFrontEndsTest() override { rig.unmake(); }

  void list(const std::vector<std::string>& urls) {
    rig.options.urls.clear();
    rig.options.urls.reserve(urls.size());
    for (const std::string& url : urls) {
      rig.options.urls.push_back(*parse_url(url));
    }
  }
  std::string answers() {
    return rig.loop.call([&] { return rig.transport->facts().front_end; });
  }
  // The code of an ask, and who was asked.
  std::string ask(std::chrono::milliseconds time = 30s) {
    const auto asked = std::make_shared<std::string>();
    const auto reply =
        rig.loop
            .start(rig.transport->ask(
                {.pool = Fqdn::parse("atl.x").value(), .call = status_call(), .front_end = asked},
                net::mono_now() + time))
            .get();
    const std::string where = *asked == rig.peer.url ? "first"
                              : *asked == second.url ? "second"
                              : asked->empty()       ? "nobody"
                                                     : *asked;
    return (reply ? "good" : reply.error().code) + " " + where;
  }

  std::shared_ptr<Warnings> warnings = std::make_shared<Warnings>();
  WinrmPeer second;
  WinrmRig rig;
};

TEST_F(WinrmFrontEndsTest, TheNextOneIsUsedAndStays) {
  rig.peer.die();
  rig.options.reuse = false;
  rig.make();
  EXPECT_EQ(answers(), "") << "nobody was asked yet";
  EXPECT_EQ(ask(), "good second");
  EXPECT_EQ(answers(), second.url);
  EXPECT_THAT(warnings->take(), ElementsAre("another front end is used"));
  rig.peer.come_back();
  EXPECT_EQ(ask(), "good second");
  EXPECT_EQ(rig.peer.connections(), 0U) << "the first is back, and the second still works";
  EXPECT_THAT(warnings->take(), IsEmpty());
  second.die();
  EXPECT_EQ(ask(), "good first");
  EXPECT_EQ(answers(), rig.peer.url);
  EXPECT_THAT(warnings->take(), ElementsAre("another front end is used"));
}

TEST_F(WinrmFrontEndsTest, NothingIsSaidOfTheFirstThatWorks) {
  rig.make();
  EXPECT_EQ(ask(), "good first");
  EXPECT_EQ(second.connections(), 0U);
  EXPECT_THAT(warnings->take(), IsEmpty());
}

// A Command that never went out is no reason to fail while another front end is there.
TEST_F(WinrmFrontEndsTest, AKeptSessionIsLeftWithItsFrontEnd) {
  rig.make();
  EXPECT_EQ(ask(), "good first");
  rig.peer.die();
  EXPECT_EQ(ask(), "good second");
  EXPECT_EQ(second.shells(), 1U);
  EXPECT_THAT(second.take_actions(),
              ElementsAre("Create", "Receive", "Command", "Receive", "Signal"))
      << "its own session from the beginning";
  rig.peer.come_back();
  second.die();
  EXPECT_EQ(ask(), "good first");
}

TEST_F(WinrmFrontEndsTest, WhenNobodyIsThereTheErrorNamesAll) {
  rig.peer.die();
  second.die();
  rig.make();
  const auto reply = rig.ask();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "connect.refused");
  EXPECT_EQ(reply.error().stage, Stage::connect);
  for (const Url& url : rig.options.urls) {
    EXPECT_THAT(reply.error().message, HasSubstr(url.host_port()));
  }
  EXPECT_EQ(answers(), "");
  second.come_back();
  EXPECT_EQ(ask(), "good second");
  second.die();
  EXPECT_EQ(ask(), "connect.refused nobody");
  EXPECT_EQ(answers(), "") << "it was known, and is no longer so";
}

// Another server would count the refusal as well, and the account would be locked sooner.
TEST_F(WinrmFrontEndsTest, ARefusedLogonIsFinal) {
  rig.peer.set_password("another");
  rig.make();
  EXPECT_EQ(ask(), "auth.refused first");
  EXPECT_EQ(second.connections(), 0U);
  EXPECT_EQ(answers(), rig.peer.url) << "it did answer";
}

// So it is with a server that answers and is ill.
TEST_F(WinrmFrontEndsTest, AnAnswerIsFinal) {
  rig.peer.set_act([](int, std::string_view) { return Act::status_500; });
  rig.make();
  EXPECT_THAT(ask(), HasSubstr(" first"));
  EXPECT_EQ(second.connections(), 0U);
}

TEST_F(WinrmFrontEndsTest, SilentOnesLeaveTimeForOneThatAnswers) {
  const Hole one;
  const Hole two;
  list({one.url, two.url, second.url});
  rig.make();
  EXPECT_EQ(ask(10s), "good second") << "each may take 5 s of 10 to connect";
}

TEST_F(WinrmFrontEndsTest, OneThatGivesNoAnswerAtAllComesLast) {
  const Deaf deaf;
  list({deaf.url, second.url});
  rig.make();
  EXPECT_EQ(ask(500ms), "winrm.timeout " + deaf.url);
  EXPECT_EQ(ask(), "good second");
}

TEST_F(WinrmFrontEndsTest, ARunStaysWithItsShell) {
  rig.peer.set_act([](int, std::string_view action) {
    return action == "Create" || action == "Command" ? Act::answer_and_close : Act::answer;
  });
  rig.make();
  EXPECT_EQ(ask(), "good first");
  rig.peer.set_act([&](int, std::string_view action) {
    return action == "Receive" ? Act::answer_and_close : Act::answer;
  });
  EXPECT_EQ(ask(), "good first");
  EXPECT_EQ(second.connections(), 0U);
}

TEST_F(WinrmFrontEndsTest, EnvelopesNameTheFrontEndThatGetsThem) {
  rig.peer.die();
  const auto notes = std::make_shared<Notes>();
  rig.options.observer = notes;
  rig.make();
  EXPECT_EQ(ask(), "good second");
  const Url to = *parse_url(second.url);
  EXPECT_THAT(notes->wired, HasSubstr("Host: " + to.host_port()));
  EXPECT_THAT(notes->wired, HasSubstr(to.str()));
  EXPECT_THAT(notes->wired, Not(HasSubstr(rig.options.urls.front().host_port())));
  EXPECT_EQ(notes->facts.find("front_end")->second, second.url);
  EXPECT_THAT(notes->facts.find("not_reached")->second, HasSubstr(rig.peer.url + ": "));
}

// Load balancers know a client again by the cookie they gave it.
TEST_F(WinrmFrontEndsTest, CookiesLastAsLongAsTheirSession) {
  rig.peer.set_cookie("node=fe-17; path=/; HttpOnly");
  const auto notes = std::make_shared<Notes>();
  rig.options.observer = notes;
  rig.make();
  EXPECT_EQ(ask(), "good first");
  EXPECT_EQ(ask(), "good first");
  EXPECT_THAT(rig.peer.take_cookies(), ElementsAre("-", "node=fe-17"));
  EXPECT_THAT(notes->wired, Not(HasSubstr("fe-17"))) << "shown nowhere";
  EXPECT_THAT(notes->wired, HasSubstr("Cookie: ***"));
  rig.options.reuse = false;
  rig.make();
  EXPECT_THAT(rig.peer.take_cookies(), ElementsAre("node=fe-17")) << "the Delete carried it, too";
  EXPECT_EQ(ask(), "good first");
  EXPECT_EQ(ask(), "good first");
  EXPECT_THAT(rig.peer.take_cookies(), ElementsAre("-", "node=fe-17", "-", "node=fe-17"));
}

TEST_F(WinrmFrontEndsTest, CookiesGoToTheirFrontEndAlone) {
  rig.peer.set_cookie("node=fe-17");
  rig.make();
  EXPECT_EQ(ask(), "good first");
  rig.peer.die();
  EXPECT_EQ(ask(), "good second");
  EXPECT_THAT(second.take_cookies(), ElementsAre("-"));
}

// A name with two addresses: each connection may lead to another machine.
TEST_F(WinrmFrontEndsTest, ANameOfSeveralMachinesIsTold) {
  const auto notes = std::make_shared<Notes>();
  rig.options.observer = notes;
  rig.options.services = rig.loop.call([&] {
    return std::make_shared<WinrmServices>(
        rig.loop.executor(), [](const std::string&, std::uint16_t port) -> Result<net::Endpoints> {
          using boost::asio::ip::make_address;
          return net::Endpoints{{make_address("127.0.0.1"), port},
                                {make_address("127.0.0.2"), port},
                                {make_address("::1"), port}};
        });
  });
  Url url = *parse_url(rig.peer.url);
  url.host = "pool.example.com";
  rig.options.urls = {url};
  rig.options.reuse = false;
  rig.make();
  EXPECT_EQ(rig.code(), "good");
  EXPECT_EQ(rig.code(), "good");
  EXPECT_THAT(notes->facts.find("machines")->second, HasSubstr("pool.example.com has 2 addresses"));
  EXPECT_THAT(warnings->take(), ElementsAre(HasSubstr("several machines"))) << "once";
  rig.unmake();
  rig.loop.call([&] { rig.options.services.reset(); });
}

}  // namespace
}  // namespace sfb::remote
