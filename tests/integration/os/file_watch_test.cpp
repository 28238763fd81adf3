#include "agent/os/file_watch.hpp"

#include "tests/integration/net/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace sfb::os {
namespace {

namespace fs = std::filesystem;
using Kind = FileEvent::Kind;

class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest() {
    std::string name = (fs::temp_directory_path() / "sfb-watch-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    folder_ = root_ + "/drop";
    fs::create_directory(folder_);
    loop_.call([&] {
      auto made = FileWatch::create(loop_.executor(),
                                    [this](const FileEvent& event) { events_.push_back(event); });
      ASSERT_TRUE(made) << describe(made.error());
      watch_ = std::move(*made);
    });
  }
  ~FileWatchTest() override {
    loop_.call([&] { watch_.reset(); });
    fs::remove_all(root_);
  }

  static void write(const std::string& path) { std::ofstream(path) << "content"; }

  bool seen(Kind kind, const std::string& directory, const std::string& name) {
    return net::eventually([&] {
      return loop_.call([&] {
        return std::ranges::any_of(events_, [&](const FileEvent& e) {
          return e.kind == kind && e.directory == directory && e.name == name;
        });
      });
    });
  }
  std::size_t count() {
    return loop_.call([&] { return events_.size(); });
  }

  std::string root_;
  std::string folder_;
  std::vector<FileEvent> events_;  // loop thread only
  net::Loop loop_;
  std::unique_ptr<FileWatch> watch_;
};

TEST_F(FileWatchTest, TellsWritingRenamingOverAndRemoving) {
  ASSERT_TRUE(watch_->add(folder_));
  EXPECT_TRUE(watch_->watches(folder_));
  write(folder_ + "/a.clixml");
  EXPECT_TRUE(seen(Kind::changed, folder_, "a.clixml"));
  loop_.call([&] { events_.clear(); });

  write(root_ + "/beside");
  fs::rename(root_ + "/beside", folder_ + "/a.clixml");
  EXPECT_TRUE(seen(Kind::changed, folder_, "a.clixml")) << "renamed over from outside";
  loop_.call([&] { events_.clear(); });

  write(folder_ + "/a.tmp");
  fs::rename(folder_ + "/a.tmp", folder_ + "/a.clixml");
  EXPECT_TRUE(seen(Kind::changed, folder_, "a.clixml")) << "renamed over from inside";
  loop_.call([&] { events_.clear(); });

  fs::remove(folder_ + "/a.clixml");
  EXPECT_TRUE(seen(Kind::changed, folder_, "a.clixml")) << "removed";
}

TEST_F(FileWatchTest, AFolderThatGoesIsToldAndCanBeAddedAgain) {
  ASSERT_TRUE(watch_->add(folder_));
  fs::remove_all(folder_);
  EXPECT_TRUE(seen(Kind::gone, folder_, ""));
  EXPECT_FALSE(watch_->watches(folder_));
  EXPECT_EQ(watch_->add(folder_).error().code, "watch.not_found");
  EXPECT_EQ(watch_->add(folder_).error().reason, Reason::not_found);
  fs::create_directory(folder_);
  ASSERT_TRUE(watch_->add(folder_));
  write(folder_ + "/b");
  EXPECT_TRUE(seen(Kind::changed, folder_, "b"));
}

TEST_F(FileWatchTest, AFolderMovedAwayIsGone) {
  ASSERT_TRUE(watch_->add(folder_));
  fs::rename(folder_, root_ + "/old");
  EXPECT_TRUE(seen(Kind::gone, folder_, ""));
  fs::create_directory(folder_);
  ASSERT_TRUE(watch_->add(folder_));
  loop_.call([&] { events_.clear(); });
  write(root_ + "/old/x");
  write(folder_ + "/y");
  EXPECT_TRUE(seen(Kind::changed, folder_, "y"));
  EXPECT_EQ(count(), 1U) << "the old folder is no longer watched";
}

TEST_F(FileWatchTest, AddingAgainFollowsThePath) {
  fs::create_directory(root_ + "/second");
  const std::string link = root_ + "/link";
  fs::create_directory_symlink(folder_, link);
  ASSERT_TRUE(watch_->add(link));
  fs::remove(link);
  fs::create_directory_symlink(root_ + "/second", link);
  ASSERT_TRUE(watch_->add(link));
  write(folder_ + "/not_seen");
  write(root_ + "/second/seen");
  EXPECT_TRUE(seen(Kind::changed, link, "seen"));
  EXPECT_EQ(count(), 1U);
}

TEST_F(FileWatchTest, TwoSpellingsOfAFolderAreBothTold) {
  ASSERT_TRUE(watch_->add(folder_));
  ASSERT_TRUE(watch_->add(folder_ + "/."));
  write(folder_ + "/a");
  EXPECT_TRUE(seen(Kind::changed, folder_, "a"));
  EXPECT_TRUE(seen(Kind::changed, folder_ + "/.", "a"));
  watch_->remove(folder_);
  write(folder_ + "/b");
  EXPECT_TRUE(seen(Kind::changed, folder_ + "/.", "b")) << "the other spelling is still watched";
}

TEST_F(FileWatchTest, ARemovedFolderTellsNothingMore) {
  const std::string other = root_ + "/other";
  fs::create_directory(other);
  ASSERT_TRUE(watch_->add(folder_));
  ASSERT_TRUE(watch_->add(other));
  watch_->remove(folder_);
  EXPECT_FALSE(watch_->watches(folder_));
  write(folder_ + "/a");
  write(other + "/b");
  EXPECT_TRUE(seen(Kind::changed, other, "b"));
  EXPECT_EQ(count(), 1U);
}

TEST_F(FileWatchTest, LostEventsAreToldForEveryFolder) {
  const std::string other = root_ + "/other";
  fs::create_directory(other);
  ASSERT_TRUE(watch_->add(folder_));
  ASSERT_TRUE(watch_->add(other));
  // More than fs.inotify.max_queued_events while the loop is held.
  std::ifstream file("/proc/sys/fs/inotify/max_queued_events");
  std::size_t limit = 16384;
  file >> limit;
  write(folder_ + "/a");
  loop_.call([&] {
    for (std::size_t i = 0; i <= limit / 4 + 10; ++i) {  // two events each, never two equal ones
      fs::rename(folder_ + "/a", folder_ + "/b");
      fs::rename(folder_ + "/b", folder_ + "/a");
    }
  });
  EXPECT_TRUE(seen(Kind::overflow, folder_, ""));
  EXPECT_TRUE(seen(Kind::overflow, other, ""));
}

TEST_F(FileWatchTest, AnAdderMayOutliveTheWatch) {
  const FileWatch::Adder adder = watch_->adder();
  ASSERT_TRUE(adder.add(folder_));
  loop_.call([&] { watch_.reset(); });
  EXPECT_TRUE(adder.add(folder_)) << "harmless, and of no use";
  write(folder_ + "/a");
  EXPECT_EQ(count(), 0U);
  loop_.call([&] {
    auto made = FileWatch::create(loop_.executor(), [](const FileEvent&) {});
    watch_ = std::move(made.value());
  });
}

TEST_F(FileWatchTest, NothingIsLostWhileFoldersAreAddedByAnotherThread) {
  std::vector<std::string> folders;
  for (int i = 0; i < 200; ++i) {
    folders.push_back(root_ + "/f" + std::to_string(i));
    fs::create_directory(folders.back());
  }
  std::atomic<int> added{-1};
  std::jthread writer([&] {
    for (int i = 0; i < 200; ++i) {
      while (added < i) {
      }
      write(folders[static_cast<std::size_t>(i)] + "/x");
    }
  });
  for (int i = 0; i < 200; ++i) {
    // The writer starts with the call, so that events come while it runs.
    added = i;
    ASSERT_TRUE(watch_->add(folders[static_cast<std::size_t>(i)]));
    write(folders[static_cast<std::size_t>(i)] + "/y");
  }
  for (const std::string& folder : folders) {
    EXPECT_TRUE(net::eventually([&] {
      return loop_.call([&] {
        return std::ranges::any_of(events_, [&](const FileEvent& e) {
          return e.directory == folder && (e.name == "y" || e.kind == Kind::overflow);
        });
      });
    })) << folder;
  }
}

}  // namespace
}  // namespace sfb::os
