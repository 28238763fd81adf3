// Our own families: names, types, what is absent, and the process's figures.
#include "agent/serve/self_metrics.hpp"

#include "agent/serve/process_metrics.hpp"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
using exposition::Format;
using ::testing::HasSubstr;
using ::testing::Not;

std::string page_of(const SelfMetrics& self, Format format = Format::text_0_0_4) {
  exposition::Writer writer(format);
  self.write(writer);
  return writer.finish();
}

/// The value of the sample that starts with `series`; NaN when it is not there.
double value_of(const std::string& page, const std::string& series) {
  const std::size_t at = page.find("\n" + series + " ");
  return at == std::string::npos ? std::numeric_limits<double>::quiet_NaN()
                                 : std::stod(page.substr(at + series.size() + 2));
}

const BuildInfo kBuild{"1.2.3", "abc\"def", "clang 19"};

TEST(SelfMetrics, StartsWithWhatIsKnown) {
  const std::string page = page_of(SelfMetrics(kBuild));
  EXPECT_THAT(page, HasSubstr("sfb_backup_exporter_build_info{compiler=\"clang 19\","
                              "revision=\"abc\\\"def\",version=\"1.2.3\"} 1\n"));
  for (const std::string level : {"debug", "info", "warn", "error"}) {
    EXPECT_EQ(value_of(page, "sfb_backup_exporter_log_messages_total{level=\"" + level + "\"}"), 0);
  }
  EXPECT_EQ(value_of(page, "sfb_backup_exporter_loop_lag_seconds_count"), 0);
  EXPECT_THAT(page, Not(HasSubstr("\nsfb_backup_exporter_configured_pools")));
  EXPECT_THAT(page, Not(HasSubstr("\nsfb_backup_exporter_page_blocks_bytes")));
  EXPECT_THAT(page, Not(HasSubstr("\nsfb_backup_exporter_config_last_reload")))
      << "nothing was loaded yet: 0 would be a lie";
}

TEST(SelfMetrics, AShardIsToldWhereThereIsOne) {
  SelfMetrics self(kBuild);
  EXPECT_THAT(page_of(self), Not(HasSubstr("shard")));
  self.shard(2, 3);
  EXPECT_EQ(value_of(page_of(self), "sfb_backup_exporter_shard_ordinal"), 2);
  EXPECT_EQ(value_of(page_of(self), "sfb_backup_exporter_total_shards"), 3);
}

