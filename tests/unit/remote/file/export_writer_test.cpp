// write_export: what it wrote, parse_export reads back as the same.
#include "agent/remote/file/export_writer.hpp"

#include "agent/clixml/writer.hpp"
#include "agent/remote/file/export_file.hpp"
#include "agent/value/access.hpp"
#include "agent/value/packed.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace sfb::remote {
namespace {

const Fqdn kWriterPool = *Fqdn::parse("atl-cs-001.litwareinc.com");
const WallTime kWritten{Micros{1'700'000'000'123'456}};

std::string objects(const PipelineResult& result) {
  return clixml::write_file(result.graph, result.output).value() +
         clixml::write_file(result.graph, result.errors).value();
}

TEST(ExportWriter, EveryGoldenExportComesBackAsItWas) {
  std::size_t read = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(SFB_SOURCE_DIR "/tests/golden/export")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const auto before = parse_export(bytes, kWriterPool, {});
    if (!before) {
      continue;  // another pool's, or none
    }
    ++read;
    const auto text =
        write_export(before->result, kWriterPool, kWritten, kDefaultCollector, 1 << 20);
    ASSERT_TRUE(text.has_value()) << entry.path();
    const auto after = parse_export(*text, kWriterPool, {});
    ASSERT_TRUE(after.has_value()) << entry.path() << describe(after.error());
    EXPECT_EQ(objects(after->result), objects(before->result)) << entry.path();
    EXPECT_EQ(after->result.warnings, before->result.warnings);
    EXPECT_EQ(after->result.state, before->result.state);
    EXPECT_EQ(after->result.ps_version, before->result.ps_version);
    EXPECT_EQ(after->exported_at, kWritten);
    EXPECT_TRUE(after->wrapped);
    const PipelineResult kept = PackedResult(before->result).unpack();
    EXPECT_EQ(objects(kept), objects(before->result)) << entry.path();
    EXPECT_EQ(write_export(kept, kWriterPool, kWritten, kDefaultCollector, 1 << 20).value(), *text);
  }
  EXPECT_GT(read, 5U);
}

TEST(ExportWriter, TheExtrasOfAScriptStay) {
  PipelineResult result;
  Object extras;
  extras.collection.emplace();
  extras.collection->form = Collection::Form::dictionary;
  extras.collection->entries.emplace_back(Value::string(std::string(kExtrasTag)), Value::int32(1));
  extras.collection->entries.emplace_back(Value::string("Modules"), Value::string("A.B"));
  result.output = {Value::string("one")};
  result.extras = Value::object_ref(result.graph.add(std::move(extras)));
  const auto text = write_export(result, kWriterPool, kWritten, "some_collector", 1 << 20);
  ASSERT_TRUE(text.has_value());
  const auto after = parse_export(*text, kWriterPool, {}, "some_collector");
  ASSERT_TRUE(after.has_value()) << describe(after.error());
  ASSERT_TRUE(after->result.extras.has_value());
  const Value* const modules = find_member(after->result.graph, *after->result.extras, "Modules");
  ASSERT_NE(modules, nullptr);
  EXPECT_EQ(modules->text, "A.B");
  ASSERT_EQ(after->result.output.size(), 1U);
  EXPECT_FALSE(parse_export(*text, kWriterPool, {}).has_value()) << "another collector's";
}

TEST(ExportWriter, TooLargeIsAnError) {
  PipelineResult result;
  result.output = {Value::string(std::string(5000, 'x'))};
  const auto text = write_export(result, kWriterPool, kWritten, kDefaultCollector, 4000);
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().code, "render.too_large");
}

}  // namespace
}  // namespace sfb::remote
