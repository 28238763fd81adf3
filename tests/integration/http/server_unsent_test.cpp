// Answers that are not read yet: what they take here and in the kernel, and who is cut off.
#include "tests/integration/http/slow_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>

namespace sfb::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

/// Bytes that the kernel holds of what this server wrote, by connection. The table may show one
/// twice where others come and go while it is read.
std::map<std::string, std::size_t> queued_bytes(const std::string& where) {
  const int port = std::stoi(where.substr(where.rfind(':') + 1));
  std::ifstream table("/proc/net/tcp");
  std::map<std::string, std::size_t> found;
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string number;
    std::string local;
    std::string remote;
    std::string state;
    std::string queues;
    fields >> number >> local >> remote >> state >> queues;
    if (std::stoi(local.substr(local.find(':') + 1), nullptr, 16) == port && state == "01") {
      found[local + ' ' + remote] = std::stoul(queues.substr(0, queues.find(':')), nullptr, 16);
    }
  }
  return found;
}

TEST(ServerUnsent, LittleOfAnUnreadAnswerLiesInTheKernel) {
  TestServer server;
  std::vector<std::unique_ptr<RawClient>> readers;
  for (int i = 0; i < 4; ++i) {
    readers.push_back(stuck_reader(server));
  }
  const auto queued = queued_bytes(server.where);
  ASSERT_EQ(queued.size(), 4U);
  EXPECT_THAT(queued, testing::Each(testing::Pair(
                          testing::_, testing::AllOf(testing::Gt(0U), testing::Lt(512U << 10U)))));
}

TEST(ServerUnsent, NothingOfItStaysWhenTheReaderWasCut) {
  ServerOptions options = limited(1);
  options.write_timeout = 200ms;
  TestServer server(options);
  const auto slow = stuck_reader(server);
  EXPECT_TRUE(server.eventually_open(0));
  EXPECT_THAT(slow->read_all().size(), testing::Lt(1U << 20U));
  EXPECT_TRUE(slow->was_reset()) << "after its time";
  const auto crowded_out = stuck_reader(server);
  EXPECT_EQ(status_of(server.where), 200);
  crowded_out->read_all();
  EXPECT_TRUE(crowded_out->was_reset()) << "for the place";
}

TEST(ServerUnsent, UnreadAnswersTakeNoMoreMemoryThanTheLimit) {
  ServerOptions options;
  options.unsent_bytes = 55UL << 20U;  // five and a half bodies
  TestServer server(options);
  std::vector<std::unique_ptr<RawClient>> readers;
  for (int i = 0; i < 5; ++i) {
    readers.push_back(stuck_reader(server, "/own"));
  }
  EXPECT_THAT(server.ends(), IsEmpty());
  readers.push_back(stuck_reader(server, "/own"));
  EXPECT_THAT(server.ends(), ElementsAre(Ended::slow));
  EXPECT_TRUE(was_cut(*readers.front())) << "the slowest";
  EXPECT_EQ(readers.back()->read().body.size(), server.state->big->size());
  EXPECT_THAT(server.log(), ElementsAre(HasSubstr("slow readers are cut off")));
}

TEST(ServerUnsent, ASlowReaderIsCutForOthersAndItsBodyIsFreeAtOnce) {
  ServerOptions options;
  options.young = 0ms;
  TestServer server(options);
  const auto slow = stuck_reader(server);
  const auto cut = [&] {
    return server.loop.call([&] {
      const bool found = server.server->cut_slow_reader();
      return std::pair(found, server.state->big.use_count());
    });
  };
  EXPECT_EQ(cut(), std::pair(true, 1L)) << "only the test has the body";
  EXPECT_EQ(cut(), std::pair(false, 1L));
  EXPECT_TRUE(was_cut(*slow));
  EXPECT_THAT(server.ends(), ElementsAre(Ended::slow));
  EXPECT_THAT(server.log(), ElementsAre(HasSubstr("slow readers are cut off")));
}

TEST(ServerUnsent, WhoBeganToReadJustNowIsNotSlow) {
  ServerOptions options;
  options.young = 1h;
  TestServer server(options);
  const auto reader = stuck_reader(server);
  EXPECT_FALSE(server.loop.call([&] { return server.server->cut_slow_reader(); }));
  EXPECT_EQ(reader->read().body.size(), server.state->big->size());
}

TEST(ServerUnsent, AnAnswerThatManyReadCountsOnceAndFourAlwaysStay) {
  ServerOptions options;
  options.unsent_bytes = 1;
  TestServer server(options);
  std::vector<std::unique_ptr<RawClient>> readers;
  for (const std::string path : {"/big", "/big", "/big", "/own", "/own", "/own"}) {
    readers.push_back(stuck_reader(server, path));
  }
  EXPECT_THAT(server.ends(), IsEmpty());
  EXPECT_EQ(readers.front()->read().body.size(), server.state->big->size());
}

}  // namespace
}  // namespace sfb::http
