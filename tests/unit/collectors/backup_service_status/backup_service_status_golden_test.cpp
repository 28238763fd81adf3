// What Microsoft's own serialiser wrote, through CLIXML to the meaning: every depth, files and
// wire. The expectations lie in tests/collectors/backup_service_status/cases.tsv.
#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "collectors/backup_service_status/interpret.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace sfb::collectors {
namespace {

const std::string kTests = SFB_SOURCE_DIR "/tests/";

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// The case's line as the answer says it, so that a difference reads like a diff of the table.
std::string told(const std::string& name) {
  const std::string bytes = contents(kTests + "golden/" + name);
  auto document =
      name.ends_with(".xml") ? clixml::read_message(bytes, {}) : clixml::read_file(bytes, {});
  if (!document) {
    return name + ": " + describe(document.error());
  }
  PipelineResult result;
  result.graph = std::move(document->graph);
  result.output = std::move(document->roots);
  const auto status = interpret(result, {});
  if (!status) {
    return name + ": " + describe(status.error());
  }
  std::string modules;
  for (const Module& module : status->modules) {
    modules += fmt::format("{}{}:[{},{}]", modules.empty() ? "" : " ", module.identity,
                           to_string(module.export_state), to_string(module.import_state));
  }
  return fmt::format("{}\t{}\t{}\t{}\t{}", name,
                     status->overall_export ? to_string(*status->overall_export) : "-",
                     status->overall_import ? to_string(*status->overall_import) : "-",
                     status->active_machine.empty() ? "-" : status->active_machine, modules);
}

TEST(Golden, BackupServiceStatus) {
  std::size_t cases = 0;
  const std::string table = contents(kTests + "collectors/backup_service_status/cases.tsv");
  for (const std::string_view line : split(table, '\n')) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    ++cases;
    EXPECT_EQ(told(std::string(split(line, '\t').front())), line);
  }
  EXPECT_GE(cases, 27U) << "cases are missing";
}

}  // namespace
}  // namespace sfb::collectors