TEST(SelfMetrics, TheStateIsToldOnceThereIsOne) {
  SelfMetrics self(kBuild);
  EXPECT_THAT(page_of(self), Not(HasSubstr("state_database")));
  self.state({.writable = true, .bytes = 4096, .errors = 1, .set_aside = 2, .lost = 3});
  std::string page = page_of(self);
  const std::string prefix = "sfb_backup_exporter_state_database_";
  EXPECT_EQ(value_of(page, prefix + "writable"), 1);
  EXPECT_EQ(value_of(page, prefix + "size_bytes"), 4096);
  EXPECT_EQ(value_of(page, prefix + "errors_total"), 1);
  EXPECT_EQ(value_of(page, prefix + "set_aside_total"), 2);
  EXPECT_EQ(value_of(page, prefix + "lost_total"), 3);
  EXPECT_THAT(page, Not(HasSubstr("last_write"))) << "nothing was written yet";
  self.state({.writable = false, .last_write = WallTime(std::chrono::seconds(1'700'000'000))});
  page = page_of(self);
  EXPECT_EQ(value_of(page, prefix + "writable"), 0);
  EXPECT_EQ(value_of(page, prefix + "last_write_success_timestamp_seconds"), 1'700'000'000);
}

TEST(SelfMetrics, CountsRequestsByPathAndCode) {
  SelfMetrics self(kBuild);
  self.http_request("/metrics", 200);
  self.http_request("/metrics", 200);
  self.http_request("other", 404);
  const std::string page = page_of(self);
  const std::string name = "sfb_backup_exporter_http_requests_total";
  EXPECT_EQ(value_of(page, name + "{code=\"200\",path=\"/metrics\"}"), 2);
  EXPECT_EQ(value_of(page, name + "{code=\"404\",path=\"other\"}"), 1);
  EXPECT_THAT(page, HasSubstr("# TYPE " + name + " counter\n"));
}

TEST(SelfMetrics, CountsConnectionsThatEndedEarly) {
  SelfMetrics self(kBuild);
  const std::string name = "sfb_backup_exporter_http_connections_ended_total";
  for (const std::string reason : {"idle", "slow", "gone", "refused"}) {
    EXPECT_EQ(value_of(page_of(self), name + "{reason=\"" + reason + "\"}"), 0);
  }
  self.connection_ended(http::Ended::slow);
  self.connection_ended(http::Ended::refused);
  self.connection_ended(http::Ended::refused);
  const std::string page = page_of(self);
  EXPECT_EQ(value_of(page, name + "{reason=\"slow\"}"), 1);
  EXPECT_EQ(value_of(page, name + "{reason=\"refused\"}"), 2);
  EXPECT_EQ(value_of(page, name + "{reason=\"idle\"}"), 0);
}

TEST(SelfMetrics, AFailedReloadKeepsTheTimeOfTheGoodOne) {
  SelfMetrics self(kBuild);
  const std::string successful = "sfb_backup_exporter_config_last_reload_successful";
  const std::string time = "sfb_backup_exporter_config_last_reload_success_timestamp_seconds";
  self.config_reload(true, WallTime{1'795'459'623s});
  self.config_reload(false, WallTime{1'795'459'999s});
  EXPECT_EQ(value_of(page_of(self), successful), 0);
  EXPECT_EQ(value_of(page_of(self), time), 1'795'459'623);
  self.config_reload(true, WallTime{1'795'460'000s});
  EXPECT_EQ(value_of(page_of(self), successful), 1) << "a reverted file must clear the alert";
  EXPECT_EQ(value_of(page_of(self), time), 1'795'460'000);
}

TEST(SelfMetrics, TheWebConfigurationIsToldOnceThereIsOne) {
  SelfMetrics self(kBuild);
  EXPECT_THAT(page_of(self), Not(HasSubstr("exporter_web_")));
  const std::string successful = "sfb_backup_exporter_web_config_last_reload_successful";
  const std::string time = "sfb_backup_exporter_web_config_last_reload_success_timestamp_seconds";
  const std::string ends = "sfb_backup_exporter_web_certificate_expiry_timestamp_seconds";
  const std::uint64_t before = self.reloads();
  self.web_config(true, WallTime{1'795'459'623s});
  EXPECT_GT(self.reloads(), before) << "a page that is a second old shall be made anew";
  EXPECT_THAT(page_of(self), Not(HasSubstr(ends))) << "plain HTTP has no certificate";
  self.web_certificate(WallTime{1'800'000'000s});
  self.web_config(false, WallTime{1'795'459'999s});
  const std::string page = page_of(self);
  EXPECT_EQ(value_of(page, successful), 0);
  EXPECT_EQ(value_of(page, time), 1'795'459'623) << "the good one's";
  EXPECT_EQ(value_of(page, ends), 1'800'000'000);
  EXPECT_THAT(page_of(self, Format::openmetrics_1_0_0), HasSubstr("# UNIT " + ends + " seconds\n"));
  self.web_certificate(std::nullopt);
  EXPECT_THAT(page_of(self), Not(HasSubstr(ends)));
}

TEST(SelfMetrics, LookUpsOfGroupsAreToldWhereADirectoryIs) {
  SelfMetrics self(kBuild);
  EXPECT_THAT(page_of(self), Not(HasSubstr("exporter_group")));
  const std::string time = "sfb_backup_exporter_group_lookup_last_success_timestamp_seconds";
  const std::uint64_t before = self.reloads();
  self.groups(GroupFacts{.good = 0, .failed = 1, .unresolved = 2});
  EXPECT_GT(self.reloads(), before);
  std::string page = page_of(self);
  EXPECT_EQ(value_of(page, "sfb_backup_exporter_group_lookups_total{outcome=\"failed\"}"), 1);
  EXPECT_EQ(value_of(page, "sfb_backup_exporter_group_lookups_total{outcome=\"good\"}"), 0);
  EXPECT_EQ(value_of(page, "sfb_backup_exporter_groups_unresolved"), 2);
  EXPECT_THAT(page, Not(HasSubstr(time))) << "it never was";
  self.groups(GroupFacts{.good = 1, .last_success = WallTime{1'795'459'623s}});
  page = page_of(self);
  EXPECT_EQ(value_of(page, time), 1'795'459'623);
  EXPECT_EQ(value_of(page, "sfb_backup_exporter_groups_unresolved"), 0);
  self.groups(std::nullopt);
  EXPECT_THAT(page_of(self), Not(HasSubstr("exporter_group")));
}

TEST(SelfMetrics, LagHistogramIsCumulative) {
  SelfMetrics self(kBuild);
  self.loop_lag(40us);
  self.loop_lag(2ms);
  self.loop_lag(20s);
  const std::string page = page_of(self);
  const std::string name = "sfb_backup_exporter_loop_lag_seconds";
  EXPECT_EQ(value_of(page, name + "_bucket{le=\"0.0005\"}"), 1);
  EXPECT_EQ(value_of(page, name + "_bucket{le=\"0.0025\"}"), 2);
  EXPECT_EQ(value_of(page, name + "_bucket{le=\"1.0\"}"), 2);
  EXPECT_EQ(value_of(page, name + "_bucket{le=\"+Inf\"}"), 3);
  EXPECT_EQ(value_of(page, name + "_count"), 3);
  EXPECT_NEAR(value_of(page, name + "_sum"), 20.00204, 1e-9);
}

TEST(SelfMetrics, OpenMetricsNamesFamiliesWithoutSuffix) {
  SelfMetrics self(kBuild);
  self.http_request("/metrics", 200);
  const std::string page = page_of(self, Format::openmetrics_1_0_0);
  EXPECT_THAT(page, HasSubstr("# TYPE sfb_backup_exporter_build info\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE sfb_backup_exporter_http_requests counter\n"));
  EXPECT_THAT(page, HasSubstr("\nsfb_backup_exporter_http_requests_total{"));
  EXPECT_THAT(page, HasSubstr("# UNIT sfb_backup_exporter_loop_lag_seconds seconds\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds "
                              "seconds\n"));
  EXPECT_THAT(page, HasSubstr("\nprocess_cpu_seconds_total "));
}

TEST(SelfMetrics, TwoPagesOfTheSameStateHaveTheSameOrder) {
  SelfMetrics forward(kBuild);
  SelfMetrics backward(kBuild);
  for (int code = 200; code < 230; ++code) {
    forward.http_request("/metrics", code);
    backward.http_request("/metrics", 429 - code);
  }
  const auto own = [](const std::string& page) { return page.substr(0, page.find("process_")); };
  EXPECT_EQ(own(page_of(forward)), own(page_of(backward)));
}

TEST(SelfMetrics, ManyThreadsCountWhileOneWrites) {
  SelfMetrics self(kBuild);
  constexpr int kThreads = 4;
  constexpr int kRounds = 500;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&self] {
        for (int round = 0; round < kRounds; ++round) {
          self.http_request("/metrics", 200);
          self.log_message(LogLevel::info);
          self.loop_lag(1ms);
        }
      });
    }
    for (int i = 0; i < 20; ++i) {
      EXPECT_THAT(page_of(self), HasSubstr("sfb_backup_exporter_build_info"));
    }
  }
  const std::string page = page_of(self);
  EXPECT_EQ(
      value_of(page, "sfb_backup_exporter_http_requests_total{code=\"200\",path=\"/metrics\"}"),
      kThreads * kRounds);
  EXPECT_EQ(value_of(page, "sfb_backup_exporter_log_messages_total{level=\"info\"}"),
            kThreads * kRounds);
  EXPECT_EQ(value_of(page, "sfb_backup_exporter_loop_lag_seconds_count"), kThreads * kRounds);
}

TEST(ProcessMetrics, AllFamiliesOfThisProcess) {
  const WallTime before = SystemClock().now().wall;
  const std::string page = page_of(SelfMetrics(kBuild));
  EXPECT_GE(value_of(page, "process_cpu_seconds_total"), 0);
  EXPECT_GE(value_of(page, "process_open_fds"), 3);
  EXPECT_GE(value_of(page, "process_max_fds"), value_of(page, "process_open_fds"));
  EXPECT_GT(value_of(page, "process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value_of(page, "process_virtual_memory_bytes"),
            value_of(page, "process_resident_memory_bytes"));
  EXPECT_GT(value_of(page, "process_virtual_memory_max_bytes"), 0);
  EXPECT_GE(value_of(page, "process_threads"), 1);
  const double start = value_of(page, "process_start_time_seconds");
  EXPECT_LE(start, to_unix_seconds(before) + 1);
  EXPECT_GT(start, to_unix_seconds(before) - 3600);
}

TEST(ProcessMetrics, ReadsTheLineOfProcStat) {
  const auto stat = parse_process_stat(
      "4242 (a ) b (c) S 1 4242 4242 0 -1 4194560 1 2 3 4 150 25 0 0 20 0 7 0 123456 987654321 "
      "2048 18446744073709551615 1 1 0");
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->user_ticks, 150U);
  EXPECT_EQ(stat->system_ticks, 25U);
  EXPECT_EQ(stat->threads, 7U);
  EXPECT_EQ(stat->start_ticks, 123456U);
  EXPECT_EQ(stat->virtual_bytes, 987654321U);
  EXPECT_EQ(stat->resident_pages, 2048U);
}

TEST(ProcessMetrics, RefusesAnotherLine) {
  for (const std::string_view line :
       {"", "4242", "4242 (name", "4242 (name)", "4242 (name) ", "4242 (name) S 1 2 3",
        "4242 (n) S 1 4242 4242 0 -1 4194560 1 2 3 4 150 25 0 0 20 0 7 0 123456 987654321"}) {
    EXPECT_FALSE(parse_process_stat(line).has_value()) << line;
  }
}

TEST(ProcessMetrics, StartCountsFromBoot) {
  const WallTime now{1'795'459'623s};
  EXPECT_EQ(process_start(25'050, 100, 1000s, now), now - 749'500ms);
}

}  // namespace
}  // namespace sfb::serve
