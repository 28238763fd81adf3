// The modules as objects of their own, and non-fatal errors beside forms that do not hold them.
#include "agent/serve/query_render.hpp"
#include "tests/unit/serve/query_rig.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace sfb::serve {
namespace {

using testing::body_of;
using testing::header_of;
using testing::kMade;

// Microsoft's own transcript of a pool that is not the CMS master. Its blog lost the columns: these
// are derived from how the formatter pads golden/format/module-rows-3.
const std::vector<std::vector<std::string>> kModules = {
    {"UserServices.PresenceFocus", "FinalState", "NormalState"},
    {"ConfServices.DataConf", "FinalState", "NormalState"},
    {"CentralMgmt.CMSMaster", "NotInitialized", "NormalState"}};
constexpr const char* kConsole51 =
    "\n"
    "Identity                   ExportStatus   ImportStatus\n"
    "--------                   ------------   ------------\n"
    "UserServices.PresenceFocus FinalState     NormalState \n"
    "ConfServices.DataConf      FinalState     NormalState \n"
    "CentralMgmt.CMSMaster      NotInitialized NormalState \n"
    "\n"
    "\n";

enum class Shape : std::uint8_t { objects, enums, texts };

Value module_value(Graph& graph, Shape shape, const std::vector<std::string>& words) {
  if (shape == Shape::texts) {
    return Value::string(words[0] + ":[" + words[1] + "," + words[2] + "]");
  }
  const auto state = [&](const std::string& word) {
    if (shape == Shape::objects) {
      return Value::string(word);
    }
    Object value;
    value.types = graph.add_types({"Deserialized.Test.State", "Deserialized.System.Enum"});
    value.to_string = word;
    value.base = Value::int32(3);
    return Value::object_ref(graph.add(std::move(value)));
  };
  Object module;
  module.types = graph.add_types({"Deserialized.Test.Module", "Deserialized.System.Object"});
  module.to_string = words[0] + ":[" + words[1] + "," + words[2] + "]";
  module.adapted = {{"Identity", Value::string(words[0])},
                    {"ExportStatus", state(words[1])},
                    {"ImportStatus", state(words[2])}};
  module.has_adapted = true;
  return Value::object_ref(graph.add(std::move(module)));
}

status::Answer answer_of(Shape shape, std::size_t count = 3, bool errors = false) {
  PipelineResult result;
  Collection list;
  for (std::size_t i = 0; i < count; ++i) {
    list.items.push_back(module_value(result.graph, shape, kModules[i]));
  }
  Object modules;
  modules.collection = std::move(list);
  Object status;
  status.extended = {{"ActiveMachine", Value::string("fe1.example.com")},
                     {"BackupModules", Value::object_ref(result.graph.add(std::move(modules)))}};
  result.output.push_back(Value::object_ref(result.graph.add(std::move(status))));
  result.rendered.push_back({{120}, "the server's own text of the object"});
  status::Evaluation evaluation = testing::good_evaluation();
  evaluation.result = pack(result);
  if (errors) {
    evaluation.result = testing::with_errors(
        evaluation.result,
        {"The service at \"fe2\"\r\nis slow. \x1b[31m", "Größe", std::string(5000, 'x'), "four"},
        PipelineState::completed);
  }
  return {testing::shared(std::move(evaluation)), status::Source::live};
}

http::Response rendered(const std::string& parameters, const status::Answer& answer) {
  return render_answer(testing::query(parameters), answer, kMade, "id");
}

TEST(Expand, PrintsWhatTheConsolePrintsWhateverShapeCame) {
  for (const Shape shape : {Shape::objects, Shape::enums, Shape::texts}) {
    const http::Response response = rendered("&expand=BackupModules&edition=5.1", answer_of(shape));
    EXPECT_EQ(body_of(response), kConsole51) << static_cast<int>(shape);
    EXPECT_EQ(header_of(response, "X-Rendered-By"), "agent") << "the server's text is another one";
  }
  EXPECT_EQ(body_of(rendered("&expand=backupmodules&edition=7", answer_of(Shape::texts))),
            body_of(rendered("&expand=BackupModules&edition=7", answer_of(Shape::objects))));
  EXPECT_EQ(body_of(rendered("", answer_of(Shape::objects))),
            "the server's own text of the object");
}

// With this one text of the server.
status::Answer with_text(const status::Answer& answer, bool expanded) {
  PipelineResult result = answer.evaluation->result->unpack();
  result.rendered = {{{.width = 120, .expanded = expanded}, "the server's own text\n"}};
  result.warnings = {"slow"};
  status::Evaluation evaluation = *answer.evaluation;
  evaluation.result = pack(result);
  return {testing::shared(std::move(evaluation)), status::Source::cache};
}

TEST(Expand, TheServersTextOfTheModulesServesNothingElse) {
  const status::Answer modules = with_text(answer_of(Shape::texts), true);
  const http::Response servers = rendered("&expand=BackupModules", modules);
  EXPECT_EQ(body_of(servers), "the server's own text\nWARNING: slow\n");
  EXPECT_EQ(header_of(servers, "X-Rendered-By"), "server");
  for (const char* const other :
       {"", "&expand=BackupModules&width=80", "&expand=BackupModules&edition=7",
        "&expand=BackupModules&view=table", "&expand=BackupModules&as=json", "&as=clixml"}) {
    const http::Response ours = rendered(other, modules);
    EXPECT_EQ(header_of(ours, "X-Rendered-By"), "agent") << other;
    EXPECT_THAT(body_of(ours), ::testing::Not(::testing::HasSubstr("own text"))) << other;
  }
  const status::Answer object = with_text(answer_of(Shape::texts), false);
  EXPECT_EQ(header_of(rendered("", object), "X-Rendered-By"), "server");
  EXPECT_EQ(header_of(rendered("&expand=BackupModules", object), "X-Rendered-By"), "agent");
}

TEST(Expand, JsonAndClixmlAreThoseOfTheItems) {
  EXPECT_EQ(body_of(rendered("&expand=BackupModules&as=json", answer_of(Shape::texts, 1))),
            "{\n"
            "  \"Identity\": \"UserServices.PresenceFocus\",\n"
            "  \"ExportStatus\": \"FinalState\",\n"
            "  \"ImportStatus\": \"NormalState\"\n"
            "}\n")
      << "one object is bare, as ConvertTo-Json writes it";
  EXPECT_EQ(body_of(rendered("&expand=BackupModules&as=json", answer_of(Shape::texts))),
            body_of(rendered("&expand=BackupModules&as=json", answer_of(Shape::enums))));
  const std::string clixml =
      body_of(rendered("&expand=BackupModules&as=clixml", answer_of(Shape::texts)));
  EXPECT_THAT(clixml, ::testing::HasSubstr("<S N=\"ExportStatus\">NotInitialized</S>"));
  EXPECT_THAT(clixml, ::testing::Not(::testing::HasSubstr("ActiveMachine")));
}

TEST(Expand, OnlyWhatThereIs) {
  const auto bad = parse_query_request(testing::ask_for("PoolFqdn=a&expand=Modules&as=json"));
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().status, 400);
  EXPECT_FALSE(parse_query_request(testing::get("/api/v1/Get-CsBackupServiceConfiguration",
                                                "via=a&expand=BackupModules"))
                   .has_value())
      << "that cmdlet has no such member";
}

