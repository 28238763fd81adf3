// An answer's or a refusal's way into a response: status, headers, body in the three forms.
#include "agent/serve/query_render.hpp"

#include "agent/clixml/clixml.hpp"
#include "agent/format/format.hpp"
#include "agent/json/reader.hpp"
#include "agent/serve/form.hpp"
#include "agent/serve/problem.hpp"
#include "agent/serve/query_parse.hpp"
#include "agent/value/access.hpp"
#include "tests/unit/serve/query_rig.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <optional>
#include <string>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
using collectors::ExportState;
using collectors::ImportState;
using testing::body_of;
using testing::failed_evaluation;
using testing::finding;
using testing::good_evaluation;
using ::testing::HasSubstr;
using testing::header_of;
using testing::kMade;
using ::testing::Not;
using testing::query;
using testing::shared;
using ::testing::StartsWith;

constexpr MonoTime kSeen = kMade + 35s + 900ms;

http::Response answer(const Query& asked, status::Evaluation evaluation,
                      status::EvaluationPtr last_good = {}) {
  return render_answer(asked, {shared(std::move(evaluation)), status::Source::joined}, kSeen,
                       "night-1", {.last_good = std::move(last_good)});
}

/// A member of a JSON body by its path `a.b`; nullopt when it is not there.
std::optional<std::string> member(const http::Response& response, const std::string& path) {
  const auto document = json::read(body_of(response), {});
  if (!document) {
    ADD_FAILURE() << describe(document.error()) << '\n' << body_of(response);
    return std::nullopt;
  }
  const Value* value = &document->roots.at(0);
  for (std::size_t start = 0; value != nullptr && start <= path.size();) {
    const std::size_t end = std::min(path.find('.', start), path.size());
    value = find_property(document->graph, *value, path.substr(start, end - start));
    start = end + 1;
  }
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto text = plain_text(document->graph, *value);
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

TEST(GoodAnswer, TextIsTheConsolesWithFreshnessInHeaders) {
  const http::Response response = answer(query(), good_evaluation());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(body_of(response),
            "\nActiveMachine   BackupModules                                 \n"
            "-------------   -------------                                 \n"
            "fe1.example.com CentralMgmt.CMSMaster:[FinalState,NormalState]\n\n\n");
  EXPECT_EQ(header_of(response, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(header_of(response, "X-Outcome"), "good");
  EXPECT_EQ(header_of(response, "X-Reason"), "");
  EXPECT_EQ(header_of(response, "Age"), "35");
  EXPECT_EQ(header_of(response, "X-Evaluated-At"), "2026-11-23T18:47:03.25Z");
  EXPECT_EQ(header_of(response, "X-Evaluation-Source"), "joined");
  EXPECT_EQ(header_of(response, "X-Evaluation-Id"), "42");
  EXPECT_EQ(header_of(response, "X-Request-Id"), "night-1");
  EXPECT_EQ(header_of(response, "X-Rendered-By"), "agent");
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  EXPECT_EQ(header_of(response, "X-Verdict"), "working properly");
}

/// The good evaluation with what its server rendered for this width.
status::Evaluation rendered_evaluation(int width) {
  status::Evaluation evaluation = good_evaluation();
  PipelineResult result = evaluation.result->unpack();
  result.rendered.push_back({.form = {.width = width}, .text = "\nits own view\n\n"});
  result.warnings.emplace_back("slow");
  evaluation.result = pack(result);
  return evaluation;
}

TEST(GoodAnswer, TextOfTheServerComesFirstAndIsNamed) {
  const http::Response response = answer(query("&width=80"), rendered_evaluation(80));
  EXPECT_EQ(body_of(response), "\nits own view\n\nWARNING: slow\n");
  EXPECT_EQ(header_of(response, "X-Rendered-By"), "server");
}

TEST(GoodAnswer, TextOfTheServerIsForItsWidthAndForNoEditionOrViewOnly) {
  for (const char* const asked :
       {"&width=81", "&width=80&edition=5.1", "&width=80&view=list", "&width=80&as=json"}) {
    const http::Response response = answer(query(asked), rendered_evaluation(80));
    EXPECT_THAT(body_of(response), Not(HasSubstr("its own view"))) << asked;
    EXPECT_EQ(header_of(response, "X-Rendered-By"), "agent") << asked;
  }
}

TEST(GoodAnswer, OfSeveralTextsOfTheServerThatOfTheWidthIsTaken) {
  status::Evaluation evaluation = rendered_evaluation(80);
  PipelineResult result = evaluation.result->unpack();
  result.rendered.push_back({.form = {.width = 120}, .text = "\nits wide view\n\n"});
  evaluation.result = pack(result);
  EXPECT_THAT(body_of(answer(query("&width=80"), evaluation)), HasSubstr("its own view"));
  const http::Response wide = answer(query("&width=120"), evaluation);
  EXPECT_THAT(body_of(wide), HasSubstr("its wide view"));
  EXPECT_EQ(header_of(wide, "X-Rendered-By"), "server");
}

TEST(GoodAnswer, JsonAndClixml) {
  const http::Response json = answer(query("&as=json"), good_evaluation());
  EXPECT_EQ(header_of(json, "Content-Type"), "application/json");
  EXPECT_EQ(body_of(json),
            "{\n  \"ActiveMachine\": \"fe1.example.com\",\n"
            "  \"BackupModules\": \"CentralMgmt.CMSMaster:[FinalState,NormalState]\"\n}\n");
  const http::Response clixml = answer(query("&as=clixml"), good_evaluation());
  EXPECT_EQ(header_of(clixml, "Content-Type"), "application/xml");
  EXPECT_THAT(body_of(clixml), StartsWith("<Objs Version="));
  const auto read = clixml::read_file(body_of(clixml), {});
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->roots.size(), 1U);
}

/// The good evaluation as a server of this version made it.
status::Evaluation evaluation_of(const std::string& ps_version) {
  status::Evaluation evaluation = good_evaluation();
  PipelineResult result = evaluation.result->unpack();
  result.ps_version = ps_version;
  evaluation.result = pack(result);
  return evaluation;
}

// What an edition or a view looks like is the formatter's business; here they only have to get
// there.
TEST(GoodAnswer, TextIsOfTheEditionAndViewAsked) {
  using format::Edition;
  using format::View;
  struct Case {
    const char* query;
    const char* ps_version;
    Edition edition;
    View view;
  };
  for (const Case& one : {
           Case{"", "", Edition::windows_powershell_51, View::automatic},
           Case{"", "7.4.1", Edition::powershell_7, View::automatic},
           Case{"", "4.0", Edition::windows_powershell_40, View::automatic},
           Case{"&edition=5.1", "7.4.1", Edition::windows_powershell_51, View::automatic},
           Case{"&edition=3.0", "", Edition::windows_powershell_40, View::automatic},
           Case{"&edition=7&view=list", "5.1.17763.1", Edition::powershell_7, View::list},
           Case{"&view=table", "", Edition::windows_powershell_51, View::table},
           Case{"&view=autosize", "", Edition::windows_powershell_51, View::autosize},
           Case{"&view=wrap", "", Edition::windows_powershell_51, View::wrap},
       }) {
    const status::Evaluation evaluation = evaluation_of(one.ps_version);
    const format::Options console{.width = 40, .edition = one.edition, .view = one.view};
    EXPECT_EQ(body_of(answer(query(std::string("&width=40") + one.query), evaluation)),
              format::pipeline(evaluation.result->unpack(), false, console).value())
        << one.query << ' ' << one.ps_version;
  }
}

TEST(GoodAnswer, JsonIsOf7UnlessAnEditionIsAsked) {
  const status::Evaluation evaluation = evaluation_of("5.1.17763.1");
  for (const char* edition : {"", "&edition=7"}) {
    EXPECT_THAT(body_of(answer(query(std::string("&as=json") + edition), evaluation)),
                StartsWith("{\n  \"ActiveMachine\": \"fe1"));
  }
  for (const char* edition : {"&edition=5.1", "&edition=4.0", "&edition=3.0"}) {
    EXPECT_THAT(body_of(answer(query(std::string("&as=json") + edition), evaluation)),
                StartsWith("{\n    \"ActiveMachine\":  \"fe1"));
  }
}

TEST(GoodAnswer, NothingConfiguredIsEmpty) {
  status::Evaluation evaluation = good_evaluation();
  evaluation.result = pack({});
  for (const char* form : {"&as=text", "&as=json"}) {
    const http::Response response = answer(query(form), evaluation);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(body_of(response), "") << form;
  }
  EXPECT_THAT(body_of(answer(query("&as=clixml"), evaluation)), HasSubstr("<Objs"));
}

TEST(GoodAnswer, ForceHidesNonFatalErrors) {
  status::Evaluation evaluation = good_evaluation();
  evaluation.result = testing::with_errors(evaluation.result, {"One front end is silent."},
                                           PipelineState::completed);
  const http::Response shown = answer(query(), evaluation);
  EXPECT_EQ(shown.status, 200);
  EXPECT_THAT(body_of(shown), HasSubstr("One front end is silent."));
  EXPECT_THAT(body_of(shown), HasSubstr("fe1.example.com"));
  const http::Response hidden = answer(query("&Force"), evaluation);
  EXPECT_THAT(body_of(hidden), Not(HasSubstr("One front end")));
  EXPECT_THAT(body_of(hidden), HasSubstr("fe1.example.com"));
}

TEST(GoodAnswer, AgeIsNeverNegative) {
  const http::Response response =
      render_answer(query(), {shared(good_evaluation()), status::Source::live}, kMade - 5s, "x");
  EXPECT_EQ(header_of(response, "Age"), "0");
  EXPECT_EQ(header_of(response, "X-Evaluation-Source"), "live");
}

TEST(FailedAnswer, CmdletErrorsAreShownAsPowerShellShowsThem) {
  status::Evaluation evaluation = failed_evaluation(Reason::cmdlet, "cmdlet.failed");
  evaluation.result = testing::with_errors(good_evaluation().result, {"The service is stopped."},
                                           PipelineState::failed);
  // Force hides nothing here: the errors are the answer.
  for (const char* force : {"", "&Force"}) {
    const http::Response text = answer(query(force), evaluation);
    EXPECT_EQ(text.status, 502);
    EXPECT_EQ(header_of(text, "X-Outcome"), "failed");
    EXPECT_EQ(header_of(text, "X-Reason"), "cmdlet");
    EXPECT_EQ(header_of(text, "Age"), "35");
    EXPECT_THAT(body_of(text), HasSubstr("fe1.example.com")) << "output as far as it came";
    EXPECT_THAT(body_of(text), HasSubstr("The service is stopped.\n"));
    EXPECT_THAT(body_of(text), HasSubstr("+ FullyQualifiedErrorId : BackupServiceFailed\n"));
    EXPECT_THAT(body_of(text), Not(HasSubstr("cmdlet.failed")));
  }
  const http::Response json = answer(query("&as=json"), evaluation, shared(good_evaluation()));
  EXPECT_EQ(json.status, 502);
  EXPECT_EQ(header_of(json, "Content-Type"), "application/problem+json");
  EXPECT_EQ(member(json, "status"), "502");
  EXPECT_EQ(member(json, "title"), "Bad Gateway");
  EXPECT_EQ(member(json, "detail"), "the test went wrong");
  EXPECT_EQ(member(json, "reason"), "cmdlet");
  EXPECT_EQ(member(json, "code"), "cmdlet.failed");
  EXPECT_EQ(member(json, "stage"), "parse");
  EXPECT_EQ(member(json, "remedy"), "repair the test");
  EXPECT_EQ(member(json, "pool"), "atl.example.com");
  EXPECT_EQ(member(json, "request_id"), "night-1");
  EXPECT_EQ(member(json, "evaluation_id"), "42");
  EXPECT_THAT(body_of(json), HasSubstr("\"message\":\"The service is stopped.\""));
  EXPECT_EQ(member(json, "last_known.evaluated_at"), "2026-11-23T18:47:03.25Z");
  EXPECT_EQ(member(json, "last_known.age_seconds"), "35.9");
  EXPECT_EQ(member(json, "last_known.working"), "true");
}

// PowerShell's errors and ours stand on one console.
TEST(FailedAnswer, IsOfTheEditionAsked) {
  status::Evaluation evaluation = failed_evaluation(Reason::cmdlet, "cmdlet.failed");
  PipelineResult result = good_evaluation().result->unpack();
  result.state = PipelineState::failed;
  result.ps_version = "7.4.1";
  evaluation.result = pack(result);
  const Problem problem{
      .status = 502, .error = *evaluation.error, .pool = "atl.example.com", .last_known = {}};
  for (const auto& [asked, edition] :
       {std::pair{"", format::Edition::powershell_7},
        std::pair{"&edition=5.1", format::Edition::windows_powershell_51}}) {
    const Query asking = query(asked);
    Form form = form_of(asking, "night-1");
    EXPECT_EQ(form.choice.edition, asking.choice.edition);
    form.choice.edition = edition;
    EXPECT_EQ(body_of(answer(asking, evaluation)),
              format::pipeline(evaluation.result->unpack(), false, {.edition = edition}).value() +
                  problem_text(form, problem, kSeen))
        << asked;
  }
}

TEST(FailedAnswer, OurOwnErrorHasPowerShellsShape) {
  const http::Response text = answer(query(), failed_evaluation(Reason::not_found, "file.missing"));
  EXPECT_EQ(text.status, 502);
  EXPECT_EQ(body_of(text),
            "Get-CsBackupServiceStatus : the test went wrong (repair the test)\n"
            "At line:1 char:1\n"
            "+ Get-CsBackupServiceStatus -PoolFqdn atl.example.com\n"
            "+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"
            "    + CategoryInfo          : ObjectNotFound: (atl.example.com:String) "
            "[Get-CsBackupServiceStatus], Exception\n"
            "    + FullyQualifiedErrorId : file.missing\n"
            " \n");
}

TEST(FailedAnswer, AnAnswerThatCannotBeReadIsNotShownAsOne) {
  status::Evaluation evaluation = failed_evaluation(Reason::parse, "status.several");
  evaluation.result =
      testing::with_errors(good_evaluation().result, {"A side issue."}, PipelineState::completed);
  const std::string text = body_of(answer(query(), evaluation));
  EXPECT_THAT(text, HasSubstr("FullyQualifiedErrorId : status.several"));
  EXPECT_THAT(text, Not(HasSubstr("fe1.example.com")));
}

TEST(FailedAnswer, AFailedRunWithoutErrorRecordsSaysWhatWeKnow) {
  status::Evaluation evaluation = failed_evaluation(Reason::cmdlet, "cmdlet.failed");
  evaluation.result = testing::with_errors(good_evaluation().result, {}, PipelineState::failed);
  const std::string text = body_of(answer(query(), evaluation));
  EXPECT_THAT(text, HasSubstr("fe1.example.com"));
  EXPECT_THAT(text, HasSubstr("FullyQualifiedErrorId : cmdlet.failed"));
}

TEST(FailedAnswer, TimeRanOutIs504WithTheLastKnownResult) {
  const http::Response text =
      answer(query("&width=500"), failed_evaluation(Reason::timeout, "timeout.query"),
             shared(good_evaluation()));
  EXPECT_EQ(text.status, 504);
  EXPECT_THAT(body_of(text),
              HasSubstr("The last known result was evaluated at 2026-11-23T18:47:03.25Z, 35 s "
                        "ago: working properly."));
}

TEST(FailedAnswer, ClixmlIsProblemJsonToo) {
  const http::Response response =
      answer(query("&as=clixml"), failed_evaluation(Reason::parse, "file.foreign"));
  EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json");
  EXPECT_EQ(member(response, "code"), "file.foreign");
  EXPECT_EQ(member(response, "last_known"), std::nullopt);
  EXPECT_THAT(body_of(response), HasSubstr("\"last_known\":null"));
}

TEST(FailedAnswer, WhatThePeerSaidIsQuoted) {
  status::Evaluation evaluation = failed_evaluation(Reason::parse, "file.foreign");
  evaluation.error->peer = "\x1B[31m\"\xFF";
  const http::Response json = answer(query("&as=json"), evaluation);
  EXPECT_THAT(member(json, "detail").value_or(""), StartsWith("the test went wrong: \"\\x1b[31m"));
  EXPECT_THAT(body_of(answer(query(), evaluation)), Not(HasSubstr("\x1B")));
}

struct RefusalCase {
  Reason reason;
  const char* code;
  std::optional<std::chrono::seconds> retry_after;
  int status;
  const char* retry_header;
};

class RefusedAnswer : public ::testing::TestWithParam<RefusalCase> {};

TEST_P(RefusedAnswer, HasItsStatus) {
  const RefusalCase& given = GetParam();
  const status::Refusal refusal{
      Error{given.reason, given.code, "no answer", "wait", {}, Stage::queue},
      given.retry_after,
      {}};
  for (const char* form : {"&as=text", "&as=json", "&as=clixml"}) {
    const http::Response response = render_refusal(query(form), refusal, kSeen, "night-1");
    EXPECT_EQ(response.status, given.status) << form;
    EXPECT_EQ(header_of(response, "Retry-After"), given.retry_header) << form;
    EXPECT_EQ(header_of(response, "X-Outcome"), "failed");
    EXPECT_EQ(header_of(response, "X-Reason"), to_string(given.reason));
    EXPECT_EQ(header_of(response, "X-Request-Id"), "night-1");
    EXPECT_EQ(header_of(response, "Age"), "") << "nothing was evaluated";
    EXPECT_THAT(body_of(response), HasSubstr(given.code)) << form;
    EXPECT_THAT(body_of(response), HasSubstr("no answer")) << form;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedAnswer,
    ::testing::Values(RefusalCase{Reason::not_found, "pool.not_configured", {}, 404, ""},
                      RefusalCase{Reason::timeout, "timeout.queue", {}, 504, ""},
                      RefusalCase{Reason::throttled, "engine.backoff", 90s, 503, "90"},
                      RefusalCase{Reason::throttled, "engine.too_many_waiting", 0s, 503, "1"},
                      RefusalCase{Reason::throttled, "engine.x", {}, 503, "5"},
                      RefusalCase{Reason::protocol, "file.cannot_ask", {}, 501, ""},
                      RefusalCase{Reason::internal, "engine.bug", {}, 500, ""}));

TEST(RefusedAnswerBody, ShowsTheLastKnownResult) {
  status::Evaluation bad = good_evaluation();
  bad.finding = finding(
      {{"CMSMaster", ExportState::error_state, ImportState::normal_state, "ErrorState", ""}});
  const status::EvaluationPtr good = shared(bad);
  const status::EvaluationPtr failed = shared(failed_evaluation(Reason::auth, "auth.refused"));
  status::Refusal refusal{Error{Reason::throttled, "engine.backoff", "left alone", {}, {}, {}}, 60s,
                          failed};
  const auto text = [&](status::EvaluationPtr last_good) {
    return body_of(
        render_refusal(query("&width=500"), refusal, kSeen, "x", {.last_good = last_good}));
  };
  EXPECT_THAT(text({}), HasSubstr("35 s ago: failed (auth.refused)."));
  EXPECT_THAT(text(good),
              HasSubstr("35 s ago: not working properly: CMSMaster: export is ErrorState, "
                        "not FinalState or SteadyState.\n"));
  const http::Response json =
      render_refusal(query("&as=json"), refusal, kSeen, "x", {.last_good = good});
  EXPECT_EQ(member(json, "last_known.working"), "false");
  EXPECT_EQ(member(json, "last_known.configured"), "true");
  EXPECT_EQ(member(json, "retry_after_seconds"), "60");
  EXPECT_THAT(body_of(json), HasSubstr("CMSMaster: export is ErrorState"));
  refusal.last_known = good;
  EXPECT_EQ(member(render_refusal(query("&as=json"), refusal, kSeen, "x"), "last_known.outcome"),
            "good");
}

}  // namespace
}  // namespace sfb::serve
