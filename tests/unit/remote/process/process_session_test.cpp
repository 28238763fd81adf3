// The sans-IO session of transport `ssh` against a scripted process.
#include "agent/remote/process/process_session.hpp"

#include "tests/unit/remote/process/process_drive.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace sfb::remote {
namespace {

using namespace std::chrono_literals;
using Drive = testing::SshDrive;
using testing::Trouble;

const std::vector<std::string> kOnePipeline = {"Data", "Command", "Data", "Close"};

std::string code(const Result<PipelineResult>& result) {
  return result ? "good" : result.error().code;
}

// One more entry of what the script sends behind the objects.
std::string entry(const std::string& key, const std::string& value) {
  return R"(<En><S N="Key">)" + key + R"(</S><S N="Value">)" + value + "</S></En>";
}

TEST(ProcessSession, OneRunIsOpenCommandDataClose) {
  Drive drive;
  const auto result = drive.ask();
  ASSERT_EQ(code(result), "good");
  EXPECT_EQ(result->output.size(), 1U);
  EXPECT_EQ(drive.process->kinds, kOnePipeline);
  EXPECT_EQ(drive.process->arguments.front(),
            "PoolFqdn=a.example.com SfbImportModule=SkypeForBusiness ");
  EXPECT_TRUE(drive.session.reusable());
  EXPECT_FALSE(drive.session.needs_clearing());
  EXPECT_TRUE(drive.violations.empty());
}

TEST(ProcessSession, TheProcessServesTheNextRun) {
  Drive drive;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(code(drive.ask()), "good");
  }
  EXPECT_EQ(drive.starts, 1);
  EXPECT_EQ(drive.session.pipelines(), 3U);
  EXPECT_EQ(drive.process->arguments.back(), "PoolFqdn=a.example.com ");  // imported already
  EXPECT_TRUE(drive.close());
  EXPECT_TRUE(drive.process->closed);
  EXPECT_FALSE(drive.session.reusable());
  EXPECT_TRUE(drive.violations.empty());
}

TEST(ProcessSession, WithoutScriptsTheCmdletIsAskedAlone) {
  Drive drive;
  drive.knobs.scripts = false;
  ASSERT_EQ(code(drive.ask()), "good");
  ASSERT_EQ(code(drive.ask()), "good");
  EXPECT_EQ(drive.process->scripts, 1);
  EXPECT_EQ(drive.process->pipelines, 3);
  EXPECT_EQ(drive.process->open, 0);
  EXPECT_TRUE(drive.violations.empty());

  Drive told(Language::full);
  told.knobs.scripts = false;
  EXPECT_EQ(code(told.ask()), "ssh.scripts_refused");
}

TEST(ProcessSession, HostCallsAreRefused) {
  Drive drive;
  drive.knobs.host_call = true;
  drive.knobs.pool_call = true;
  ASSERT_EQ(code(drive.ask()), "good");
  EXPECT_EQ(drive.process->refusals, 2);
  EXPECT_TRUE(drive.violations.empty());
}

TEST(ProcessSession, TheAckMayComeBeforeOrBehindTheMessages) {
  Drive drive;
  drive.knobs.acks_first = true;
  ASSERT_EQ(code(drive.ask()), "good");
  EXPECT_TRUE(drive.violations.empty());
}

TEST(ProcessSession, ABrokenPoolIsTheCmdletsAffair) {
  Drive drive;
  drive.knobs.broken_pool = "The module cannot be loaded.";
  const auto result = drive.ask();
  EXPECT_EQ(code(result), "psrp.broken");
  EXPECT_EQ(result.error().stage, Stage::open);
  EXPECT_EQ(result.error().peer, "The module cannot be loaded.");
  EXPECT_FALSE(drive.session.reusable());
  EXPECT_TRUE(drive.close());
}

TEST(ProcessSession, APipelineThatGoesOnIsStoppedAndTheProcessStays) {
  Drive drive;
  drive.knobs.never_ends = true;
  const auto result = drive.ask();
  EXPECT_EQ(code(result), "ssh.timeout");
  EXPECT_EQ(result.error().stage, Stage::query);
  EXPECT_TRUE(drive.session.needs_clearing());
  EXPECT_TRUE(drive.clear());
  EXPECT_EQ(drive.process->kinds,
            (std::vector<std::string>{"Data", "Command", "Data", "Signal", "Close"}));
  EXPECT_TRUE(drive.session.reusable());
  EXPECT_EQ(drive.process->open, 0);
  drive.process->knobs.never_ends = false;
  EXPECT_EQ(code(drive.ask()), "good");
  EXPECT_EQ(drive.starts, 1);
  EXPECT_TRUE(drive.violations.empty());
}

