// Every edge of the back-off.
#include "agent/engine/backoff.hpp"

#include <gtest/gtest.h>

namespace sfb::engine {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kFirst{1'000s};

class BackoffTest : public ::testing::Test {
 protected:
  bool refuse() { return backoff.refused(now, now); }

  MonoTime now = kFirst;
  Backoff backoff;
};

TEST_F(BackoffTest, StepsGrowAndTheLastRepeats) {
  EXPECT_EQ(backoff.until(now), std::nullopt);
  for (const auto step : {1min, 2min, 5min, 10min, 10min}) {
    EXPECT_TRUE(refuse());
    EXPECT_EQ(backoff.until(now), now + step);
    now += step - 1ns;
    EXPECT_TRUE(backoff.until(now).has_value());
    now += 1ns;
    EXPECT_EQ(backoff.until(now), std::nullopt);
  }
}

TEST_F(BackoffTest, AServerIsLeftAloneAsLongAsItSays) {
  EXPECT_TRUE(backoff.refused(now, now, 90s));
  EXPECT_EQ(backoff.until(now), now + 90s) << "longer than the first step";
  now += 90s;
  EXPECT_TRUE(backoff.refused(now, now, 5s));
  EXPECT_EQ(backoff.until(now), now + 2min) << "the second step is longer";
}

TEST_F(BackoffTest, AskedToWaitIsNoStep) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(backoff.asked_to_wait(now, now, 5s));
    EXPECT_EQ(backoff.until(now), now + 5s);
    EXPECT_FALSE(backoff.asked_to_wait(now, now + 1s, 60s)) << "it is left alone already";
    now += 5s;
  }
  EXPECT_TRUE(refuse());
  EXPECT_EQ(backoff.until(now), now + 1min);
}

TEST(CausesBackoff, WhatTheServerAsksFor) {
  Error error{Reason::protocol, "http.unavailable", "HTTP 503", {}, {}, Stage::query};
  EXPECT_FALSE(causes_backoff(error));
  error.retry_after = 5s;
  EXPECT_TRUE(causes_backoff(error));
}

TEST_F(BackoffTest, AnAnswerBeginsFromTheFirstStep) {
  refuse();
  now += 1min;
  backoff.accepted(now);
  EXPECT_TRUE(refuse());
  EXPECT_EQ(backoff.until(now), now + 1min);
}

TEST_F(BackoffTest, AnEndBeginsFromTheFirstStep) {
  refuse();
  now += 1min;
  refuse();
  now += 1s;
  backoff.end(now);
  EXPECT_EQ(backoff.until(now), std::nullopt);
  EXPECT_TRUE(refuse());
  EXPECT_EQ(backoff.until(now), now + 1min);
}

TEST_F(BackoffTest, RunsThatFailTogetherAreOneStep) {
  EXPECT_TRUE(backoff.refused(kFirst - 5s, now));
  EXPECT_FALSE(backoff.refused(now, now));
  EXPECT_FALSE(backoff.refused(kFirst - 5s, now + 1s));
  EXPECT_FALSE(backoff.refused(kFirst - 5s, now + 2min)) << "a very late one too";
  EXPECT_EQ(backoff.until(now), now + 1min);
}

TEST_F(BackoffTest, WhatBeganBeforeTheRefusalSaysNothingAboutLater) {
  backoff.refused(now - 5s, now);
  backoff.accepted(now - 3s);
  EXPECT_EQ(backoff.until(now), now + 1min);
  EXPECT_TRUE(backoff.on_trial());
}

TEST_F(BackoffTest, WhatBeganBeforeANewSecretSaysNothingAboutIt) {
  backoff.end(now);
  EXPECT_FALSE(backoff.refused(now - 1s, now + 1s)) << "with the old password";
  EXPECT_EQ(backoff.until(now + 1s), std::nullopt);
  backoff.accepted(now - 1s);
  EXPECT_TRUE(backoff.on_trial());
  backoff.accepted(now);
  EXPECT_FALSE(backoff.on_trial());
}

