// What a good answer says of the pool beside the cmdlet's own text.
#include "agent/serve/query_parse.hpp"
#include "agent/serve/query_render.hpp"
#include "tests/unit/serve/query_rig.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace sfb::serve {
namespace {

using testing::finding;
using testing::good_evaluation;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::StartsWith;

std::string verdict_of(std::vector<collectors::Module> modules, bool conclusive = true) {
  status::Evaluation evaluation = good_evaluation();
  evaluation.finding = finding(std::move(modules), conclusive);
  const Query query = parse_query_request(testing::ask_for("PoolFqdn=atl.example.com")).value();
  return header_of(
      render_answer(query, {testing::shared(std::move(evaluation)), status::Source::live},
                    testing::kMade, "x"),
      "X-Verdict");
}

collectors::Module failing(const std::string& name) {
  return {name, collectors::ExportState::error_state, collectors::ImportState::normal_state,
          "ErrorState", "NormalState"};
}

// Neither the objects nor the exit code of the command tell it.
TEST(Verdict, StandsInAHeaderWithItsReason) {
  EXPECT_EQ(verdict_of({failing("A.B")}),
            "not working properly: A.B: export is ErrorState, not FinalState or SteadyState");
  EXPECT_EQ(verdict_of({}), "not configured");
  EXPECT_THAT(verdict_of({}, false), StartsWith("whether it is configured is unknown: "));
}

TEST(Verdict, OfManyModulesIsCut) {
  std::vector<collectors::Module> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back(failing("Überwachung." + std::to_string(i)));
  }
  const std::string cut = verdict_of(many);
  EXPECT_LE(cut.size(), 1003U);
  EXPECT_THAT(cut, HasSubstr("Überwachung.0: export is ErrorState"));
  EXPECT_TRUE(cut.ends_with("..."));
}

}  // namespace
}  // namespace sfb::serve