// A run whose lines are carried by hand, until these were said and the last is not answered yet.
struct HalfWay {
  explicit HalfWay(const std::vector<std::string>& kinds, bool never_ends) {
    process.knobs.never_ends = never_ends;
    const Call call{"Get-CsBackupServiceStatus", {}, "param()"};
    session.run(call, MonoTime{}, MonoTime{} + 60s, 30s);
    next = session.started();
    answer = said();
    while (process.kinds != kinds) {
      next = session.received(answer, MonoTime{});
      answer = said();
    }
  }
  std::string said() {
    std::string line = std::get<ProcessSession::Wait>(next).line;
    line.resize(line.empty() ? 0 : line.size() - 1);
    return process.take(line);
  }
  /// The answer comes, or its time is over; then whatever else is to be said is answered.
  void end(bool comes) {
    next = comes ? session.received(answer, MonoTime{}) : session.timed_out(MonoTime{});
    for (int i = 0; i < 5 && comes && std::holds_alternative<ProcessSession::Wait>(next); ++i) {
      next = session.received(said(), MonoTime{});
    }
    EXPECT_TRUE(std::holds_alternative<ProcessSession::Cleared>(next));
    EXPECT_TRUE(process.violations.empty());
  }
  bool silent() const { return std::get<ProcessSession::Wait>(next).line.empty(); }

  testing::FakeProcess process;
  ProcessSession session{ProcessSessionOptions{}};
  ProcessSession::Next next;
  std::string answer;
};

// Who asks may be gone before the server has acknowledged the pipeline.
TEST(ProcessSession, TheStopWaitsForTheAckOfTheLineBefore) {
  for (const bool comes : {true, false}) {
    HalfWay run({"Data", "Command", "Data"}, true);
    run.next = run.session.clear(MonoTime{});
    ASSERT_TRUE(std::holds_alternative<ProcessSession::Wait>(run.next));
    EXPECT_TRUE(run.silent()) << "nothing overtakes";
    run.end(comes);
    EXPECT_EQ(run.session.reusable(), comes);
    EXPECT_EQ(run.process.kinds.back(), comes ? "Close" : "Data");
  }
}

// Or when the pipeline has ended, and only its Close is not acknowledged.
TEST(ProcessSession, APipelineThatIsBeingClosedIsNotStoppedAndClosedAgain) {
  for (const bool comes : {true, false}) {
    HalfWay cut_off(kOnePipeline, false);
    cut_off.next = cut_off.session.clear(MonoTime{});
    ASSERT_TRUE(std::holds_alternative<ProcessSession::Wait>(cut_off.next));
    EXPECT_TRUE(cut_off.silent());
    cut_off.end(comes);
    EXPECT_EQ(cut_off.process.kinds, kOnePipeline);
    EXPECT_EQ(cut_off.session.reusable(), comes);

    HalfWay stopped(kOnePipeline, false);
    stopped.next = stopped.session.close(MonoTime{});
    stopped.end(comes);
    EXPECT_EQ(std::ranges::count(stopped.process.kinds, "Signal"), 0);
    EXPECT_EQ(std::ranges::count(stopped.process.kinds, "Close"), comes ? 2 : 1) << "the pool's";
    EXPECT_EQ(stopped.process.closed, comes);
  }
}

TEST(ProcessSession, OneThatDoesNotHearTheStopIsClosedAndSpoilsTheProcess) {
  Drive drive;
  drive.knobs.never_ends = drive.knobs.deaf = true;
  EXPECT_EQ(code(drive.ask()), "ssh.timeout");
  const MonoTime before = drive.now;
  EXPECT_TRUE(drive.clear());
  EXPECT_LT(drive.now - before, 5s);
  EXPECT_EQ(drive.process->kinds.back(), "Close");
  EXPECT_FALSE(drive.session.reusable());
  EXPECT_FALSE(drive.session.needs_clearing());
  EXPECT_TRUE(drive.close());
  EXPECT_EQ(drive.process->kinds.back(), "Close");  // of the pipeline, once; not of the pool
  EXPECT_EQ(std::ranges::count(drive.process->kinds, "Close"), 1);
}

