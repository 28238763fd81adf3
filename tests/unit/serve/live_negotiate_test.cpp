// Tickets that are none, and what the agent lacks; good ones: tests/e2e and tests/lab/ad.
#include "agent/serve/live_negotiate.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/descriptor.hpp"
#include "tests/unit/serve/service_rig.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <latch>
#include <map>
#include <string>
#include <thread>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
namespace asio = boost::asio;
using testing::get;
using ::testing::HasSubstr;

const std::string kNtlm = "NTLMSSP\0\1\0\0\0"s;
const std::string kSpnego =
    "\x60\x0a\x06\x06\x2b\x06\x01\x05\x05\x02"
    "ab"s;

class NegotiateTest : public ::testing::Test {
 protected:
  TicketOutcome ask(const Tickets& tickets, const std::string& token) {
    http::Request request = get("/metrics", "");
    request.authorization = Secret("Negotiate " + token);
    std::optional<TicketOutcome> outcome;
    asio::co_spawn(io_,
                   tickets(std::make_shared<const http::Request>(std::move(request)), "request-1"),
                   [&](const std::exception_ptr& failure, TicketOutcome given) {
                     ASSERT_FALSE(failure);
                     outcome = std::move(given);
                   });
    io_.restart();
    io_.run();
    return std::move(*outcome);
  }

  asio::io_context io_;
  net::WorkerPool pool_{"tickets", 1, 1};
};

TEST_F(NegotiateTest, WhatIsNoBeginningOfKerberosIsRefusedOnTheSpot) {
  const Tickets tickets = tickets_of(pool_, "/nowhere/exporter.keytab");
  for (const std::string& token :
       {""s, "!"s, base64_encode("token"), base64_encode(kSpnego + "x")}) {
    const TicketOutcome outcome = ask(tickets, token);
    ASSERT_FALSE(outcome.caller);
    EXPECT_EQ(outcome.caller.error().code, "access.not_kerberos") << token;
    EXPECT_EQ(outcome.caller.error().reason, Reason::auth);
  }
  EXPECT_EQ(pool_.counters().threads, 0U) << "no thread was asked";
}

TEST_F(NegotiateTest, AKeytabThatIsNotThereIsTheAgentsFault) {
  const Tickets tickets = tickets_of(pool_, "/nowhere/exporter.keytab");
  for (const std::string& bytes : {kSpnego, kNtlm}) {
    const TicketOutcome outcome = ask(tickets, base64_encode(bytes));
    ASSERT_FALSE(outcome.caller);
    EXPECT_EQ(outcome.caller.error().code, "access.keytab");
    EXPECT_EQ(outcome.caller.error().reason, Reason::process);
    EXPECT_THAT(outcome.caller.error().message, HasSubstr("/nowhere/exporter.keytab"));
  }
}

// A FIFO that nobody writes stands for a dead mount.
TEST_F(NegotiateTest, AKeytabThatHangsIsNamed) {
  const std::string fifo = ::testing::TempDir() + "/sfb-keytab." + std::to_string(::getpid());
  ::unlink(fifo.c_str());
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  ASSERT_TRUE(pool_.start());  // the time is for the file alone
  const Tickets tickets = tickets_of(pool_, fifo, 500ms);
  for (int i = 0; i < 2; ++i) {
    const TicketOutcome outcome = ask(tickets, base64_encode(kSpnego));
    ASSERT_FALSE(outcome.caller);
    EXPECT_EQ(outcome.caller.error().code, "access.keytab") << "also of who waits behind it";
    EXPECT_EQ(outcome.caller.error().reason, Reason::timeout);
    EXPECT_EQ(outcome.caller.error().message, "reading " + fifo + " did not end in time");
  }
  while (pool_.counters().busy > 0) {
    const Descriptor writer(::open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    std::this_thread::yield();
  }
  ::unlink(fifo.c_str());
}

TEST_F(NegotiateTest, OneAddressTakesEightPlacesAtMost) {
  net::WorkerPool wide("tickets", 1, 32);
  std::latch held(1);
  asio::co_spawn(io_, wide.run([&]() -> Result<int> {
    held.wait();
    return 0;
  }),
                 [](const std::exception_ptr&, const Result<int>&) {});
  while (wide.counters().busy == 0) {
    io_.poll();
    std::this_thread::yield();
  }
  const Tickets tickets = tickets_of(wide, "/nowhere/exporter.keytab");
  std::map<std::string, int> codes;
  const auto knock = [&](const char* address) {
    http::Request request = get("/metrics", "");
    request.authorization = Secret("Negotiate " + base64_encode(kSpnego));
    request.peer.address = address;
    asio::co_spawn(io_, tickets(std::make_shared<const http::Request>(std::move(request)), "1"),
                   [&](const std::exception_ptr&, const TicketOutcome& given) {
                     ++codes[given.caller ? "" : given.caller.error().code];
                   });
    io_.poll();
  };
  for (int i = 0; i < 9; ++i) {
    knock("192.0.2.7");
  }
  EXPECT_EQ(codes["access.tickets"], 1);
  knock("192.0.2.8");
  EXPECT_EQ(codes["access.tickets"], 1) << "somebody else waits";
  held.count_down();
  io_.restart();
  io_.run();
  EXPECT_EQ(codes["access.keytab"], 9);
  knock("192.0.2.7");
  io_.restart();
  io_.run();
  EXPECT_EQ(codes["access.keytab"], 10) << "the places came back";
}

TEST_F(NegotiateTest, TooManyAndTooSlowAreTold) {
  std::latch held(1);
  const auto hold = [&]() -> Result<int> {
    held.wait();
    return 0;
  };
  int done = 0;
  const auto count = [&](const std::exception_ptr&, const Result<int>&) { ++done; };
  asio::co_spawn(io_, pool_.run(hold), count);
  while (pool_.counters().busy == 0) {
    io_.poll();
    std::this_thread::yield();
  }
  // The thread is busy: this one waits until its patience ends.
  const Tickets impatient = tickets_of(pool_, "/nowhere/exporter.keytab", 1ms);
  std::optional<TicketOutcome> late;
  http::Request request = get("/metrics", "");
  request.authorization = Secret("Negotiate " + base64_encode(kSpnego));
  const auto shared = std::make_shared<const http::Request>(std::move(request));
  asio::co_spawn(io_, impatient(shared, "1"),
                 [&](const std::exception_ptr&, TicketOutcome given) { late = std::move(given); });
  while (!late) {
    io_.run_one();
  }
  ASSERT_FALSE(late->caller);
  EXPECT_EQ(late->caller.error().code, "access.tickets");
  EXPECT_EQ(late->caller.error().reason, Reason::throttled);
  // One waits, and the queue has one place.
  asio::co_spawn(io_, pool_.run(hold), count);
  std::optional<TicketOutcome> full;
  asio::co_spawn(io_, tickets_of(pool_, "/nowhere/exporter.keytab")(shared, "2"),
                 [&](const std::exception_ptr&, TicketOutcome given) { full = std::move(given); });
  while (!full) {
    io_.run_one();
  }
  ASSERT_FALSE(full->caller);
  EXPECT_EQ(full->caller.error().code, "access.tickets");
  held.count_down();
  io_.restart();
  io_.run();
  EXPECT_GE(done, 1);
}

}  // namespace
}  // namespace sfb::serve
