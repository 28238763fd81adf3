#include "agent/clixml/writer.hpp"

#include "agent/clixml/clixml.hpp"
#include "agent/value/access.hpp"
#include "agent/value/pipeline.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::clixml {
namespace {

TEST(Writer, NothingIsAnEmptyDocument) {
  const std::string text = write_file({}, {}).value();
  EXPECT_EQ(
      text,
      "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\" />");
  const auto document = read_file(text, {});
  ASSERT_TRUE(document.has_value());
  EXPECT_TRUE(document->roots.empty());
}

TEST(Writer, EqualTypeListsAreWrittenOnce) {
  Graph graph;
  Object list;
  list.types = graph.add_types({"A", "B"});
  list.collection = Collection{};
  for (int i = 0; i < 2; ++i) {
    Object item;
    item.types = graph.add_types({"C"});
    list.collection->items.push_back(Value::object_ref(graph.add(std::move(item))));
  }
  const Value root = Value::object_ref(graph.add(std::move(list)));
  EXPECT_EQ(
      write_message(graph, root),
      "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T><T>B</T></TN><LST><Obj RefId=\"1\"><TN "
      "RefId=\"1\"><T>C</T></TN></Obj><Obj RefId=\"2\"><TNRef RefId=\"1\" /></Obj></LST></Obj>");
}

TEST(Writer, ObjectsAreWrittenOnceAndCyclesEnd) {
  Graph graph;
  const ObjectId id = graph.add({});
  graph.at(id).extended = {{"Me", Value::object_ref(id)}, {"<&\">", Value::string("<&>")}};
  EXPECT_EQ(write_message(graph, Value::object_ref(id)),
            "<Obj RefId=\"0\"><MS><Ref N=\"Me\" RefId=\"0\" /><S "
            "N=\"&lt;&amp;&quot;&gt;\">&lt;&amp;&gt;</S></MS></Obj>");
}

TEST(Writer, AFileHoldsNoSecrets) {
  Graph graph;
  Object object;
  object.extended = {{"Password", Value::make(Kind::secure_string, "cGFzcw==")}};
  const Value root = Value::object_ref(graph.add(std::move(object)));
  for (const Origin origin : {Origin::original, Origin::deserialized}) {
    const std::string file =
        write_file(graph, {root, Value::make(Kind::secure_string, "cA==")}, origin).value();
    EXPECT_EQ(file.find("cA=="), std::string::npos) << file;
    EXPECT_EQ(file.find("cGFz"), std::string::npos) << file;
    EXPECT_NE(file.find("<S N=\"Password\">System.Security.SecureString</S>"), std::string::npos)
        << file;
  }
  EXPECT_EQ(write_message(graph, root),
            "<Obj RefId=\"0\"><MS><SS N=\"Password\">cGFzcw==</SS></MS></Obj>");
}

TEST(Writer, ASequenceThatWasReadIsAList) {
  Graph graph;
  Object object;
  object.collection = Collection{Collection::Form::enumerable, {Value{}}, {}};
  const Value root = Value::object_ref(graph.add(std::move(object)));
  EXPECT_NE(write_file(graph, {root})->find("<IE>"), std::string::npos);
  EXPECT_NE(write_file(graph, {root}, Origin::deserialized)->find("<LST>"), std::string::npos);
}

TEST(Writer, DeserializedIsSaidOnce) {
  Graph graph;
  Object object;
  object.types = graph.add_types({"Deserialized.A", "B"});
  object.extended = {{"Script", Value::make(Kind::script_block, " a<b ")}};
  const Value root = Value::object_ref(graph.add(std::move(object)));
  EXPECT_EQ(write_file(graph, {root, root}, Origin::deserialized).value(),
            "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\n"
            "  <Obj RefId=\"0\">\n"
            "    <TN RefId=\"0\">\n"
            "      <T>Deserialized.A</T>\n"
            "      <T>Deserialized.B</T>\n"
            "    </TN>\n"
            "    <MS>\n"
            "      <S N=\"Script\"> a&lt;b </S>\n"
            "    </MS>\n"
            "  </Obj>\n"
            "  <Ref RefId=\"0\" />\n</Objs>");
}

TEST(Writer, EmptyPartsAreKept) {
  for (const char* body : {"<Obj RefId=\"0\" />", "<Obj RefId=\"0\"><TN RefId=\"0\" /></Obj>",
                           "<Obj RefId=\"0\"><ToString></ToString><Props /><MS /></Obj>",
                           "<Obj RefId=\"0\"><Nil /></Obj>", "<Obj RefId=\"0\"><IE /></Obj>",
                           "<Obj RefId=\"0\"><QUE /></Obj>", "<Obj RefId=\"0\"><STK /></Obj>",
                           "<S></S>", "<BA />", "<XD></XD>"}) {
    const auto document = read_message(body, {});
    ASSERT_TRUE(document.has_value()) << body;
    EXPECT_EQ(write_message(document->graph, document->roots[0]), body);
  }
}

TEST(Writer, AReferenceIntoNowhereIsNull) {
  EXPECT_EQ(write_message({}, Value::object_ref(5)), "<Nil />");
  EXPECT_EQ(write_message({}, Value::make(Kind::opaque, "")), "<Nil />");
}

TEST(Writer, AnErrorRecordOfOursIsReadBack) {
  ErrorRecord record;
  record.message = "no answer <in time>";
  record.message_from_details = true;
  record.invocation_name = "Get-CsBackupServiceStatus";
  record.position_message = "At line:1 char:1\n+ Get-CsBackupServiceStatus";
  record.error_id = "Timeout";
  record.category_message = "OperationTimeout: (:) [Get-CsBackupServiceStatus], Exception";
  record.category = 15;
  record.exception_type = "System.TimeoutException";
  Graph graph;
  const Value value = record.to_value(graph);
  const auto document = read_message(write_message(graph, value), {});
  ASSERT_TRUE(document.has_value());
  EXPECT_TRUE(is_error_record(document->graph, document->roots[0]));
  const ErrorRecord again = ErrorRecord::from(document->graph, document->roots[0]);
  EXPECT_EQ(again.message, record.message);
  EXPECT_TRUE(again.message_from_details);
  EXPECT_EQ(again.position_message, record.position_message);
  EXPECT_EQ(again.category, 15);
}

TEST(Writer, GraphsDeeperThanAnyStackAreWritten) {
  Graph graph;
  Value inner = Value::int32(1);
  for (int i = 0; i < 50'000; ++i) {
    Object object;
    object.extended.push_back({"a", inner});
    inner = Value::object_ref(graph.add(std::move(object)));
  }
  const std::string text = write_message(graph, inner);
  EXPECT_TRUE(text.ends_with("</MS></Obj></MS></Obj>"));
}

// A hundred bytes of indentation for each `<Nil />` of six: a small graph is a large file.
TEST(Writer, IndentationCannotMakeAHugeFile) {
  Graph graph;
  Object list;
  list.collection = Collection{Collection::Form::list, std::vector<Value>(10'000), {}};
  Value value = Value::object_ref(graph.add(list));
  for (int i = 0; i < 60; ++i) {
    Object outer;
    outer.collection = Collection{Collection::Form::list, {value}, {}};
    value = Value::object_ref(graph.add(std::move(outer)));
  }
  const auto text = write_file(graph, {value}, Origin::original, 1'000'000);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, "render.too_large");
  EXPECT_TRUE(write_file(graph, {value}, Origin::original, 4'000'000));
}

TEST(Writer, EscapesAreTheSameHoweverLongTheTextIs) {
  Graph graph;
  // `_x` at every place of a piece's end, and characters that become several.
  std::string text;
  std::string escaped;
  for (int i = 0; i < 40'000; ++i) {
    text += "_x\x01";
    escaped += "_x005F_x_x0001_";
  }
  Object object;
  object.extended = {{text, Value::string(text)}};
  const std::string written = write_message(graph, Value::object_ref(graph.add(object)));
  EXPECT_NE(written.find("<S N=\"" + escaped + "\">" + escaped + "</S>"), std::string::npos);
}

}  // namespace
}  // namespace sfb::clixml