TEST(ProcessSession, AProcessThatDiedWhileItWasIdleIsReplacedOnce) {
  Drive drive;
  ASSERT_EQ(code(drive.ask()), "good");
  drive.trouble_at = drive.lines + 1;
  drive.trouble = Trouble::dies;
  EXPECT_EQ(code(drive.ask()), "good");
  EXPECT_EQ(drive.starts, 2);
  // The new one knows nothing of the old.
  EXPECT_TRUE(drive.process->arguments.back().contains("SfbImportModule"));

  // Its replacement dies too.
  Drive twice;
  ASSERT_EQ(code(twice.ask()), "good");
  twice.process.reset();
  twice.start_fails = true;
  EXPECT_EQ(code(twice.ask()), "process.start");
  EXPECT_EQ(twice.starts, 2);
}

TEST(ProcessSession, OneThatSaidSomethingElseWhileItWasIdleIsReplacedToo) {
  Drive drive;
  ASSERT_EQ(code(drive.ask()), "good");
  drive.trouble_at = drive.lines + 1;
  drive.trouble = Trouble::garbage;
  EXPECT_EQ(code(drive.ask()), "good");
  EXPECT_EQ(drive.starts, 2);
}

TEST(ProcessSession, ANewProcessThatDiesIsNotReplaced) {
  for (int line = 1; line <= 3; ++line) {
    Drive drive;
    drive.trouble_at = line;
    drive.trouble = Trouble::dies;
    const auto result = drive.ask();
    EXPECT_EQ(code(result), "ssh.exited") << line;
    EXPECT_EQ(result.error().stage, line == 1 ? Stage::open : Stage::query);
    EXPECT_EQ(drive.starts, 1);
    EXPECT_FALSE(drive.session.reusable());
    EXPECT_EQ(code(drive.ask()), "good") << "the next run starts another one";
  }
}

// Whatever happens at whichever line: the run ends with a reason or an answer, clearing ends, no
// rule is broken, and the next run is good.
TEST(ProcessSession, EveryTroubleAtEveryLine) {
  for (const Trouble trouble :
       {Trouble::dies, Trouble::silent, Trouble::garbage, Trouble::half_then_dies}) {
    for (const bool kept : {false, true}) {
      for (int line = 1; line <= 4; ++line) {
        for (const bool stop : {false, true}) {
          Drive drive;
          if (kept) {
            ASSERT_EQ(code(drive.ask()), "good");
          }
          drive.knobs.never_ends = stop;
          if (drive.process != nullptr) {
            drive.process->knobs.never_ends = stop;
          }
          drive.trouble_at = drive.lines + line;
          drive.trouble = trouble;
          const std::string what = std::to_string(static_cast<int>(trouble)) + " at " +
                                   std::to_string(line) + (kept ? " kept" : "") +
                                   (stop ? " stop" : "");
          const auto result = drive.ask();
          if (!result) {
            EXPECT_NE(result.error().stage, Stage::none) << what;
            EXPECT_NE(result.error().reason, Reason::internal) << what << code(result);
          }
          EXPECT_TRUE(drive.clear()) << what;
          if (!drive.session.reusable()) {
            EXPECT_TRUE(drive.close()) << what;
          }
          EXPECT_TRUE(drive.violations.empty()) << what << drive.violations.front();
          drive.knobs.never_ends = false;
          if (drive.process != nullptr) {
            drive.process->knobs.never_ends = false;
          }
          drive.trouble_at = 0;
          EXPECT_EQ(code(drive.ask()), "good") << what;
          EXPECT_EQ(drive.process->open, 0) << what;
        }
      }
    }
  }
}

TEST(ProcessSession, TheAnswerIsNotLostWhateverBecomesOfItsClose) {
  for (const Trouble trouble : {Trouble::silent, Trouble::dies, Trouble::garbage}) {
    Drive drive;
    drive.trouble_at = 4;  // the Close
    drive.trouble = trouble;
    EXPECT_EQ(code(drive.ask()), "good");
    EXPECT_FALSE(drive.session.reusable());
  }
}

