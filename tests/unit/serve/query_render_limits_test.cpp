// Answers whose text is too large in the form that is asked for.
#include "agent/serve/query_parse.hpp"
#include "agent/serve/query_render.hpp"
#include "tests/unit/serve/query_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
using testing::body_of;
using testing::failed_evaluation;
using testing::good_evaluation;
using ::testing::HasSubstr;
using testing::header_of;
using testing::kMade;
using ::testing::Not;
using testing::query;
using testing::shared;

constexpr MonoTime kShownAt = kMade + 35s;

// A list of references to one text: a small answer, a huge text.
TEST(GoodAnswer, ATextThatIsTooLargeIsAnErrorInEveryForm) {
  status::Evaluation evaluation = good_evaluation();
  PipelineResult result;
  Object shared_text;
  shared_text.extended = {{"Text", Value::string(std::string(1000, 'x'))}};
  const Value one = Value::object_ref(result.graph.add(std::move(shared_text)));
  result.output.assign(1000, one);
  // Each is written once here, so the list itself must be long.
  result.output.insert(result.output.end(), 20'000, Value::int32(1));
  evaluation.result = pack(result);
  const status::Answer given{shared(std::move(evaluation)), status::Source::live};
  for (const char* const form : {"", "&view=list", "&as=json", "&as=clixml"}) {
    const auto made = [&](std::size_t max_bytes) {
      return render_answer(query(form), given, kShownAt, "night-1", {}, max_bytes);
    };
    EXPECT_EQ(made(8'000'000).status, 200) << form;
    const http::Response refused = made(100'000);
    EXPECT_EQ(refused.status, 502) << form;
    EXPECT_EQ(header_of(refused, "X-Outcome"), "failed") << form;
    EXPECT_THAT(body_of(refused), HasSubstr("render.too_large")) << form;
    EXPECT_THAT(body_of(refused), HasSubstr("limits.object")) << form;
    EXPECT_EQ(header_of(refused, "X-Evaluation-Source"), "live") << form;
    EXPECT_LT(body_of(refused).size(), 2'000U) << form;
  }
}

TEST(GoodAnswer, TheServersOwnTextHasTheSameLimit) {
  status::Evaluation evaluation = good_evaluation();
  PipelineResult result = evaluation.result->unpack();
  result.rendered.push_back({{120}, std::string(5'000, 'x') + '\n'});
  evaluation.result = pack(result);
  const status::Answer given{shared(std::move(evaluation)), status::Source::live};
  EXPECT_EQ(render_answer(query(), given, kShownAt, "x", {}, 5'001).status, 200);
  EXPECT_EQ(render_answer(query(), given, kShownAt, "x", {}, 5'000).status, 502);
}

TEST(FailedAnswer, ErrorsThatAreTooLongAreSaidToBe) {
  status::Evaluation evaluation = failed_evaluation(Reason::cmdlet, "cmdlet.failed");
  PipelineResult result;
  result.state = PipelineState::failed;
  ErrorRecord record;
  record.message = std::string(5'000, 'x');
  result.errors.push_back(record.to_value(result.graph));
  evaluation.result = pack(result);
  const status::Answer given{shared(std::move(evaluation)), status::Source::live};
  const http::Response text = render_answer(query(), given, kShownAt, "x", {}, 10'000);
  EXPECT_EQ(text.status, 502);
  EXPECT_THAT(body_of(text), HasSubstr("render.too_large"));
  const http::Response json = render_answer(query("&as=json"), given, kShownAt, "x");
  EXPECT_THAT(body_of(json), Not(HasSubstr(std::string(2'001, 'x'))));
}

}  // namespace
}  // namespace sfb::serve
