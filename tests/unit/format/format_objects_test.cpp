// What the golden cases do not reach: dictionaries, nesting, remoting's notes, hostile input.
#include "agent/format/format.hpp"
#include "agent/format/out_default.hpp"
#include "tests/unit/format/builders.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace sfb;
using namespace sfb::format_test;

std::string shown(const Graph& graph, const std::vector<Value>& values, int width = 80) {
  return format::objects(graph, values, {.width = width}).value();
}

std::string blanks(std::size_t count) {
  return std::string(count, ' ');
}

TEST(Objects, NothingPrintsNothing) {
  const Graph graph;
  EXPECT_EQ(shown(graph, {}), "");
  EXPECT_EQ(shown(graph, {Value{}}), "");
}

TEST(Objects, AListIsOpenedOnce) {
  Graph graph;
  const Value inner = collection(graph, {number(1), number(2)});
  const Value outer = collection(graph, {text("a"), Value{}, inner});
  EXPECT_EQ(shown(graph, {outer}), "a\n\n1 2\n");
  EXPECT_EQ(shown(graph, {Value::make(Kind::bytes, "AQL/")}), "1\n2\n255\n");
  EXPECT_EQ(shown(graph, {collection(graph, {})}), "");
}

TEST(Objects, ADictionaryIsATableOfNameAndValue) {
  Graph graph;
  const Value map = dictionary(graph, {{text("Pool"), text("atl")}, {text("Count"), number(3)}});
  const std::string head = "\nName                           Value" + blanks(4) +
                           "\n----                           -----" + blanks(4) + "\n";
  EXPECT_EQ(shown(graph, {map}, 41), head + "Pool                           atl" + blanks(6) +
                                         "\nCount                          3" + blanks(8) +
                                         "\n\n\n");
}

TEST(Objects, AnObjectBehindADictionaryIsAListOfItsOwn) {
  Graph graph;
  const Value map = dictionary(graph, {{text("k"), text("v")}});
  const Value row = object(graph, {{"A", number(1)}});
  EXPECT_EQ(shown(graph, {map, row}, 33),
            "\nName                           V\n                               a\n"
            "                               l\n                               u\n"
            "                               e\n----                           -\n"
            "k                              v\n\nA : 1\n\n\n\n");
}

TEST(Objects, AnEntryInsideATableUsesItsColumns) {
  Graph graph;
  const Value row = object(graph, {{"Name", text("a")}, {"Other", text("b")}});
  const Value map = dictionary(graph, {{text("k"), text("v")}});
  EXPECT_EQ(shown(graph, {row, map}), "\nName Other\n---- -----\na    b    \nk         \n\n\n");
}

TEST(Objects, TextsInsideOthers) {
  Graph graph;
  Object status;
  status.to_string = "Status text";
  status.adapted = {{"X", number(1)}};
  const Value with_text = Value::object_ref(graph.add(std::move(status)));
  Object state;
  state.types = graph.add_types({"Contoso.State", "System.Enum"});
  state.to_string = "Final";
  state.base = number(3);
  const Value enumeration = Value::object_ref(graph.add(std::move(state)));
  const Value nested = object(graph, {{"Z", number(1)}});
  const Value map = dictionary(graph, {{text("k"), number(1)}, {text("l"), number(2)}});
  const Value list = collection(graph, {with_text, enumeration, nested, map});
  const Value deep =
      object(graph, {{"T", with_text}, {"E", enumeration}, {"N", nested}, {"L", list}, {"M", map}});
  const std::string a = "{Status text, Final, @{Z=1}, System.Collections.Hashtable}";
  const std::string c =
      "@{T=; E=3; N=; L=System.Collections.ArrayList; M=System.Collections.Hashtable}";
  const auto row = [&](const std::string& first, const std::string& second,
                       const std::string& third) {
    return first + blanks(a.size() - first.size()) + " " + second + blanks(6 - second.size()) +
           " " + third + blanks(c.size() - third.size()) + "\n";
  };
  EXPECT_EQ(shown(graph, {object(graph, {{"A", list}, {"B", map}, {"C", deep}})}, 200),
            "\n" + row("A", "B", "C") + row("-", "-", "-") + row(a, "{k, l}", c) + "\n\n");
}

