// What `evaluate` is told of a dropped file: each stage and fact, on failure too.
#include "tests/integration/remote/file/drop_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::remote {
namespace {

using testing::ElementsAre;

class Told final : public Observer {
 public:
  void stage(const StageTime& time) override {
    told.emplace_back(to_string(time.stage));
    EXPECT_GE(time.duration.count(), 0);
  }
  void fact(std::string_view name, std::string_view value) override {
    told.push_back(fmt::format("{}: {}", name, value));
  }
  bool wants_wire() const override { return true; }
  void wire(std::string_view /*direction*/, std::string_view text) override {
    ADD_FAILURE() << "a file has no wire: " << text;
  }

  std::vector<std::string> told;  // loop thread while an ask runs
};

struct WatchedFolder : DropFolder {
  WatchedFolder() {
    options.observer = observer;
    remake();
  }
  std::vector<std::string> told() { return std::exchange(observer->told, {}); }

  std::shared_ptr<Told> observer = std::make_shared<Told>();
};

TEST(FileObserver, IsToldStagesAndFacts) {
  WatchedFolder folder;
  const WallTime made_at = folder.clock.wall();
  const std::string content = export_of(kAtlanta, made_at);
  DropFolder::drop(folder.file(kAtlanta), content);
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "one");
  EXPECT_THAT(folder.told(), ElementsAre("path: " + folder.file(kAtlanta), "open", "query", "parse",
                                         fmt::format("size: {} bytes", content.size()),
                                         "format: clixml", "made at: " + format_iso8601(made_at)));
}

TEST(FileObserver, IsToldTheStageThatFailed) {
  WatchedFolder folder;
  EXPECT_EQ(folder.code_of(ask_of(kAtlanta)), "file.missing");
  EXPECT_THAT(folder.told(), ElementsAre("path: " + folder.file(kAtlanta), "open"));
  DropFolder::drop(folder.file(kAtlanta), "<Objs");
  EXPECT_NE(folder.code_of(ask_of(kAtlanta)), "good");
  EXPECT_THAT(folder.told(),
              ElementsAre("path: " + folder.file(kAtlanta), "open", "query", "parse"));
}

TEST(FileObserver, IsToldAboutAFileThatIsTooOld) {
  WatchedFolder folder;
  DropFolder::drop(folder.file(kAtlanta), export_of(kAtlanta, folder.clock.wall()));
  folder.clock.move(std::chrono::hours(1));
  EXPECT_EQ(folder.code_of(ask_of(kAtlanta)), "file.too_old");
  EXPECT_EQ(folder.told().size(), 7U);
}

}  // namespace
}  // namespace sfb::remote
