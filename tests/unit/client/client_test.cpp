// What an answer becomes on stdout, on stderr and as the exit code.
#include "agent/client/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace sfb::client {
namespace {

const binding::Cmdlet& kCmdlet = collectors::pool_status().cmdlet();
constexpr std::string_view kName = "Get-CsBackupServiceStatus";

using testing::AllOf;
using testing::HasSubstr;

http::Response response(int status, std::optional<std::string> body, std::string outcome = {}) {
  http::Response made;
  made.status = status;
  if (body) {
    made.body = std::make_shared<const std::string>(std::move(*body));
  }
  if (!outcome.empty()) {
    made.headers.push_back({"x-outcome", std::move(outcome)});
  }
  return made;
}

TEST(PrintResponse, AGoodAnswerGoesToStdout) {
  const Printout shown = print_response(kName, response(200, "\nBackupModules : {x}\n\n", "good"));
  EXPECT_EQ(shown.out, "\nBackupModules : {x}\n\n") << "byte for byte";
  EXPECT_EQ(shown.err, "");
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_EQ(print_response(kName, response(200, "{}", "good")).out, "{}\n")
      << "a line end is added";
}

// The cmdlet's own text must stay what it is, so the verdict goes beside it.
TEST(PrintResponse, AVerdictThatIsNotGoodIsSaidOnStderr) {
  const auto judged = [](std::string verdict) {
    http::Response made = response(200, "\nBackupModules : {x}\n\n", "good");
    made.headers.push_back({"X-Verdict", std::move(verdict)});
    return print_response(kName, made);
  };
  const Printout bad = judged("not working properly: A.B: export is ErrorState");
  EXPECT_EQ(bad.out, "\nBackupModules : {x}\n\n");
  EXPECT_EQ(bad.err, "verdict: not working properly: A.B: export is ErrorState\n");
  EXPECT_EQ(bad.exit_code, 0) << "an answer came";
  EXPECT_EQ(judged("not configured").err, "verdict: not configured\n");
  for (const char* const fine : {"working properly", "good"}) {
    EXPECT_EQ(judged(fine).err, "") << fine;
  }
}

TEST(PrintResponse, WarningsAndErrorsThatJsonDoesNotHoldStandOnStderr) {
  http::Response made = response(200, "{}\n", "good");
  made.headers.push_back({"X-Verdict", "not configured"});
  made.headers.push_back({"X-Nonfatal-Errors", "4: \"slow\", \"late\""});
  made.headers.push_back({"X-Warnings", "1: \"old\""});
  const Printout shown = print_response(kName, made);
  EXPECT_EQ(shown.out, "{}\n");
  EXPECT_EQ(shown.err,
            "warnings: 1: \"old\"\nnon-fatal errors: 4: \"slow\", \"late\"\nverdict: not "
            "configured\n");
  EXPECT_EQ(shown.exit_code, 0) << "an answer came";
}

TEST(PrintResponse, NothingConfiguredPrintsNothing) {
  for (const auto& body : {std::optional<std::string>(), std::optional<std::string>("")}) {
    const Printout shown = print_response(kName, response(200, body, "good"));
    EXPECT_EQ(shown.out, "");
    EXPECT_EQ(shown.err, "");
    EXPECT_EQ(shown.exit_code, 0);
  }
}

TEST(PrintResponse, A200OfSomebodyElseIsNoGoodAnswer) {
  const Printout stranger = print_response(kName, response(200, "<html>It works!</html>"));
  EXPECT_EQ(stranger.exit_code, 1);
  EXPECT_THAT(stranger.err, AllOf(HasSubstr("not come from sfb_backup_exporter"),
                                  HasSubstr("SFB_BACKUP_EXPORTER_URL")));
  const Printout failed = print_response(kName, response(200, "x", "failed"));
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_EQ(failed.out, "x\n");
}

TEST(PrintResponse, EveryOtherStatusGoesToStderr) {
  struct Case {
    int status;
    int exit_code;
  };
  for (const Case& c : {Case{400, 2}, Case{403, 1}, Case{404, 1}, Case{408, 1}, Case{500, 1},
                        Case{501, 1}, Case{502, 1}, Case{503, 1}, Case{504, 1}, Case{302, 1}}) {
    const Printout shown = print_response(kName, response(c.status, "what is wrong\n", "failed"));
    EXPECT_EQ(shown.out, "") << c.status;
    EXPECT_EQ(shown.err, "what is wrong\n") << c.status;
    EXPECT_EQ(shown.exit_code, c.exit_code) << c.status;

    const Printout empty = print_response(kName, response(c.status, std::nullopt));
    EXPECT_EQ(empty.err, "Get-CsBackupServiceStatus : the agent answered " +
                             std::to_string(c.status) + " " +
                             std::string(http::status_text(c.status)) + "\n");
    EXPECT_EQ(empty.exit_code, c.exit_code) << c.status;
  }
  EXPECT_EQ(print_response(kName, response(502, "half", "good")).exit_code, 1)
      << "the status counts, not what the header says";
}

TEST(Run, HelpAndUsageErrorsAskNobody) {
  RunOptions options;
  options.access.url = "nonsense://";
  const Printout help = run(kCmdlet, {"-?"}, options);
  EXPECT_EQ(help.out, usage(kCmdlet));
  EXPECT_EQ(help.err, "");
  EXPECT_EQ(help.exit_code, 0);
  const Printout wrong = run(kCmdlet, {"-Nonsense"}, options);
  EXPECT_EQ(wrong.out, "");
  EXPECT_THAT(wrong.err, HasSubstr("'Nonsense'"));
  EXPECT_EQ(wrong.exit_code, 2);
}

TEST(Run, AnAddressThatIsNoneIsAUsageError) {
  for (const std::string url :
       {"https://", "https://unix:/x", "nonsense://x", "unix:relative", "a b"}) {
    RunOptions options;
    options.access.url = url;
    const Printout shown = run(kCmdlet, {"-p", "atl"}, options);
    EXPECT_EQ(shown.exit_code, 2) << url;
    EXPECT_EQ(shown.out, "") << url;
    EXPECT_THAT(shown.err,
                testing::StartsWith("Get-CsBackupServiceStatus : SFB_BACKUP_EXPORTER_URL: "))
        << url;
  }
}

}  // namespace
}  // namespace sfb::client
