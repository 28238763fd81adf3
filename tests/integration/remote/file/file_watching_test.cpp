// on_change: new content is told at once, for the pools that are asked here and no others.
#include "tests/integration/remote/file/drop_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>

namespace sfb::remote {
namespace {

namespace fs = std::filesystem;

class FileWatching : public testing::Test {
 protected:
  void add(const Fqdn& pool, std::string_view collector = kDefaultCollector) {
    folder_.loop.call([&] { folder_.transport->add_pool(pool, collector); });
  }
  void remove(const Fqdn& pool, std::string_view collector = kDefaultCollector) {
    folder_.loop.call([&] { folder_.transport->remove_pool(pool, collector); });
  }
  void drop(const Fqdn& pool) {
    DropFolder::drop(folder_.file(pool), export_of(pool, folder_.clock.wall()));
  }
  bool told(const Fqdn& pool) {
    return net::eventually([&] {
      return folder_.loop.call([&] { return std::ranges::count(folder_.changed, pool) > 0; });
    });
  }

  DropFolder folder_;
};

TEST_F(FileWatching, AFileThatIsWrittenReplacedOrRemovedIsTold) {
  add(kAtlanta);
  EXPECT_EQ(folder_.code_of(ask_of(kAtlanta)), "file.missing") << "the first ask starts the watch";
  DropFolder::write(folder_.file(kAtlanta), export_of(kAtlanta, folder_.clock.wall()));
  EXPECT_TRUE(told(kAtlanta)) << "written";
  folder_.take_changed();
  drop(kAtlanta);
  EXPECT_TRUE(told(kAtlanta)) << "renamed over";
  folder_.take_changed();
  fs::remove(folder_.file(kAtlanta));
  EXPECT_TRUE(told(kAtlanta)) << "removed";
}

TEST_F(FileWatching, OnlyPoolsThatAreAskedHereAreTold) {
  add(kAtlanta);
  add(kChicago);
  EXPECT_EQ(folder_.code_of(ask_of(kAtlanta)), "file.missing");
  drop(pool_named("stranger.example.com"));
  DropFolder::write(folder_.path + "/" + kAtlanta.str() + ".txt", "x");
  drop(kChicago);  // events come in order: with this one all before it have come
  EXPECT_TRUE(told(kChicago));
  for (const Fqdn& pool : folder_.take_changed()) {
    EXPECT_EQ(pool, kChicago);
  }
}

TEST_F(FileWatching, ARemovedPoolIsNotToldAnyMore) {
  add(kAtlanta);
  add(kChicago);
  EXPECT_EQ(folder_.code_of(ask_of(kAtlanta)), "file.missing");
  remove(kAtlanta);
  remove(kAtlanta);  // again is harmless
  drop(kAtlanta);
  drop(kChicago);
  EXPECT_TRUE(told(kChicago));
  for (const Fqdn& pool : folder_.take_changed()) {
    EXPECT_EQ(pool, kChicago);
  }
  // The last one of the folder; a pool that comes later is watched anew.
  remove(kChicago);
  drop(kChicago);
  add(kAtlanta);
  EXPECT_EQ(folder_.code_of(ask_of(kAtlanta)), "good");
  drop(kAtlanta);
  EXPECT_TRUE(told(kAtlanta));
  for (const Fqdn& pool : folder_.take_changed()) {
    EXPECT_EQ(pool, kAtlanta);
  }
}

TEST_F(FileWatching, AFolderThatComesLaterIsWatchedFromTheNextAskOn) {
  fs::remove_all(folder_.path);
  add(kAtlanta);
  EXPECT_EQ(folder_.code_of(ask_of(kAtlanta)), "file.missing");
  fs::create_directory(folder_.path);
  EXPECT_EQ(folder_.code_of(ask_of(kAtlanta)), "file.missing");
  drop(kAtlanta);
  EXPECT_TRUE(told(kAtlanta));
}

TEST_F(FileWatching, AFolderThatGoesIsToldForAllItsPools) {
  add(kAtlanta);
  add(kChicago);
  drop(kAtlanta);
  EXPECT_EQ(folder_.code_of(ask_of(kAtlanta)), "good");
  folder_.take_changed();
  const std::string away = folder_.path + "-away";
  fs::rename(folder_.path, away);
  EXPECT_TRUE(told(kAtlanta));
  EXPECT_TRUE(told(kChicago));
  EXPECT_EQ(folder_.code_of(ask_of(kAtlanta)), "file.missing");
  fs::rename(away, folder_.path);
  EXPECT_EQ(folder_.code_of(ask_of(kAtlanta)), "good") << "back again";
  folder_.take_changed();
  drop(kAtlanta);
  EXPECT_TRUE(told(kAtlanta)) << "and watched again";
}

// Counts warnings.
class WarningCount final : public LogSink {
 public:
  void write(LogLevel level, std::string_view, std::string_view,
             std::span<const LogField>) override {
    count += level == LogLevel::warn ? 1 : 0;
  }
  std::atomic<int> count{0};
};

// The number of warnings of two asks as a user who may not list the folder; 90 and above: broken.
int warnings_without_rights(const std::string& folder) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 &&
        (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0)) {
      ::_exit(90);
    }
    const auto sink = std::make_shared<WarningCount>();
    const SystemClock clock;
    net::Loop loop;
    FileOptions options;
    options.path = folder + "/{pool}.clixml";
    auto transport = loop.call([&] {
      auto made = make_file_transport(loop.executor(), options, clock,
                                      Logger(sink, LogLevel::info, "file"));
      made->add_pool(kAtlanta, kDefaultCollector);
      return made;
    });
    for (int i = 0; i < 2; ++i) {
      const auto end = net::mono_now() + std::chrono::minutes(1);
      if (!loop.start(transport->ask(ask_of(kAtlanta), end)).get()) {
        ::_exit(91);
      }
    }
    loop.call([&] { transport.reset(); });
    ::_exit(sink->count);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status)
             ? WEXITSTATUS(status)
             : 92;
}

