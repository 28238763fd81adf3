// Logins on a real loop and a real thread. Nothing depends on time: where an order counts, the one
// thread is held until all have come.
#include "agent/access/basic_users.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>

#include <latch>
#include <optional>
#include <string>
#include <vector>

namespace sfb::access {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Optional;
namespace asio = boost::asio;

const std::string kSecret = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
const std::string kOther = "$2b$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu";
const std::string kEmpty = "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq";

User user(std::string name, const std::string& hash) {
  return {std::move(name), Secret(std::string(hash)), 4};
}

std::vector<User> one_user(const std::string& hash = kSecret) {
  std::vector<User> all;
  all.push_back(user("prom", hash));
  return all;
}

class BasicUsersTest : public ::testing::Test {
 protected:
  std::size_t start(const std::string& name, const std::string& password,
                    const std::string& peer = "127.0.0.1", std::uint64_t connection = 0) {
    const std::size_t place = logins.size();
    logins.emplace_back();
    cancels.push_back(std::make_unique<asio::cancellation_signal>());
    asio::co_spawn(
        loop, users->check({name, Secret(std::string(password))}, peer, connection),
        asio::bind_cancellation_slot(cancels.back()->slot(),
                                     [this, place](const std::exception_ptr& failure, Login login) {
                                       if (!failure) {
                                         logins[place] = login;
                                         order.push_back(place);
                                       }
                                     }));
    return place;
  }
  void run() {
    loop.restart();
    loop.run();
  }
  std::optional<Login> check(const std::string& name, const std::string& password) {
    const std::size_t place = start(name, password);
    run();
    return logins[place];
  }
  /// Nothing is compared before `release`.
  void hold() {
    asio::co_spawn(loop, pool.run([this]() -> Result<int> {
      held.wait();
      return 0;
    }),
                   asio::detached);
    settle();
  }
  /// Runs what can run now.
  void settle() {
    loop.restart();
    while (loop.poll() > 0) {
    }
  }
  void release() { held.count_down(); }
  void make(BasicUsersOptions options) {
    users.emplace(loop.get_executor(), pool, options);
    users->set(one_user());
  }

  asio::io_context loop;
  std::latch held{1};
  net::WorkerPool pool{"logins", 1, 1};
  std::vector<std::optional<Login>> logins;
  std::vector<std::unique_ptr<asio::cancellation_signal>> cancels;
  std::vector<std::size_t> order;
  std::optional<BasicUsers> users;

