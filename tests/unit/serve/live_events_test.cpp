#include "agent/serve/live_events.hpp"

#include "agent/serve/page_model.hpp"
#include "tests/unit/serve/service_rig.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
using testing::body_of;
using testing::get;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::Not;

class EventsTest : public ::testing::Test {
 protected:
  std::size_t start(LiveEvents& events, http::Request request) {
    const std::size_t place = answers_.size();
    answers_.emplace_back();
    boost::asio::co_spawn(io_, events.next(std::make_shared<const http::Request>(request)),
                          [this, place](const std::exception_ptr& failure, http::Response answer) {
                            EXPECT_FALSE(failure);
                            answers_[place] = std::move(answer);
                          });
    return place;
  }
  http::Response ask(LiveEvents& events, http::Request request) {
    const std::size_t place = start(events, std::move(request));
    run();
    return answers_[place].value();
  }
  void run() {
    io_.restart();
    io_.run();
  }
  std::string state() const { return state_of_page(*engine_.current); }
  http::Request seen(const std::string& state) const { return get("/events", "seen=" + state); }

  boost::asio::io_context io_;
  testing::FakeEngine engine_;
  net::WorkerPool cpu_{"cpu", 1, 1};
  std::vector<std::optional<http::Response>> answers_;
  LiveEvents patient_{engine_, cpu_, {.look = 1ms, .patience = 1h}};
  LiveEvents hasty_{engine_, cpu_, {.look = 1ms, .patience = 1ms}};
};

TEST_F(EventsTest, BrowserThatSawAnotherStateIsToldAtOnce) {
  const http::Response answer = ask(patient_, seen("0000000000000000"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(header_of(answer, "Content-Type"), "text/event-stream");
  EXPECT_EQ(body_of(answer), "retry: 1000\nid: " + state() + "\ndata: " + state() + "\n\n");
}

TEST_F(EventsTest, LastEventIdCountsMoreThanTheAddress) {
  http::Request request = get("/events", "seen=old", {{"Last-Event-ID", state()}});
  EXPECT_THAT(body_of(ask(hasty_, request)), Not(HasSubstr("data:")));
}

TEST_F(EventsTest, NothingChangedIsACommentAfterAWhile) {
  ask(hasty_, seen(state()));  // its patience may end before the first look
  const http::Response answer = ask(hasty_, seen(state()));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(body_of(answer), "retry: 1000\nid: " + state() + "\n: nothing changed\n\n");
}

TEST_F(EventsTest, ChangeComesToAllWhoWait) {
  const std::size_t one = start(patient_, seen(state()));
  const std::size_t other = start(patient_, seen(state()));
  io_.poll();
  EXPECT_FALSE(answers_[one]);
  auto changed = std::make_shared<status::Snapshot>(*engine_.current);
  ++changed->version;
  changed->pools.pop_back();
  engine_.current = changed;
  run();
  EXPECT_THAT(body_of(answers_[one].value()), HasSubstr("data: " + state()));
  EXPECT_THAT(body_of(answers_[other].value()), HasSubstr("data: " + state()));
}

TEST_F(EventsTest, OneMoreThanThereArePlacesPolls) {
  for (std::size_t i = 0; i < EventPace().most; ++i) {
    start(patient_, seen(state()));
  }
  const std::size_t last = start(patient_, seen(state()));
  io_.poll();
  ASSERT_TRUE(answers_[last]);
  EXPECT_EQ(answers_[last]->status, 503);
  EXPECT_EQ(header_of(*answers_[last], "Retry-After"), "60");
  patient_.stop();
  run();
  for (const auto& answer : answers_) {
    EXPECT_EQ(answer.value().status, 503) << "nobody waits for an agent that stops";
  }
}

TEST_F(EventsTest, BrowserThatLeavesFreesItsPlace) {
  boost::asio::cancellation_signal leave;
  bool left = false;
  boost::asio::co_spawn(
      io_, patient_.next(std::make_shared<const http::Request>(seen(state()))),
      boost::asio::bind_cancellation_slot(
          leave.slot(), [&](const std::exception_ptr&, const http::Response&) { left = true; }));
  for (std::size_t i = 1; i < EventPace().most; ++i) {
    start(patient_, seen(state()));
  }
  io_.poll();
  leave.emit(boost::asio::cancellation_type::terminal);
  io_.poll();
  EXPECT_TRUE(left);
  const std::size_t next = start(patient_, seen(state()));
  io_.poll();
  EXPECT_FALSE(answers_[next]) << "it waits";
  patient_.stop();
  run();
}

TEST_F(EventsTest, PlaceIsFreeAgain) {
  for (std::size_t i = 0; i < 2 * EventPace().most; ++i) {
    EXPECT_EQ(ask(patient_, seen("old")).status, 200);
  }
}

}  // namespace
}  // namespace sfb::serve
