// What monitoring systems get: never OK without a good verdict of now.
#include "agent/client/monitor.hpp"

#include "collectors/collector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sfb::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Words = std::vector<std::string>;

const binding::Cmdlet& status_cmdlet() {
  return collectors::pool_status().cmdlet();
}

// A pool that is well; tests spoil it.
PoolState well() {
  PoolState pool;
  pool.pool = "atl.example.com";
  pool.knowledge = "fresh";
  pool.working = true;
  pool.modules = {{"ConfServices.DataConf", "FinalState", "NormalState"}};
  pool.lag = 0;
  pool.evaluated_at = *parse_iso8601("2026-11-23T18:45:03Z");
  pool.age = 42;
  pool.duration = 1.834;
  pool.interval = 120;
  return pool;
}

PoolState backlog(std::optional<double> lag) {
  PoolState pool = well();
  pool.working = false;
  pool.reasons = {{"export_not_steady", "A.B: export is NonSteadyState, not FinalState"}};
  pool.lag = lag;
  return pool;
}

MonitorOptions options_of(Words words) {
  words.insert(words.begin(), "--nagios");
  return read_monitor_options(status_cmdlet(), words).value().value();
}

Severity severity(const PoolState& pool, Words words = {}) {
  return judge_pool(pool, options_of(std::move(words))).severity;
}

