// expand=BackupModules against what Microsoft's formatters printed of three, one and five module
// objects: every golden/format/module-rows-N.WIDTH[.VIEW][.ps5|.ps4].txt. `.ps5` and `.ps4` are of
// the formatter of PowerShell's first public sources; no text of this cmdlet of a 5.1 console is
// public but one table that lost its columns.
#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/serve/query_render.hpp"
#include "tests/unit/serve/query_rig.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::serve {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(SFB_SOURCE_DIR) / "tests/golden/format";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// The answer whose modules are the objects of a golden file, or the texts that plain remoting makes
// of them.
status::Answer answer_of(const std::string& name, bool as_texts) {
  clixml::File rows = clixml::read_file(read(kFolder / (name + ".clixml")), Limits{}).value();
  PipelineResult result;
  result.graph = std::move(rows.graph);
  Collection list;
  for (const Value& row : rows.roots) {
    list.items.push_back(as_texts ? Value::string(result.graph.object(row)->to_string.value())
                                  : row);
  }
  Object modules;
  modules.collection = std::move(list);
  Object status;
  status.extended = {{"BackupModules", Value::object_ref(result.graph.add(std::move(modules)))}};
  result.output.push_back(Value::object_ref(result.graph.add(std::move(status))));
  status::Evaluation evaluation = testing::good_evaluation();
  evaluation.result = pack(result);
  return {testing::shared(std::move(evaluation)), status::Source::live};
}

// `80.list.ps5` as the parameters of the query.
std::string parameters_of(std::string_view suffix) {
  const auto parts = split(suffix, '.');
  std::string edition = "7";
  std::string text = "&expand=BackupModules&width=" + std::string(parts.at(0));
  for (const std::string_view part : std::span(parts).subspan(1)) {
    if (part == "ps5" || part == "ps4") {
      edition = part == "ps5" ? "5.1" : "4.0";
    } else {
      text += "&view=" + std::string(part);
    }
  }
  return text + "&edition=" + edition;
}

TEST(ExpandGolden, AsMicrosoftsFormattersPrintedTheModules) {
  std::size_t compared = 0;
  for (const std::string name : {"module-rows-1", "module-rows-3", "module-rows-5"}) {
    for (const auto& entry : fs::directory_iterator(kFolder)) {
      const std::string file = entry.path().filename().string();
      if (!file.starts_with(name + ".") || !file.ends_with(".txt")) {
        continue;
      }
      const std::string stem = entry.path().stem().string();
      const std::string parameters = parameters_of(stem.substr(name.size() + 1));
      for (const bool as_texts : {false, true}) {
        const http::Response response = render_answer(
            testing::query(parameters), answer_of(name, as_texts), testing::kMade, "id");
        EXPECT_EQ(testing::body_of(response), read(entry.path())) << file << parameters << as_texts;
        EXPECT_EQ(testing::header_of(response, "X-Rendered-By"), "agent");
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 312U) << "three objects, four widths, thirteen texts, two shapes";
}

}  // namespace
}  // namespace sfb::serve
