// What the page of a pool says of the cmdlet's text, and which commands it offers.
#include "agent/serve/page_pool.hpp"

#include "tests/unit/serve/api_snapshots.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <string>
#include <utility>
#include <vector>

namespace sfb::serve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// That of the first pool, atl-cs-001.
std::string page(const status::Snapshot& snapshot = testing::api_pools()) {
  const PageFrame frame{"1.2.3", "/metrics", testing::api_moment()};
  return render_pool(frame, {.snapshot = snapshot,
                             .pool = *snapshot.pools.at(0),
                             .history = testing::api_history(),
                             .elsewhere = {},
                             .runbooks = "http://wiki.example.org/sfb",
                             .max_bytes = 100'000})
      .html;
}

TEST(PagePool, TheCmdletsTextSaysOfWhenItIs) {
  const std::string fresh = page();
  EXPECT_THAT(fresh,
              HasSubstr("Get-CsBackupServiceStatus, answered <time "
                        "datetime=\"2026-11-23T18:45:03.25Z\">2026-11-23 18:45:03 UTC</time>, "
                        "2 min ago</h3>"));
  EXPECT_THAT(fresh, HasSubstr("data-from=\"atl-cs-001.litwareinc.com, Get-CsBackupServiceStatus, "
                               "answered 2026-11-23 18:45:03 UTC\""));
  EXPECT_THAT(fresh, Not(HasSubstr("not counted")));
  const std::string stale = page(testing::stale_pools());
  EXPECT_THAT(stale, HasSubstr("2 min ago: <span class=\"old\">too old, not counted</span></h3>"));
  EXPECT_THAT(stale, HasSubstr("18:45:03 UTC, too old, not counted\""));
}

/// The commands of a page, with `POOL` in the place of the pools' names.
std::vector<std::string> commands_of(const std::string& page) {
  static const std::regex kCommand("id=\"command-[0-9]+\"[^>]*>([^<]*)</pre>");
  static const std::regex kName("[a-z]{3}-cs-001\\.litwareinc\\.com");
  std::vector<std::string> commands;
  for (std::sregex_iterator at(page.begin(), page.end(), kCommand), end; at != end; ++at) {
    std::string text = std::regex_replace((*at)[1].str(), std::regex("&quot;"), "\"");
    text = std::regex_replace(text, std::regex("&#39;"), "'");
    commands.push_back(std::regex_replace(text, kName, "POOL"));
  }
  return commands;
}

TEST(PagePool, EachCommandStandsInARunbook) {
  std::string runbooks;
  for (const auto& file : std::filesystem::directory_iterator(SFB_SOURCE_DIR "/deploy/runbooks")) {
    std::ifstream text(file.path());
    runbooks += std::string(std::istreambuf_iterator<char>(text), {});
  }
  runbooks = std::regex_replace(runbooks, std::regex("\\s+"), " ");
  const std::vector<std::string> commands = commands_of(page());
  EXPECT_EQ(commands.size(), 9U);
  EXPECT_THAT(commands, ::testing::Contains(HasSubstr("Get-WinEvent")));
  for (const std::string& command : commands) {
    EXPECT_THAT(runbooks, HasSubstr(command));
  }
}

TEST(PagePool, CommandsThatCannotAnswerAreLeftOut) {
  const auto of_partner = [](status::Snapshot snapshot) {
    return page(std::move(snapshot)).contains("-PoolFqdn &quot;chi-cs-001.litwareinc.com&quot;");
  };
  status::Snapshot snapshot = testing::api_pools();
  EXPECT_TRUE(of_partner(snapshot));
  std::erase_if(snapshot.pools, [](const status::PoolSnapshotPtr& pool) {
    return pool->identity.fqdn.str() == "chi-cs-001.litwareinc.com";
  });
  EXPECT_FALSE(of_partner(snapshot));
  auto pushed = std::make_shared<status::PoolSnapshot>(*snapshot.pools.at(0));
  pushed->identity.transport = "push";
  snapshot.pools.at(0) = pushed;
  EXPECT_THAT(commands_of(page(snapshot)), Not(::testing::Contains(HasSubstr("evaluate"))));
}

}  // namespace
}  // namespace sfb::serve