TEST(Objects, StacksAndQueuesPrintAsLists) {
  Graph graph;
  const Value stack = collection(graph, {number(1)}, Collection::Form::stack);
  const Value queue = collection(graph, {number(2)}, Collection::Form::queue);
  EXPECT_EQ(shown(graph, {object(graph, {{"A", stack}, {"B", queue}})}),
            "\nA   B  \n-   -  \n{1} {2}\n\n\n");
  const Value both = collection(graph, {collection(graph, {stack, queue})});
  EXPECT_EQ(shown(graph, {both}), "System.Collections.Stack System.Collections.Queue\n");
}

TEST(Objects, TheEnumerationLimitIsAnOption) {
  Graph graph;
  const Value list = collection(graph, {number(1), number(2), number(3)});
  const Value row = object(graph, {{"A", list}});
  const auto limited = [&](int limit) {
    return format::objects(graph, {row}, {.width = 80, .enumeration_limit = limit}).value();
  };
  EXPECT_EQ(limited(2), "\nA        \n-        \n{1, 2...}\n\n\n");
  EXPECT_EQ(limited(0), "\nA    \n-    \n{...}\n\n\n");
  EXPECT_EQ(limited(-1), "\nA        \n-        \n{1, 2, 3}\n\n\n");
}

TEST(Objects, RemotingsNotesAloneMakeNoTable) {
  Graph graph;
  Object made;
  made.to_string = "text";
  made.extended = {{"PSComputerName", text("fe")},
                   {"RunspaceId", text("1")},
                   {"PSShowComputerName", Value::boolean(false)}};
  EXPECT_EQ(shown(graph, {Value::object_ref(graph.add(std::move(made)))}), "text\n");
}

TEST(Objects, TheComputersNameHidesWhenItsNoteSaysSo) {
  Graph graph;
  std::vector<Property> properties = {{"A", number(1)},
                                      {"PSComputerName", text("fe")},
                                      {"PSShowComputerName", Value::boolean(false)}};
  EXPECT_EQ(shown(graph, {object(graph, properties)}), "\nA\n-\n1\n\n\n");
  properties.pop_back();
  EXPECT_EQ(shown(graph, {object(graph, properties)}),
            "\nA PSComputerName\n- --------------\n1 fe            \n\n\n");
}

TEST(Objects, NamesAreTheSameInAnyCase) {
  Graph graph;
  const Value first = object(graph, {{"Name", text("a")}});
  const Value second = object(graph, {{"NAME", text("b")}});
  EXPECT_EQ(shown(graph, {first, second}), "\nName\n----\na   \nb   \n\n\n");
}

TEST(Objects, AnErrorAmongTheOutputStandsBetweenTheRows) {
  Graph graph;
  Object error;
  error.types = graph.add_types({"Deserialized.System.Management.Automation.ErrorRecord"});
  error.to_string = "Bad.";
  const Value record = Value::object_ref(graph.add(std::move(error)));
  const Value row = object(graph, {{"A", number(1)}});
  EXPECT_EQ(shown(graph, {row, record, row}),
            "\nA\n-\n1\nBad.\n    + CategoryInfo          : \n    + FullyQualifiedErrorId : \n \n"
            "1\n\n\n");
}

TEST(Objects, CyclesEnd) {
  Graph graph;
  const ObjectId id = graph.add({});
  const Value self = Value::object_ref(id);
  const Value list = collection(graph, {self, self});
  graph.at(id).extended = {{"Me", self}, {"All", list}};
  graph.at(list.object).collection->items.push_back(list);
  EXPECT_EQ(shown(graph, {self, list}, 500).find("Me=@{"), std::string::npos);
  const ObjectId base = graph.add({});
  graph.at(base).base = Value::object_ref(base);
  EXPECT_EQ(shown(graph, {Value::object_ref(base)}), "\n");
}