  void SetUp() override { make({}); }
};

TEST_F(BasicUsersTest, TheRightPasswordIsGoodAndRemembered) {
  EXPECT_THAT(check("prom", "secret"), Optional(Login::good));
  EXPECT_THAT(check("prom", "secret"), Optional(Login::good_cached));
}

TEST_F(BasicUsersTest, AWrongOneIsBadAndRemembered) {
  EXPECT_THAT(check("prom", "guess"), Optional(Login::bad));
  EXPECT_THAT(check("prom", "guess"), Optional(Login::bad_cached));
  EXPECT_THAT(check("prom", ""), Optional(Login::bad));
  EXPECT_THAT(check("prom", "secret"), Optional(Login::good));
}

TEST_F(BasicUsersTest, SomebodyUnknownIsNobody) {
  EXPECT_THAT(check("nobody", "secret"), Optional(Login::bad));
  EXPECT_THAT(check("nobody", "secret"), Optional(Login::bad_cached));
  EXPECT_THAT(check("", ""), Optional(Login::bad));
  EXPECT_THAT(check("PROM", "secret"), Optional(Login::bad));
}

TEST_F(BasicUsersTest, PasswordsOfOthersAreNotOnesOwn) {
  std::vector<User> two = one_user();
  two.push_back(user("graf", kOther));
  users->set(std::move(two));
  EXPECT_THAT(check("prom", "secret"), Optional(Login::good));
  EXPECT_THAT(check("graf", "secret"), Optional(Login::bad));
  EXPECT_THAT(check("graf", "other"), Optional(Login::good));
  EXPECT_THAT(check("prom", "other"), Optional(Login::bad));
}

TEST_F(BasicUsersTest, WithoutUsersNobodyIsAsked) {
  EXPECT_FALSE(users->empty());
  users->set({});
  EXPECT_TRUE(users->empty());
}

TEST_F(BasicUsersTest, AnotherHashForgetsWhatWasKnown) {
  EXPECT_THAT(check("prom", "secret"), Optional(Login::good));
  EXPECT_THAT(check("prom", "other"), Optional(Login::bad));
  EXPECT_THAT(check("new", "secret"), Optional(Login::bad));
  users->set(one_user());
  EXPECT_THAT(check("prom", "secret"), Optional(Login::good_cached)) << "nothing changed";
  users->set(one_user(kOther));
  EXPECT_THAT(check("prom", "secret"), Optional(Login::bad));
  EXPECT_THAT(check("prom", "other"), Optional(Login::good));
  std::vector<User> two = one_user(kOther);
  two.push_back(user("new", kSecret));
  users->set(std::move(two));
  EXPECT_THAT(check("prom", "other"), Optional(Login::good_cached)) << "it still holds";
  EXPECT_THAT(check("new", "secret"), Optional(Login::good));
}

TEST_F(BasicUsersTest, AChangeForgetsAllThatWasBadSoThatNoNameIsToldFromAnother) {
  EXPECT_THAT(check("prom", "guess"), Optional(Login::bad));
  EXPECT_THAT(check("nobody", "guess"), Optional(Login::bad));
  std::vector<User> two = one_user();
  two.push_back(two.front());
  two.back().name = "new";
  users->set(std::move(two));
  EXPECT_THAT(check("prom", "guess"), Optional(Login::bad));
  EXPECT_THAT(check("nobody", "guess"), Optional(Login::bad));
}

TEST_F(BasicUsersTest, GuessesNeverDisplaceAGoodOne) {
  make({.most_good = 1, .most_bad = 4});
  EXPECT_THAT(check("prom", "secret"), Optional(Login::good));
  for (int guess = 0; guess < 20; ++guess) {
    EXPECT_THAT(check("prom", std::to_string(guess)), Optional(Login::bad));
  }
  EXPECT_THAT(check("prom", "secret"), Optional(Login::good_cached));
  EXPECT_THAT(check("prom", "19"), Optional(Login::bad_cached));
  EXPECT_THAT(check("prom", "0"), Optional(Login::bad)) << "the bad ones are bounded";
}

TEST_F(BasicUsersTest, EqualLoginsWaitForOneAnswer) {
  hold();
  start("prom", "guess");
  settle();
  for (int i = 0; i < 5; ++i) {
    start("prom", "secret");
  }
  settle();
  EXPECT_EQ(users->waiting(), 1U) << "the guess is at the pool, five equal ones wait as one";
  release();
  run();
  EXPECT_THAT(std::vector(logins.begin() + 1, logins.end()), Each(Optional(Login::good)));
}

TEST_F(BasicUsersTest, WhoComesLastFromAFloodedPlaceIsNext) {
  hold();
  for (int guess = 0; guess < 8; ++guess) {
    start("prom", std::to_string(guess), "192.0.2.1");
    settle();
  }
  start("prom", "secret", "192.0.2.1");
  settle();
  start("nobody", "x", "192.0.2.2");
  settle();
  release();
  run();
  EXPECT_EQ(order.at(0), 0U) << "it was at the pool already";
  EXPECT_EQ(order.at(1), 8U);
  EXPECT_EQ(order.at(2), 9U);
  EXPECT_EQ(logins[8], Login::good);
}

TEST_F(BasicUsersTest, AConnectionThatWasWrongGoesBehindThoseThatWereNot) {
  start("prom", "wrong", "192.0.2.1", 7);
  run();
  hold();
  start("prom", "at the pool", "192.0.2.1", 1);
  settle();
  start("prom", "secret", "192.0.2.1", 8);
  settle();
  start("prom", "wrong again", "192.0.2.1", 7);
  settle();
  release();
  run();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
}

TEST_F(BasicUsersTest, AFullQueueRefusesTheOneThatWaitedLongestInTheLongestLane) {
  make({.most_waiting = 2});
  hold();
  start("prom", "at the pool");
  settle();
  start("prom", "1", "192.0.2.1");
  start("prom", "2", "192.0.2.1");
  settle();
  start("prom", "secret", "192.0.2.2");
  settle();
  EXPECT_EQ(logins[1], Login::refused);
  EXPECT_FALSE(logins[2]);
  release();
  run();
  EXPECT_EQ(logins[2], Login::bad);
  EXPECT_EQ(logins[3], Login::good);
  EXPECT_THAT(check("prom", "1"), Optional(Login::bad)) << "a refusal is not remembered";
}

TEST_F(BasicUsersTest, PatienceEnds) {
  make({.patience = 1ms});
  hold();
  start("prom", "secret");
  start("prom", "guess");
  loop.restart();
  while (!(logins[0] && logins[1])) {
    loop.run_one();
  }
  EXPECT_THAT(logins, Each(Optional(Login::refused)));
  EXPECT_EQ(users->waiting(), 0U);
  release();
  run();
}

TEST_F(BasicUsersTest, ALateAnswerIsRemembered) {
  make({.patience = 1ms});
  hold();
  start("prom", "secret");
  loop.restart();
  while (!logins[0]) {
    loop.run_one();
  }
  release();
  run();
  EXPECT_THAT(check("prom", "secret"), Optional(Login::good_cached));
}

TEST_F(BasicUsersTest, WhoHangsUpIsNotLookedAt) {
  hold();
  start("prom", "at the pool");
  settle();
  start("prom", "secret");
  start("prom", "secret");
  settle();
  EXPECT_EQ(users->waiting(), 1U);
  cancels[1]->emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_EQ(users->waiting(), 1U) << "the other one still waits";
  cancels[2]->emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_EQ(users->waiting(), 0U);
  release();
  run();
  EXPECT_THAT(check("prom", "secret"), Optional(Login::good)) << "nobody had looked";
}

TEST_F(BasicUsersTest, ALoginCountsOnlyIfItStillHolds) {
  hold();
  start("prom", "secret");
  start("prom", "other");
  settle();
  users->set(one_user(kOther));
  release();
  run();
  EXPECT_THAT(logins, ElementsAre(Optional(Login::bad), Optional(Login::good)));
}

TEST_F(BasicUsersTest, APoolThatStopsRefuses) {
  pool.stop();
  EXPECT_THAT(check("prom", "secret"), Optional(Login::refused));
  EXPECT_THAT(check("prom", "secret"), Optional(Login::refused)) << "nothing is left behind";
}

TEST_F(BasicUsersTest, AnEmptyPasswordMayBeTheRightOne) {
  users->set(one_user(kEmpty));
  EXPECT_THAT(check("prom", ""), Optional(Login::good));
  EXPECT_THAT(check("nobody", ""), Optional(Login::bad));
}

}  // namespace
}  // namespace sfb::access
