// The page against golden files, and the rules that a golden file alone does not explain.
#include "agent/serve/metrics_page.hpp"

#include "collectors/backup_service_status/families.hpp"
#include "tests/unit/serve/snapshots.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace sfb::serve {
namespace {

using exposition::Format;
using ::testing::HasSubstr;
using testing::kMoment;
using ::testing::Not;

const std::filesystem::path kGolden = SFB_SOURCE_DIR "/tests/golden/metrics";

std::string page_of(const status::Snapshot& snapshot, Format format = Format::text_0_0_4) {
  return render_metrics_page(snapshot, *testing::some_self_metrics(), format);
}

std::vector<std::string> lines_of(const std::string& page) {
  std::vector<std::string> lines;
  std::istringstream stream(page);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

/// Sample lines that contain all of `parts`.
std::vector<std::string> samples(const std::string& page, const std::vector<std::string>& parts) {
  std::vector<std::string> found = lines_of(page);
  std::erase_if(found, [&](const std::string& line) {
    return line.starts_with('#') || !std::ranges::all_of(parts, [&](const std::string& part) {
             return line.contains(part);
           });
  });
  return found;
}

std::string pool(std::string_view name) {
  return "pool=\"" + std::string(name) + "-cs-001.litwareinc.com\"";
}

/// The figures of the test's own process change: their values become 1.
std::string without_process_values(const std::string& page) {
  static const std::regex kValue("\n(process_[a-z_]*) [^\n]*");
  return std::regex_replace(page, kValue, "\n$1 1");
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// SFB_WRITE_GOLDEN=1 writes the file instead, and fails so that nobody forgets it.
void expect_golden(const std::string& name, const status::Snapshot& snapshot, Format format) {
  const std::filesystem::path path = kGolden / name;
  const std::string page = without_process_values(page_of(snapshot, format));
  if (std::getenv("SFB_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << page;
    FAIL() << path << " was written: look at it and run again without SFB_WRITE_GOLDEN";
  }
  EXPECT_EQ(lines_of(page), lines_of(read(path))) << path;
  EXPECT_EQ(page, read(path)) << path;
}

TEST(MetricsPageGolden, SixPoolsText) {
  expect_golden("six_pools.txt", testing::six_pools(), Format::text_0_0_4);
}
TEST(MetricsPageGolden, SixPoolsOpenMetrics) {
  expect_golden("six_pools.om", testing::six_pools(), Format::openmetrics_1_0_0);
}
TEST(MetricsPageGolden, NoPoolsText) {
  expect_golden("no_pools.txt", {}, Format::text_0_0_4);
}
TEST(MetricsPageGolden, NoPoolsOpenMetrics) {
  expect_golden("no_pools.om", {}, Format::openmetrics_1_0_0);
}
TEST(MetricsPageGolden, EveryFileHasItsTest) {
  const auto files = std::filesystem::directory_iterator(kGolden);
  EXPECT_EQ(std::distance(begin(files), end(files)), 4);
}

TEST(MetricsPage, FreshModulesShowAllStatesAndOneIsTrue) {
  const std::string page = page_of(testing::six_pools());
  const std::map<std::string, std::size_t> modules = {{"atl", 3}, {"chi", 5}, {"gen", 2}};
  for (const auto& [name, count] : modules) {
    const std::string exports = "sfb_backup_module_export_state{" + pool(name);
    const std::string imports = "sfb_backup_module_import_state{" + pool(name);
    EXPECT_EQ(samples(page, {exports}).size(), 6 * count) << name;
    EXPECT_EQ(samples(page, {exports, "} 1"}).size(), count) << name;
    EXPECT_EQ(samples(page, {imports}).size(), 4 * count) << name;
    EXPECT_EQ(samples(page, {imports, "} 1"}).size(), count) << name;
  }
  EXPECT_THAT(page, HasSubstr("sfb_backup_module_export_state{" + pool("chi") +
                              ",module=\"UserServices.PresenceFocus\","
                              "sfb_backup_module_export_state=\"ErrorState\"} 1\n"));
}

TEST(MetricsPage, AStalePoolKeepsItsTimesOnly) {
  const std::string page = page_of(testing::six_pools());
  for (const std::string name :
       {"sfb_backup_service_", "_state{", "sfb_backup_active_machine{", "sfb_backup_overall_"}) {
    EXPECT_TRUE(samples(page, {name, pool("den")}).empty()) << name;
  }
  EXPECT_EQ(samples(page, {"export_state_change_timestamp_seconds{", pool("den")}).size(), 3U);
  EXPECT_EQ(samples(page, {"import_state_change_timestamp_seconds{", pool("den")}).size(), 3U);
  EXPECT_EQ(samples(page, {"last_healthy_timestamp_seconds{", pool("den")}).size(), 2U);
  EXPECT_EQ(samples(page, {"last_final_timestamp_seconds{", pool("den")}).size(), 1U);
  EXPECT_EQ(samples(page, {"last_evaluation_success_timestamp", pool("den")}).size(), 1U);
  EXPECT_EQ(samples(page, {"sfb_backup_up{", pool("den"), "} 0"}).size(), 1U);
}

TEST(MetricsPage, StatesLeftInAStaleSnapshotAreNotPublished) {
  status::PoolSnapshot stale = *testing::many_pools(1).pools.at(0);
  stale.freshness = status::Freshness::stale;
  auto view = static_cast<const collectors::BackupView&>(*stale.view);
  view.shown.fresh = false;
  stale.view = std::make_shared<const collectors::BackupView>(view);
  status::Snapshot snapshot;
  snapshot.pools.push_back(std::make_shared<const status::PoolSnapshot>(stale));
  const std::string page = page_of(snapshot);
  EXPECT_TRUE(samples(page, {"_state{"}).empty());
  EXPECT_TRUE(samples(page, {"sfb_backup_service_"}).empty());
  EXPECT_TRUE(samples(page, {"sfb_backup_active_machine{"}).empty());
}

TEST(MetricsPage, APoolThatNeverAnsweredHasCountersAndSettingsOnly) {
  const std::vector<std::string> found = samples(page_of(testing::six_pools()), {pool("elp")});
  EXPECT_EQ(found.size(), 2 + 2 + kReasons.size() + 1 + 1 + 1) << ::testing::PrintToString(found);
  for (const std::string& line : found) {
    EXPECT_THAT(line, Not(HasSubstr("timestamp")));
    EXPECT_THAT(line, Not(HasSubstr("sfb_backup_up")));
  }
}

TEST(MetricsPage, AllReasonsFromTheStart) {
  const std::string page = page_of(testing::six_pools());
  for (const Reason reason : kReasons) {
    const std::string series = "sfb_backup_evaluation_failures_total{" + pool("elp") +
                               ",reason=\"" + std::string(to_string(reason)) + "\"} 0\n";
    EXPECT_THAT(page, HasSubstr(series));
  }
  EXPECT_EQ(samples(page, {"failures_total{", pool("fra"), "reason=\"auth\"} 3"}).size(), 1U);
}

TEST(MetricsPage, BackOffOnlyWhileItLasts) {
  const auto found =
      samples(page_of(testing::six_pools()), {"evaluation_backoff_until_timestamp_seconds"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0], HasSubstr(pool("fra")));
  EXPECT_TRUE(found[0].ends_with(" 1795459923.25")) << found[0];
  const auto why = samples(page_of(testing::six_pools()), {"evaluation_backoff_info"});
  ASSERT_EQ(why.size(), 1U);
  EXPECT_THAT(why[0], HasSubstr(pool("fra") + ",reason=\"auth\"} 1"));
}

TEST(MetricsPage, TheCurrentFailureIsOneSeriesAndOnlyWhileItLasts) {
  const auto found = samples(page_of(testing::six_pools()), {"sfb_backup_current_failure{"});
  EXPECT_THAT(found, ::testing::ElementsAre("sfb_backup_current_failure{" + pool("den") +
                                                ",reason=\"stale\",code=\"file.too_old\"} 1",
                                            "sfb_backup_current_failure{" + pool("fra") +
                                                ",reason=\"auth\",code=\"auth.refused\"} 1"));
}

TEST(MetricsPage, ACodeThatIsNotOneOfOursIsOther) {
  for (const std::string& code :
       {std::string("a b"), std::string("größe"), std::string(65, 'a'), std::string()}) {
    auto pool = std::make_shared<status::PoolSnapshot>(*testing::six_pools().pools.at(4));
    auto evaluation = std::make_shared<status::Evaluation>(*pool->last_completed);
    evaluation->error->code = code;
    pool->failure = std::shared_ptr<const Error>(evaluation, &*evaluation->error);
    pool->last_completed = evaluation;
    status::Snapshot snapshot;
    snapshot.pools.push_back(pool);
    EXPECT_THAT(page_of(snapshot), HasSubstr(",reason=\"auth\",code=\"other\"} 1\n")) << code;
  }
}

TEST(MetricsPage, NonFatalErrorsAndTheClockAreThoseOfTheLastEvaluation) {
  const std::string page = page_of(testing::six_pools());
  EXPECT_THAT(samples(page, {"sfb_backup_nonfatal_errors{"}),
              ::testing::ElementsAre("sfb_backup_nonfatal_errors{" + pool("atl") + "} 0",
                                     "sfb_backup_nonfatal_errors{" + pool("chi") + "} 2"));
  EXPECT_THAT(samples(page, {"sfb_backup_file_clock_ahead{"}),
              ::testing::ElementsAre("sfb_backup_file_clock_ahead{" + pool("atl") + "} 0",
                                     "sfb_backup_file_clock_ahead{" + pool("chi") + "} 1"));
}

TEST(MetricsPage, BothPoolsOfAPairNameThePairAlike) {
  status::PoolIdentity one = testing::six_pools().pools.at(0)->identity;
  status::PoolIdentity other = testing::six_pools().pools.at(1)->identity;
  other.paired_pool = one.fqdn.str();
  EXPECT_EQ(one.pair(), "atl-cs-001.litwareinc.com/chi-cs-001.litwareinc.com");
  EXPECT_EQ(one.pair(), other.pair());
  EXPECT_THAT(page_of(testing::six_pools()), HasSubstr(",pair=\"" + one.pair() + "\","));
}

TEST(MetricsPage, MaxAgeOfFilesAlone) {
  const auto found = samples(page_of(testing::six_pools()), {"sfb_backup_file_max_age_seconds{"});
  EXPECT_EQ(found.size(), 5U);
  EXPECT_THAT(found[0], ::testing::EndsWith("} 1200"));
}

TEST(MetricsPage, EachModuleTellsItsPartOfTheVerdict) {
  const std::string page = page_of(testing::six_pools());
  const auto working = [&](std::string_view name, const std::string& module) {
    const auto found = samples(page, {"sfb_backup_module_working{", pool(name), module});
    return found.empty() ? std::string("absent") : found[0].substr(found[0].size() - 1);
  };
  EXPECT_EQ(working("atl", "CentralMgmt.CMSMaster"), "1") << "NotInitialized is accepted";
  EXPECT_EQ(working("chi", "UserServices.PresenceFocus"), "0");
  EXPECT_EQ(working("chi", "ConfServices.DataConf"), "0");
  EXPECT_EQ(working("chi", "CentralMgmt.CMSMaster"), "1");
  EXPECT_EQ(working("gen", "UserServices.PresenceFocus"), "absent") << "unknown is not 0";
  EXPECT_EQ(working("gen", "Neue"), "1");
  EXPECT_TRUE(samples(page, {"sfb_backup_module_working{", pool("den")}).empty()) << "stale";
}

TEST(MetricsPage, StagesByTransport) {
  const std::string page = page_of(testing::six_pools());
  const std::string name = "\nsfb_backup_evaluation_stage_duration_seconds";
  EXPECT_THAT(page, HasSubstr(name + "_count{stage=\"query\",transport=\"file\"} 1\n"));
  EXPECT_THAT(page, HasSubstr(name + "_count{stage=\"connect\",transport=\"winrm\"} 1\n"));
  EXPECT_THAT(page, HasSubstr(name + "_sum{stage=\"connect\",transport=\"winrm\"} 0.03\n"));
}

TEST(MetricsPage, OverallOnlyWhereTheObjectHasIt) {
  const std::string page = page_of(testing::six_pools());
  EXPECT_EQ(samples(page, {"sfb_backup_overall_export_state{", pool("chi")}).size(), 6U);
  EXPECT_EQ(samples(page, {"sfb_backup_overall_import_state{", pool("chi")}).size(), 4U);
  EXPECT_EQ(samples(page, {"sfb_backup_overall_export_state{", pool("gen")}).size(), 6U);
  EXPECT_TRUE(samples(page, {"sfb_backup_overall_import_state{", pool("gen")}).empty());
  EXPECT_TRUE(samples(page, {"sfb_backup_overall_", pool("atl")}).empty());
}

TEST(MetricsPage, UnknownStatesAreOneState) {
  const std::string page = page_of(testing::six_pools());
  EXPECT_THAT(page, HasSubstr("sfb_backup_module_export_state{" + pool("gen") +
                              ",module=\"UserServices.PresenceFocus\","
                              "sfb_backup_module_export_state=\"Unknown\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("sfb_backup_unknown_states_total{" + pool("gen") + "} 1440\n"));
}

TEST(MetricsPage, LabelValuesAreEscaped) {
  const std::string page = page_of(testing::six_pools());
  EXPECT_THAT(page, HasSubstr("module=\"Neue.Größe \\\"2\\\"\""));
  EXPECT_THAT(page, HasSubstr("endpoint=\"say \\\"fra\\\\1\\\"\""));
}

TEST(MetricsPage, DurationsAreCumulativeAndWithoutPool) {
  const std::string page = page_of(testing::six_pools());
  EXPECT_THAT(page, HasSubstr("\nsfb_backup_evaluation_duration_seconds_bucket{le=\"0.01\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("\nsfb_backup_evaluation_duration_seconds_bucket{le=\"1.0\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("\nsfb_backup_evaluation_duration_seconds_bucket{le=\"120.0\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("\nsfb_backup_evaluation_duration_seconds_bucket{le=\"+Inf\"} 4\n"));
  EXPECT_THAT(page, HasSubstr("\nsfb_backup_evaluation_duration_seconds_sum 602.839\n"));
}

TEST(MetricsPage, BothFormatsHaveTheSameSamples) {
  const auto own = [](Format format) {
    return samples(without_process_values(page_of(testing::six_pools(), format)), {});
  };
  EXPECT_EQ(own(Format::text_0_0_4), own(Format::openmetrics_1_0_0));
}

TEST(MetricsPage, EveryHelpOfAnAnswerSaysCached) {
  static const std::regex kOfThisMoment(
      "sfb_backup_(exporter_.*|evaluation_running|evaluation_backoff_until_timestamp_seconds"
      "|evaluation_backoff_info|evaluation_interval_seconds|file_max_age_seconds|pool_info)"
      "|process_.*");
  std::size_t families = 0;
  for (const std::string& line : lines_of(page_of(testing::six_pools()))) {
    if (line.starts_with("# HELP ")) {
      const std::string name = line.substr(7, line.find(' ', 7) - 7);
      ++families;
      EXPECT_EQ(line.contains("cached"), !std::regex_match(name, kOfThisMoment)) << line;
      EXPECT_EQ(line.contains("first seen by this agent"),
                name.ends_with("_state_change_timestamp_seconds"))
          << line;
    }
  }
  EXPECT_EQ(families, 32U + 10U + 8U) << "pools and durations, ours, the process";
}

TEST(MetricsPage, SeriesOfAHealthyPool) {
  const std::size_t one = samples(page_of(testing::many_pools(1)), {"pool=\""}).size();
  EXPECT_EQ(one, 88U) << "three modules, three machines";
  EXPECT_EQ(samples(page_of(testing::many_pools(50)), {"pool=\""}).size(), 50 * one);
}

}  // namespace
}  // namespace sfb::serve