TEST(Objects, EveryWidthComesToAnEnd) {
  Graph graph;
  const Value list = collection(graph, {text("one two"), text("three")});
  const Value wide = object(graph, {{"A", text("long value here")},
                                    {"LongName", list},
                                    {"C", number(-1)},
                                    {"D", Value{}},
                                    {"E", text("\n")}});
  const Value narrow = object(graph, {{"A", text("long value here")}, {"Number", number(12345)}});
  for (int width = -1; width < 130; ++width) {
    for (const auto& values : {std::vector{wide}, std::vector{narrow, wide, text("x")}}) {
      const std::string out = shown(graph, values, width);
      EXPECT_TRUE(out.ends_with("\n\n\n")) << width << "\n" << out;
      std::size_t start = 0;
      for (std::size_t end = 0; (end = out.find('\n', start)) != std::string::npos;) {
        const auto most = width < 3 ? 1U : static_cast<std::size_t>(width - 1);
        EXPECT_LE(end - start, most) << "at width " << width << "\n" << out;
        start = end + 1;
      }
    }
  }
}

// A thousand references to one wide object: a million lines of 500 columns without a budget.
TEST(Objects, SharedObjectsCannotMultiplyWithoutBound) {
  Graph graph;
  std::vector<Property> properties;
  for (int i = 0; i < 1000; ++i) {
    properties.push_back({std::string(480, 'n') + std::to_string(i), text("value")});
  }
  const Value shared = object(graph, std::move(properties));
  const format::Options options{.width = 500};
  format::Budget budget(1U << 20U);
  format::Sink sink(budget);
  format::write_objects({graph, options, format::style_of(options.edition), budget},
                        std::vector<Value>(1000, shared), sink);
  const auto out = std::move(sink).finish();
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, "render.too_large");
}

// A byte array is a list of bytes: each would be a value of seventy bytes, of which four are shown.
TEST(Objects, BytesAreMadeOneByOne) {
  Graph graph;
  const Value bytes = Value::make(Kind::bytes, std::string(1U << 20U, 'A'));
  EXPECT_EQ(shown(graph, {object(graph, {{"Bytes", bytes}, {"B", text("b")}})}),
            "\nBytes           B\n-----           -\n{0, 0, 0, 0...} b\n\n\n");
  EXPECT_EQ(shown(graph, {Value::make(Kind::bytes, "AQL/")}), "1\n2\n255\n");
}

// The same line once for each of many references: what a table waits with has its limit too.
TEST(Objects, RowsThatWaitAreLimited) {
  Graph graph;
  const Value row = object(graph, {{"A", text(std::string(1000, 'x'))}});
  const auto shown_of = [&](std::size_t count, std::size_t max_bytes) {
    const auto out = format::objects(graph, std::vector<Value>(count, row),
                                     {.width = 40, .max_bytes = max_bytes});
    return out ? "shown" : out.error().code;
  };
  EXPECT_EQ(shown_of(400, 1U << 20U), "shown") << "2 KB a row";
  EXPECT_EQ(shown_of(600, 1U << 20U), "render.too_large");
}

TEST(Objects, AnErrorsTextsAreCountedBeforeTheyAreCopied) {
  Graph graph;
  Object message;
  message.to_string = std::string(100'000, 'm');
  const Value shared = Value::object_ref(graph.add(std::move(message)));
  Object record;
  record.types = graph.add_types({"System.Management.Automation.ErrorRecord"});
  for (const char* const name : {"FullyQualifiedErrorId", "ErrorCategory_Message",
                                 "ErrorCategory_Activity", "ErrorCategory_TargetName"}) {
    record.extended.push_back({name, shared});
  }
  PipelineResult result;
  result.graph = graph;
  result.errors.push_back(Value::object_ref(result.graph.add(std::move(record))));
  EXPECT_TRUE(format::pipeline(result, false, {.max_bytes = 2'000'000}));
  const auto refused = format::pipeline(result, false, {.max_bytes = 1'500'000});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "render.too_large");
}

// Lists that many properties share are not copied for each of them.
TEST(Objects, SharedListsCostWhatTheyShow) {
  Graph graph;
  const Value list = collection(graph, std::vector<Value>(20'000, text("x")));
  std::vector<Property> properties;
  for (int i = 0; i < 2000; ++i) {
    properties.push_back({std::to_string(i), list});
  }
  const std::string out = shown(graph, {object(graph, std::move(properties))});
  EXPECT_TRUE(out.ends_with("1999 : {x, x, x, x...}\n\n\n\n")) << out.substr(out.size() - 60);
}

}  // namespace
