// How a refusal is told: a last known result that is neither yes nor no, an unknown pool.
#include "agent/serve/problem.hpp"

#include "agent/serve/query_parse.hpp"
#include "agent/serve/query_render.hpp"
#include "tests/unit/serve/query_rig.hpp"

#include <gmock/gmock.h>

#include <string>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
using collectors::ExportState;
using collectors::ImportState;
using testing::body_of;
using testing::finding;
using testing::good_evaluation;
using ::testing::HasSubstr;
using testing::kMade;
using ::testing::Not;
using testing::query;
using testing::shared;
using ::testing::StartsWith;

constexpr MonoTime kNow = kMade + 35s;

// Unknown is neither yes nor no, in each form.
TEST(RefusedAnswerBody, AnUnknownVerdictIsToldAsUnknown) {
  const status::Refusal refusal{
      Error{Reason::throttled, "engine.backoff", "left alone", {}, {}, {}}, 60s, {}};
  status::Evaluation unknown = good_evaluation();
  unknown.finding =
      finding({{"A.B", ExportState::unknown, ImportState::normal_state, "4", "NormalState"}});
  const auto json = [&](const status::Evaluation& known) {
    return render_refusal(query("&as=json"), refusal, kNow, "x", {.last_good = shared(known)});
  };
  const std::string text = body_of(
      render_refusal(query("&width=500"), refusal, kNow, "x", {.last_good = shared(unknown)}));
  EXPECT_THAT(text,
              HasSubstr("ago: whether it works is unknown: A.B: export is Unknown (\"4\"), not "
                        "FinalState or SteadyState.\n"));
  EXPECT_THAT(text, Not(HasSubstr("not working")));
  EXPECT_THAT(
      body_of(json(unknown)),
      HasSubstr("\"configured\":true,\"working\":null,\"not_working_because\":[],"
                "\"unknown_because\":[\n\"A.B: export is Unknown (\\\"4\\\"), not FinalState or "
                "SteadyState.\"\n]"));
  unknown.finding = finding({}, false);
  EXPECT_THAT(body_of(json(unknown)), HasSubstr("\"configured\":null,\"working\":null"));
  EXPECT_THAT(body_of(json(good_evaluation())), HasSubstr("\"unknown_because\":[]"));
}

TEST(RefusedAnswerBody, UnknownPoolAsPowerShellWouldSayIt) {
  const status::Refusal refusal{Error{Reason::not_found,
                                      "pool.not_configured",
                                      "pool atl.example.com is not configured",
                                      {},
                                      {},
                                      {}},
                                {},
                                {}};
  EXPECT_THAT(body_of(render_refusal(query(), refusal, kNow, "x")),
              StartsWith("Get-CsBackupServiceStatus : pool atl.example.com is not configured\n"
                         "At line:1 char:1\n"));
}

// Whether something is configured only the pool's status says.
TEST(RefusedAnswerBody, AnotherCollectorsAnswerIsGoodOrItsWorkIsTold) {
  const status::Refusal refusal{
      Error{Reason::throttled, "engine.backoff", "left alone", {}, {}, {}}, 60s, {}};
  status::Evaluation other = good_evaluation();
  other.question.what = collectors::find("backup_service_configuration");
  ASSERT_NE(other.question.what, nullptr);
  EXPECT_THAT(body_of(render_refusal(query("&width=500"), refusal, kNow, "x",
                                     {.last_good = shared(other)})),
              HasSubstr("35 s ago: good.\n"));
}

}  // namespace
}  // namespace sfb::serve