TEST(Warnings, StandInAHeaderBesideJsonAndClixml) {
  status::Answer answer = answer_of(Shape::objects, 3, true);
  status::Evaluation evaluation = *answer.evaluation;
  PipelineResult result = evaluation.result->unpack();
  result.warnings = {"old \"site\"", "b\xC3\xBC", "c", "d"};
  evaluation.result = pack(result);
  answer.evaluation = std::make_shared<const status::Evaluation>(std::move(evaluation));
  for (const char* const form : {"&as=json", "&as=clixml&Force", "&as=json&expand=BackupModules"}) {
    EXPECT_EQ(header_of(rendered(form, answer), "X-Warnings"), R"(4: "old \"site\"", "b?", "c")")
        << form;
  }
  EXPECT_EQ(header_of(rendered("", answer), "X-Warnings"), "") << "the text holds them";
  EXPECT_EQ(header_of(rendered("&as=json", answer_of(Shape::texts)), "X-Warnings"), "");
}

TEST(NonfatalErrors, StandInAHeaderBesideJsonAndClixml) {
  const status::Answer answer = answer_of(Shape::objects, 3, true);
  for (const char* const form : {"&as=json", "&as=clixml", "&as=json&expand=BackupModules"}) {
    const std::string header = header_of(rendered(form, answer), "X-Nonfatal-Errors");
    EXPECT_THAT(header, ::testing::StartsWith("4: \"The service at \\\"fe2\\\"")) << form;
    EXPECT_LE(header.size(), 1010U);
    for (const char c : header) {
      EXPECT_TRUE(c >= ' ' && c < 0x7F) << form;
    }
  }
  EXPECT_EQ(header_of(rendered("&as=json&Force", answer), "X-Nonfatal-Errors"), "")
      << "Force hides them";
  EXPECT_EQ(header_of(rendered("", answer), "X-Nonfatal-Errors"), "") << "the text holds them";
  EXPECT_EQ(header_of(rendered("&as=json", answer_of(Shape::texts)), "X-Nonfatal-Errors"), "");
}

}  // namespace
}  // namespace sfb::serve