TEST(FileWatchingRights, AFolderThatCannotBeWatchedIsToldOnce) {
  std::string root = (fs::temp_directory_path() / "sfb-watch-rights-XXXXXX").string();
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  const std::string file = root + "/" + kAtlanta.str() + ".clixml";
  DropFolder::write(file, export_of(kAtlanta, SystemClock().now().wall));
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  ASSERT_EQ(::chmod(root.c_str(), 0755), 0);
  EXPECT_EQ(warnings_without_rights(root), 0);
  ASSERT_EQ(::chmod(root.c_str(), 0311), 0);  // may be entered, not listed
  EXPECT_EQ(warnings_without_rights(root), 1);
  ASSERT_EQ(::chmod(root.c_str(), 0700), 0);
  fs::remove_all(root);
}

TEST_F(FileWatching, WithCategoriesTheUnfilteredFileCounts) {
  folder_.options.path = folder_.path + "/{pool}.{category}.clixml";
  folder_.remake();
  add(kAtlanta);
  add(kChicago);
  EXPECT_EQ(folder_.code_of(ask_of(kAtlanta)), "file.missing");
  const auto put = [&](const Fqdn& pool, std::string_view category) {
    DropFolder::drop(fmt::format("{}/{}.{}.clixml", folder_.path, pool.str(), category),
                     export_of(pool, folder_.clock.wall()));
  };
  put(kAtlanta, "CMS");
  put(kChicago, "All");
  EXPECT_TRUE(told(kChicago));
  for (const Fqdn& pool : folder_.take_changed()) {
    EXPECT_EQ(pool, kChicago) << "the schedule asks for All alone";
  }
}

// In a folder of its own or under a name of its own.
TEST_F(FileWatching, EachCollectorIsToldOfItsOwnFile) {
  for (const std::string path : {"/{pool}.{collector}.clixml", "/{collector}/{pool}.clixml"}) {
    folder_.options.path = folder_.path + path;
    folder_.remake();
    const auto file = [&](std::string_view collector) {
      return path.starts_with("/{pool}")
                 ? fmt::format("{}/{}.{}.clixml", folder_.path, kAtlanta.str(), collector)
                 : fmt::format("{}/{}/{}.clixml", folder_.path, collector, kAtlanta.str());
    };
    const auto told_of = [&](std::string_view collector) {
      const std::string line = fmt::format("{} {}", kAtlanta.str(), collector);
      return net::eventually([&] {
        return folder_.loop.call([&] { return std::ranges::count(folder_.told, line) > 0; });
      });
    };
    for (const std::string_view collector : {kDefaultCollector, std::string_view("other")}) {
      fs::create_directories(fs::path(file(collector)).parent_path());
      add(kAtlanta, collector);
      Ask ask = ask_of(kAtlanta);
      ask.collector = collector;
      EXPECT_EQ(folder_.code_of(ask), "file.missing") << "it is watched now";
    }
    DropFolder::drop(file("other"), "x");
    EXPECT_TRUE(told_of("other")) << path;
    EXPECT_THAT(folder_.loop.call([&] { return folder_.told; }),
                testing::Not(testing::Contains(testing::HasSubstr(kDefaultCollector))));
    DropFolder::drop(file(kDefaultCollector), "x");
    EXPECT_TRUE(told_of(kDefaultCollector)) << path;
    remove(kAtlanta, "other");
    folder_.loop.call([&] { folder_.told.clear(); });
    DropFolder::drop(file("other"), "y");
    DropFolder::drop(file(kDefaultCollector), "y");
    EXPECT_TRUE(told_of(kDefaultCollector)) << path;
    EXPECT_THAT(folder_.loop.call([&] { return folder_.told; }),
                testing::Not(testing::Contains(testing::EndsWith("other"))));
    folder_.loop.call([&] { folder_.told.clear(); });
  }
}

}  // namespace
}  // namespace sfb::remote
