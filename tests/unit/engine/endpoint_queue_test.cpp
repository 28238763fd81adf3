// The queue of an endpoint and the agenda.
#include "agent/engine/endpoint_queue.hpp"

#include "agent/engine/agenda.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sfb::engine {
namespace {

using namespace std::chrono_literals;

TEST(EndpointQueue, FirstComeFirstServed) {
  EndpointQueue queue(9);
  queue.push(1, Priority::schedule);
  queue.push(2, Priority::schedule);
  EXPECT_EQ(queue.take(), 1U);
  EXPECT_EQ(queue.take(), 2U);
  EXPECT_EQ(queue.take(), std::nullopt);
}

TEST(EndpointQueue, QueriesBeforeTheSchedule) {
  EndpointQueue queue(9);
  queue.push(1, Priority::schedule);
  queue.push(2, Priority::query);
  queue.push(3, Priority::query);
  EXPECT_EQ(queue.take(), 2U);
  EXPECT_EQ(queue.take(), 3U);
  EXPECT_EQ(queue.take(), 1U);
}

TEST(EndpointQueue, SlotsAreHeldUntilReleased) {
  EndpointQueue queue(1);
  queue.push(1, Priority::query);
  queue.push(2, Priority::query);
  EXPECT_TRUE(queue.can_take());
  EXPECT_EQ(queue.take(), 1U);
  EXPECT_FALSE(queue.can_take());
  EXPECT_EQ(queue.take(), std::nullopt);
  EXPECT_EQ(queue.running(), 1U);
  queue.release();
  EXPECT_EQ(queue.take(), 2U);
  queue.release();
  EXPECT_EQ(queue.running(), 0U);
  EXPECT_FALSE(queue.can_take()) << "nobody waits";
}

TEST(EndpointQueue, PromotedByAQuery) {
  EndpointQueue queue(9);
  queue.push(1, Priority::schedule);
  queue.push(2, Priority::schedule);
  queue.push(3, Priority::query);
  queue.promote(2);
  queue.promote(77);
  EXPECT_EQ(queue.take(), 2U);
  EXPECT_EQ(queue.take(), 3U);
  EXPECT_EQ(queue.take(), 1U);
}

TEST(EndpointQueue, Removed) {
  EndpointQueue queue(9);
  queue.push(1, Priority::schedule);
  queue.push(2, Priority::query);
  EXPECT_TRUE(queue.remove(1));
  EXPECT_TRUE(queue.remove(2));
  EXPECT_FALSE(queue.remove(2));
  EXPECT_EQ(queue.waiting(), 0U);
  EXPECT_EQ(queue.take(), std::nullopt);
}

TEST(EndpointQueue, AFloodOfQueriesDoesNotSilenceTheSchedule) {
  EndpointQueue queue(1);
  queue.push(1, Priority::schedule);
  JobId next = 2;
  for (std::size_t i = 0; i < EndpointQueue::kMaxOvertaken; ++i) {
    queue.push(next++, Priority::query);
    EXPECT_NE(queue.take(), 1U);
    queue.release();
  }
  queue.push(next++, Priority::query);
  EXPECT_EQ(queue.take(), 1U);
}

TEST(EndpointQueue, TheLimitMayChange) {
  EndpointQueue queue(1);
  queue.push(1, Priority::query);
  queue.push(2, Priority::query);
  queue.push(3, Priority::query);
  queue.take();
  queue.set_max_concurrent(2);
  EXPECT_EQ(queue.take(), 2U);
  queue.set_max_concurrent(1);
  queue.release();
  EXPECT_EQ(queue.take(), std::nullopt) << "still one too many";
  queue.release();
  EXPECT_EQ(queue.take(), 3U);
}

TEST(Agenda, OneEntryPerKeyInTheOrderOfTime) {
  Agenda agenda;
  const MonoTime start{100s};
  const AgendaKey a{AgendaKey::Kind::pool_due, 1};
  const AgendaKey b{AgendaKey::Kind::pool_due, 2};
  const AgendaKey waiter{AgendaKey::Kind::waiter, 1};
  EXPECT_EQ(agenda.next(), std::nullopt);
  agenda.set(a, start + 2s);
  agenda.set(b, start + 1s);
  EXPECT_EQ(agenda.next(), start + 1s);
  agenda.set(b, start + 3s);
  EXPECT_EQ(agenda.size(), 2U);
  EXPECT_EQ(agenda.next(), start + 2s);
  agenda.set(waiter, start + 2s);
  EXPECT_EQ(agenda.pop_due(start + 1s), std::nullopt);
  EXPECT_EQ(agenda.pop_due(start + 2s), waiter);
  EXPECT_EQ(agenda.pop_due(start + 2s), a);
  EXPECT_EQ(agenda.pop_due(start + 2s), std::nullopt);
  agenda.erase(b);
  agenda.erase(b);
  EXPECT_EQ(agenda.size(), 0U);
  EXPECT_EQ(agenda.pop_due(start + 9s), std::nullopt);
}

TEST(EndpointQueue, RankBeforeArrivalAmongEquals) {
  EndpointQueue queue(1);
  const auto next = [&] {
    const auto job = queue.take();
    queue.release();
    return job.value_or(0);
  };
  queue.push(1, Priority::schedule, 1);
  queue.push(2, Priority::schedule);
  queue.push(3, Priority::query, 1);
  queue.push(4, Priority::query);
  queue.push(5, Priority::schedule, 1);
  queue.promote(5);
  EXPECT_EQ(next(), 4U);
  EXPECT_EQ(next(), 3U);
  EXPECT_EQ(next(), 5U) << "promoted, with its rank";
  EXPECT_EQ(next(), 2U);
  EXPECT_TRUE(queue.remove(1));
  EXPECT_FALSE(queue.remove(1));
  EXPECT_EQ(next(), 0U);
}

// An endpoint whose pools' status alone takes all its time.
TEST(EndpointQueue, TheLastRankIsNotStarved) {
  EndpointQueue queue(1);
  queue.push(1, Priority::schedule, 1);
  queue.push(2, Priority::schedule, 1);
  JobId next = 3;
  std::vector<JobId> order;
  for (std::size_t i = 0; i < 2 * (EndpointQueue::kMaxOvertaken + 1); ++i) {
    queue.push(next++, Priority::schedule, 0);
    order.push_back(queue.take().value_or(0));
    queue.release();
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool last_rank = i % (EndpointQueue::kMaxOvertaken + 1) == EndpointQueue::kMaxOvertaken;
    EXPECT_EQ(order[i] <= 2, last_rank) << i;
  }
  EXPECT_EQ(order[EndpointQueue::kMaxOvertaken], 1U) << "the oldest first";
}

}  // namespace
}  // namespace sfb::engine