TEST_F(BackoffTest, OnTrialUntilTheServerAnswers) {
  EXPECT_TRUE(backoff.on_trial()) << "from the start";
  backoff.accepted(now);
  EXPECT_FALSE(backoff.on_trial());
  refuse();
  EXPECT_TRUE(backoff.on_trial());
  now += 1min;
  EXPECT_TRUE(backoff.on_trial()) << "also when it is over";
  backoff.accepted(now);
  backoff.end(now);
  EXPECT_TRUE(backoff.on_trial());
}

TEST(Backoff, OnlyThreeReasonsCauseIt) {
  for (const Reason reason : kReasons) {
    EXPECT_EQ(causes_backoff(reason),
              reason == Reason::auth || reason == Reason::forbidden || reason == Reason::throttled)
        << to_string(reason);
  }
}

class AccountTest : public ::testing::Test {
 protected:
  void refuse(std::uint64_t endpoint) { account.refused(endpoint, now, now); }

  MonoTime now = kFirst;
  Account account;
};

TEST_F(AccountTest, OneRefusalIsADoubtAndTwoEndpointsInARowAreABackoff) {
  EXPECT_EQ(account.most_at_once(), 2U) << "nobody was let in yet";
  account.accepted(now);
  EXPECT_EQ(account.most_at_once(), Account::kAll);
  refuse(1);
  EXPECT_EQ(account.most_at_once(), 1U);
  EXPECT_EQ(account.until(now), std::nullopt);
  now += 1s;
  refuse(2);
  EXPECT_EQ(account.until(now), now + 1min);
  now += 1min;
  refuse(2);
  EXPECT_EQ(account.until(now), now + 2min) << "whoever tries next";
}

TEST_F(AccountTest, OneEndpointAloneIsNoTwoInARow) {
  for (int i = 0; i < 3; ++i) {
    refuse(7);
    now += 1min;
    EXPECT_EQ(account.until(now), std::nullopt);
    EXPECT_EQ(account.most_at_once(), 1U);
  }
  refuse(8);
  EXPECT_EQ(account.until(now), now + 1min);
}

TEST_F(AccountTest, AnAnswerOfAnyEndpointClearsIt) {
  refuse(1);
  now += 1s;
  account.accepted(now);
  EXPECT_EQ(account.most_at_once(), Account::kAll);
  refuse(2);
  EXPECT_EQ(account.until(now), std::nullopt) << "the first one again";
}

TEST_F(AccountTest, WhatBeganBeforeTheLastWordChangesNothing) {
  refuse(1);
  account.accepted(now - 1s);
  EXPECT_EQ(account.most_at_once(), 1U);
  account.refused(2, now - 1s, now + 1s);
  EXPECT_EQ(account.until(now), std::nullopt) << "they ran at the same time";
  account.end(now + 2s);
  account.refused(3, now, now + 3s);
  EXPECT_EQ(account.most_at_once(), 2U) << "with the old password";
}

TEST(RefusedLogon, IsWhatTheServerSaidToAPassword) {
  const auto with = [](std::string code) {
    return Error{Reason::auth, std::move(code), {}, {}, {}, Stage::auth};
  };
  EXPECT_TRUE(is_refused_logon(with("auth.refused")));
  EXPECT_TRUE(is_refused_logon(with("wsman.authentication")));
  for (const char* code : {"auth.keytab_refused", "auth.account_unknown", "auth.account_locked",
                           "auth.account_expired", "auth.password_expired", "auth.policy"}) {
    EXPECT_TRUE(is_refused_logon(with(code))) << code;
  }
  EXPECT_FALSE(is_refused_logon(with("auth.not_offered")));
  EXPECT_FALSE(is_refused_logon(with("auth.ticket_refused"))) << "never the password";
  EXPECT_FALSE(is_refused_logon(with("auth.clock")));
}

}  // namespace
}  // namespace sfb::engine