TEST(ProcessSession, ASessionThatLostMessagesIsNotUsedAgain) {
  Drive drive;
  drive.knobs.extras = false;
  const auto result = drive.ask();
  EXPECT_EQ(code(result), "ssh.extras_missing");
  EXPECT_EQ(result.error().stage, Stage::query);
  EXPECT_FALSE(drive.session.reusable());
}

// The output lies before the state, whose id tells that something is missing.
TEST(ProcessSession, WhatMayBeMissingIsADoubtOfTheCmdletAlone) {
  for (const bool scripts : {true, false}) {
    Drive gap;
    gap.knobs.scripts = scripts;
    gap.knobs.skipped = 3;
    auto result = gap.ask();
    ASSERT_EQ(code(result), "good");
    EXPECT_EQ(result->doubt.empty(), scripts) << result->doubt;
    EXPECT_TRUE(gap.session.reusable());
    Drive another;
    another.knobs.scripts = scripts;
    another.knobs.another = std::exchange(another.knobs.output, {}).front();
    result = another.ask();
    ASSERT_EQ(code(result), "good");
    EXPECT_TRUE(result->output.empty());
    EXPECT_EQ(result->doubt, scripts ? "" : "output of another command came");
  }
}

TEST(ProcessSession, TheTextOfTheServerComesBesideTheObjects) {
  Drive drive;
  drive.knobs.more = entry(
      "Rendered", "_x001B_[32;1ma_x001B_[0m_x000D__x000A_b[1m_x001B_[K_x000D__x000A__x001B_[");
  const auto result = drive.ask(80);
  ASSERT_EQ(code(result), "good");
  ASSERT_EQ(result->rendered.size(), 1U);
  // Without colours, and with our line ends; nothing else is touched.
  EXPECT_EQ(result->rendered.front().text, "a\nb[1m\x1b[K\n\x1b[");
  EXPECT_EQ(result->rendered.front().form, (TextForm{.width = 80}));
  EXPECT_EQ(result->output.size(), 1U);
  // Out-String takes the columns that a console uses: all but the last.
  EXPECT_TRUE(drive.process->arguments.back().contains("SfbWidth=79 "));
  EXPECT_FALSE(drive.process->arguments.back().contains("SfbExpand"));
  EXPECT_TRUE(drive.ask()->rendered.empty());
  EXPECT_FALSE(drive.process->arguments.back().contains("SfbWidth"));
}

TEST(ProcessSession, TheTextOfTheModulesIsAnotherOne) {
  Drive drive;
  drive.knobs.more = entry("Rendered", "Identity");
  const auto result = drive.ask(80, true);
  ASSERT_EQ(code(result), "good");
  EXPECT_TRUE(drive.process->arguments.back().contains("SfbExpand=true "));
  ASSERT_EQ(result->rendered.size(), 1U);
  EXPECT_EQ(result->rendered.front().form, (TextForm{.width = 80, .expanded = true}));
  EXPECT_TRUE(drive.ask(0, true)->rendered.empty());
  EXPECT_FALSE(drive.process->arguments.back().contains("Sfb")) << "no text, no form of it";
}

TEST(ProcessSession, ARefusalToRenderIsRemembered) {
  Drive drive;
  drive.knobs.more = entry("RenderRefused", "no Out-String");
  EXPECT_TRUE(drive.ask(80)->rendered.empty());
  EXPECT_TRUE(drive.ask(80)->rendered.empty());
  EXPECT_TRUE(drive.process->arguments.front().contains("SfbWidth"));
  EXPECT_FALSE(drive.process->arguments.back().contains("SfbWidth"));
  // By the session, not for ever.
  ASSERT_TRUE(drive.close());
  EXPECT_TRUE(drive.ask(80)->rendered.empty());
  EXPECT_EQ(drive.starts, 2);
  EXPECT_TRUE(drive.process->arguments.back().contains("SfbWidth"));
}

TEST(ProcessSession, AFailureToRenderIsOfThatAnswerOnly) {
  Drive drive;
  drive.knobs.more = entry("RenderFailed", "its view is broken");
  EXPECT_TRUE(drive.ask(80)->rendered.empty());
  EXPECT_TRUE(drive.ask(80)->rendered.empty());
  EXPECT_TRUE(drive.process->arguments.back().contains("SfbWidth"));
}

}  // namespace
}  // namespace sfb::remote