http::Response page(std::string body, int status = 200) {
  http::Response response;
  response.status = status;
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

// As the agent writes it: tests of the API hold it to these files.
std::string api(const std::string& name) {
  std::ifstream file(std::string(SFB_SOURCE_DIR "/tests/golden/api/") + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(JudgePool, FollowsTheVerdict) {
  EXPECT_EQ(severity(well()), Severity::ok);
  PoolState bad = well();
  bad.working = false;
  bad.reasons = {{"export_error", "A.B: export is ErrorState"}};
  EXPECT_EQ(severity(bad), Severity::critical);
  bad.reasons = {{"no_module", "The Backup Service answered without any module"}};
  EXPECT_EQ(severity(bad), Severity::critical) << "a partner is configured, a backup is not";
  PoolState unknown = well();
  unknown.working.reset();
  unknown.doubts = {{"export_unknown", "A.B: export is Unknown"}};
  EXPECT_EQ(severity(unknown), Severity::unknown);
  unknown.lag = 3601;
  EXPECT_EQ(severity(unknown), Severity::critical) << "known to be behind for too long";
}

TEST(JudgePool, WithoutAnAnswerOfNowIsUnknown) {
  for (const auto& spoil : std::vector<void (*)(PoolState&)>{
           [](PoolState& pool) {
             pool.failure = "no connection reason=connect code=connect.refused";
           },
           [](PoolState& pool) { pool.knowledge = "none"; },
           [](PoolState& pool) { pool.knowledge = "stale"; },
           [](PoolState& pool) { pool.knowledge = "later"; },
           [](PoolState& pool) { pool.age.reset(); },
           [](PoolState& pool) { pool.age = 601; },
       }) {
    PoolState pool = well();
    spoil(pool);
    EXPECT_EQ(severity(pool), Severity::unknown) << judge_pool(pool, {}).text;
  }
  PoolState old = well();
  old.age = 600;
  EXPECT_EQ(severity(old), Severity::ok) << "five intervals";
}

TEST(JudgePool, AnErrorThatWasKnownStaysWhereThePoolDoesNotAnswerAnyMore) {
  PoolState pool = well();
  pool.working = false;
  pool.reasons = {{"export_error", "A.B: export is ErrorState"}};
  pool.failure = "no connection reason=connect code=connect.refused";
  EXPECT_EQ(severity(pool), Severity::critical);
  EXPECT_THAT(judge_pool(pool, {}).text,
              AllOf(HasSubstr("no connection"), HasSubstr("A.B: export is ErrorState")));
  pool.knowledge = "stale";
  EXPECT_EQ(severity(pool), Severity::unknown);
}

TEST(JudgePool, ABacklogIsAWarningUntilItIsTooOld) {
  EXPECT_EQ(severity(backlog(120)), Severity::warning);
  EXPECT_EQ(severity(backlog(3600)), Severity::warning);
  EXPECT_EQ(severity(backlog(3601)), Severity::critical);
  EXPECT_EQ(severity(backlog(120), {"--warning", "15m"}), Severity::ok) << "the operator says so";
  EXPECT_EQ(severity(backlog(901), {"--warning=15m"}), Severity::warning);
  EXPECT_EQ(severity(backlog(901), {"--critical=15m"}), Severity::critical);
  PoolState never_seen_well = backlog(std::nullopt);
  EXPECT_EQ(severity(never_seen_well, {"--warning", "15m"}), Severity::warning)
      << "unknown is never good";
  never_seen_well.least_lag = 3601;
  EXPECT_EQ(severity(never_seen_well), Severity::critical);
  PoolState doubtful = backlog(120);
  doubtful.doubts = {{"export_unknown", "C.D: export is Unknown"}};
  EXPECT_EQ(severity(doubtful), Severity::unknown);
  PoolState failing = backlog(120);
  failing.reasons.push_back({"import_error", "C.D: import is ErrorState"});
  EXPECT_EQ(severity(failing, {"--warning", "15m"}), Severity::critical);
}

TEST(PrintMonitor, NagiosReadsTheStateTheFiguresAndTheModules) {
  const MonitorOptions options = options_of({"-PoolFqdn", "CHI-cs-001.litwareinc.com"});
  EXPECT_EQ(monitor_target(options), "/api/v1/pools/chi-cs-001.litwareinc.com");
  const std::string body = api("pools.json");
  const std::size_t start = body.find("{\"pool\":\"atl");
  const Printout good = print_monitor(options, page(body.substr(start, body.find(",\n{") - start)));
  EXPECT_EQ(
      good.out,
      "SFBBACKUP OK - atl-cs-001.litwareinc.com: working properly, 4 modules (evaluated 2m ago) | "
      "'lag'=0s;0;3600;0 'age'=120s;;;0 'eval'=1.834s;;;0\n"
      "UserServices.PresenceFocus: export SteadyState, import NormalState\n"
      "ConfServices.DataConf: export SteadyState, import NormalState\n"
      "CentralMgmt.CMSMaster: export NotInitialized (this pool is not the CMS master: it holds "
      "the copy and exports nothing), import NormalState\n"
      "ApplicationServer.RGSDataStore: export NotInitialized (Response Groups are not expected "
      "at this pool (expect_rgs)), import NotInitialized (Response Groups are not expected at "
      "this pool (expect_rgs))\n");
  EXPECT_EQ(good.exit_code, 0);
  const Printout failed = print_monitor(options, page(api("pool.json")));
  EXPECT_THAT(
      failed.out,
      StartsWith(
          "SFBBACKUP CRITICAL - chi-cs-001.litwareinc.com: the evaluation failed: the clocks "
          "of this machine and of the domain differ reason=auth code=auth.clock stage=auth "
          "(set the clock of this machine) (last answer of 2026-11-23T18:37:03.25Z); before: "
          "UserServices.PresenceFocus: export is ErrorState, not FinalState or SteadyState; "
          "UserServices.PresenceFocus: import is ErrorState, not NormalState | "
          "'lag'=U 'age'=600s;;;0 'eval'=1.834s;;;0\n"));
  EXPECT_EQ(failed.exit_code, 2);
}

TEST(PrintMonitor, NagiosOfAllPoolsTellsTheWorst) {
  const Printout all = print_monitor(options_of({}), page(api("pools.json")));
  EXPECT_THAT(all.out,
              StartsWith("SFBBACKUP CRITICAL - 1 of 5 pools ok; chi-cs-001.litwareinc.com: the "
                         "evaluation failed: "));
  EXPECT_THAT(all.out, HasSubstr("; elp-cs-001.litwareinc.com: The Backup Service answered "
                                 "without any module (evaluated 1m ago) | "));
  EXPECT_THAT(all.out, HasSubstr(" | 'pools'=5;;;0 'ok'=1;;;0 'warning'=0;;;0 'critical'=2;;;0 "
                                 "'unknown'=2;;;0 'lag'=U\n"))
      << "it is not known of all";
  EXPECT_THAT(all.out, HasSubstr("\nOK atl-cs-001.litwareinc.com: working properly"));
  EXPECT_EQ(all.exit_code, 2);
}

TEST(PrintMonitor, CheckmkHasALineForEachPool) {
  MonitorOptions options;
  options.form = Monitor::checkmk;
  const Printout all = print_monitor(options, page(api("pools.json")));
  EXPECT_THAT(all.out,
              StartsWith("0 \"SfB Backup exporter\" pools=5 5 pools\n"
                         "cached(1795459503,120) 0 \"SfB Backup atl-cs-001.litwareinc.com\" "
                         "lag=0;0;3600|age=120|eval=1.834 atl-cs-001.litwareinc.com: working "
                         "properly, 4 modules (evaluated 2m ago)\\nUserServices.PresenceFocus: "));
  EXPECT_THAT(all.out,
              HasSubstr("\n2 \"SfB Backup chi-cs-001.litwareinc.com\" age=600|eval=1.834 chi"));
  EXPECT_THAT(all.out, HasSubstr("\n3 \"SfB Backup fra-cs-001.litwareinc.com\" - fra"));
  EXPECT_EQ(std::ranges::count(all.out, '\n'), 6);
  EXPECT_EQ(all.exit_code, 0) << "the state stands in the line";
}

TEST(PrintMonitor, NoAnswerIsUnknown) {
  MonitorOptions nagios;
  nagios.pool = "atl.example.com";
  MonitorOptions checkmk = nagios;
  checkmk.form = Monitor::checkmk;
  const Result<http::Response> unreachable =
      fail(Reason::connect, "connect.refused", "http://127.0.0.1:1: connection refused");
  for (const Result<http::Response>& answer :
       {unreachable, Result<http::Response>(page("", 401)), Result<http::Response>(page("{}")),
        Result<http::Response>(page("<html>")), Result<http::Response>(page("")),
        Result<http::Response>(page("[]")), Result<http::Response>(page("{\"pools\":[{}]}")),
        Result<http::Response>(page("{\"pools\":[]}")),
        Result<http::Response>(page(api("problem_parameter.json"), 404))}) {
    const Printout shown = print_monitor(nagios, answer);
    EXPECT_THAT(shown.out, StartsWith("SFBBACKUP UNKNOWN - "));
    EXPECT_EQ(shown.exit_code, 3);
    EXPECT_EQ(shown.err, "");
    EXPECT_THAT(print_monitor(checkmk, answer).out,
                StartsWith("3 \"SfB Backup atl.example.com\" - "));
  }
}

TEST(PrintMonitor, TextsOfOthersCannotMakeFiguresOrLines) {
  PoolState pool = well();
  pool.working = false;
  const std::string body =
      R"({"pool":"atl","freshness":{"knowledge":"fresh","age_seconds":1,"evaluated_at":"2026-11-23T18:45:03Z"},)"
      R"("evaluation":{"interval_seconds":120},"verdict":{"working":false,"reasons":[{"code":"export_error",)"
      R"("text":"A | 'lag'=0s\n0 \"ok\" - fine\\n[31m"}]},"modules":[{"identity":"A|B\nC","export":{"word":"x\u001by"},)"
      R"("import":{}}]})";
  for (const Monitor form : {Monitor::nagios, Monitor::checkmk}) {
    MonitorOptions options;
    options.form = form;
    options.pool = "atl";
    const Printout shown = print_monitor(options, page(body));
    EXPECT_THAT(shown.out, Not(HasSubstr("\x1b")));
    EXPECT_EQ(std::ranges::count(shown.out, '|'), form == Monitor::nagios ? 1 : 0) << shown.out;
    EXPECT_EQ(std::ranges::count(shown.out, '\n'), form == Monitor::nagios ? 2 : 1) << shown.out;
    EXPECT_EQ(std::ranges::count(shown.out, '\\'), form == Monitor::nagios ? 0 : 1) << shown.out;
  }
}

TEST(MonitorOptions, OnlyWhatIsMeantForThem) {
  EXPECT_FALSE(read_monitor_options(status_cmdlet(), {"-PoolFqdn", "atl"}).value());
  EXPECT_EQ(
      read_monitor_options(status_cmdlet(), {"-p", "ATL.example.com", "--checkmk"}).value()->pool,
      "atl.example.com");
  for (const Words& words :
       {Words{"--nagios", "--checkmk"}, Words{"--nagios", "--nagios"},
        Words{"--nagios", "--warning"}, Words{"--nagios", "--critical=soon"},
        Words{"--nagios", "-p", "atl", "-Force"}, Words{"--nagios", "-p", "atl", "-As", "Json"},
        Words{"--nagios", "atl"}, Words{"--nagios", "-Force"}}) {
    const auto refused = read_monitor_options(status_cmdlet(), words);
    ASSERT_FALSE(refused) << words.back();
    EXPECT_THAT(refused.error().out, StartsWith("SFBBACKUP UNKNOWN - usage: "));
    EXPECT_EQ(std::ranges::count(refused.error().out, '\n'), 1);
    EXPECT_EQ(refused.error().exit_code, 3);
  }
  const auto refused = read_monitor_options(status_cmdlet(), {"--checkmk", "atl|x"});
  EXPECT_THAT(refused.error().out,
              AllOf(StartsWith("3 \"SfB Backup exporter\" - usage: "), Not(HasSubstr("|"))));
  for (const binding::Cmdlet* const cmdlet : collectors::cmdlets()) {
    EXPECT_EQ(read_monitor_options(*cmdlet, {"--nagios"}).has_value(), cmdlet == &status_cmdlet());
  }
}

}  // namespace
}  // namespace sfb::client
