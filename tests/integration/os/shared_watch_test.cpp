#include "agent/os/shared_watch.hpp"

#include "tests/integration/net/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

namespace sfb::os {
namespace {

namespace fs = std::filesystem;

class SharedWatchTest : public testing::Test {
 protected:
  SharedWatchTest() {
    std::string name = (fs::temp_directory_path() / "sfb-shared-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    for (const char* folder : {"/a", "/b"}) {
      fs::create_directory(root_ + folder);
    }
    loop_.call([&] { watch_ = std::make_shared<SharedWatch>(loop_.executor()); });
  }
  ~SharedWatchTest() override {
    loop_.call([&] {
      subscriptions_.clear();
      watch_.reset();
    });
    fs::remove_all(root_);
  }

  void subscribe(int who, const std::string& folder) {
    loop_.call([&] {
      subscriptions_[who] = watch_->subscribe(root_ + folder, [this, who](const FileEvent& event) {
        told_[who].push_back(event.name);
      });
    });
  }
  /// True when there was something to add.
  bool add(const std::string& folder) {
    const auto adder = loop_.call([&] { return watch_->adder(root_ + folder); });
    return adder && *adder && (*adder)->add(root_ + folder);
  }
  void write(const std::string& path) const { std::ofstream(root_ + path) << "content"; }
  std::vector<std::string> told(int who) {
    return loop_.call([&] { return told_[who]; });
  }

  std::string root_;
  std::map<int, std::vector<std::string>> told_;  // loop thread only
  net::Loop loop_;
  std::shared_ptr<SharedWatch> watch_;
  std::map<int, std::unique_ptr<SharedWatch::Subscription>> subscriptions_;
};

TEST_F(SharedWatchTest, TellsEachWhatHappensInItsFolder) {
  subscribe(1, "/a");
  subscribe(2, "/a");
  subscribe(3, "/b");
  EXPECT_TRUE(add("/a"));
  EXPECT_FALSE(add("/a")) << "watched already";
  EXPECT_TRUE(add("/b"));
  write("/a/one");
  write("/b/two");
  EXPECT_TRUE(net::eventually([&] { return !told(2).empty() && !told(3).empty(); }));
  EXPECT_THAT(told(1), testing::ElementsAre("one"));
  EXPECT_THAT(told(2), testing::ElementsAre("one"));
  EXPECT_THAT(told(3), testing::ElementsAre("two"));
}

TEST_F(SharedWatchTest, TheFolderIsLeftWithItsLastSubscriber) {
  subscribe(1, "/a");
  subscribe(2, "/a");
  subscribe(3, "/b");
  ASSERT_TRUE(add("/a"));
  ASSERT_TRUE(add("/b"));
  loop_.call([&] { subscriptions_.erase(1); });
  write("/a/one");
  EXPECT_TRUE(net::eventually([&] { return told(2).size() == 1; }));
  EXPECT_THAT(told(1), testing::IsEmpty());
  loop_.call([&] { subscriptions_.erase(2); });
  EXPECT_TRUE(add("/a")) << "not watched any more";
}

TEST_F(SharedWatchTest, ASubscriptionMayOutliveIt) {
  subscribe(1, "/a");
  loop_.call([&] { watch_.reset(); });
  loop_.call([&] { subscriptions_.clear(); });
}

TEST_F(SharedWatchTest, ACallbackMayEndSubscriptions) {
  loop_.call([&] {
    for (int who : {1, 2}) {
      subscriptions_[who] = watch_->subscribe(root_ + "/a", [this, who](const FileEvent&) {
        told_[who].push_back("told");
        subscriptions_.clear();
      });
    }
  });
  ASSERT_TRUE(add("/a"));
  write("/a/one");
  EXPECT_TRUE(net::eventually([&] { return !told(1).empty() || !told(2).empty(); }));
  EXPECT_EQ(told(1).size() + told(2).size(), 1U);
}

}  // namespace
}  // namespace sfb::os
