// What the editions and views do where the goldens do not reach; PowerShell 7 as its engine of 7.6
// showed it.
#include "agent/format/escapes.hpp"
#include "agent/format/format.hpp"
#include "tests/unit/format/builders.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace sfb;
using namespace sfb::format_test;
using format::Edition;
using format::View;

std::string shown(const Graph& graph, const std::vector<Value>& values, View view,
                  Edition edition = Edition::powershell_7, int width = 40) {
  return format::objects(graph, values, {.width = width, .edition = edition, .view = view}).value();
}

Value enumeration(Graph& graph, std::string name) {
  Object state;
  state.types = graph.add_types({"Contoso.State", "System.Enum"});
  state.to_string = std::move(name);
  state.base = number(3);
  return Value::object_ref(graph.add(std::move(state)));
}

TEST(Views, ADictionaryInEachOfThem) {
  Graph graph;
  const Value map = dictionary(graph, {{text("a"), text("1")}, {text("b"), text("2")}});
  EXPECT_EQ(shown(graph, {map}, View::list), "\nName  : a\nValue : 1\n\nName  : b\nValue : 2\n\n");
  EXPECT_EQ(shown(graph, {map}, View::autosize), "\nName Value\n---- -----\na    1\nb    2\n\n");
  EXPECT_EQ(shown(graph, {map}, View::table),
            "\nName                           Value\n----                           -----\n"
            "a                              1\nb                              2\n\n");
}

TEST(Views, WhatStandsInADictionarysViewIsAListOfItsOwn) {
  Graph graph;
  const Value map = dictionary(graph, {{text("a"), number(1)}});
  const Value row = object(graph, {{"A", number(1)}, {"B", number(2)}});
  EXPECT_EQ(shown(graph, {map, row, map}, View::list),
            "\nName  : a\nValue : 1\n\n\nA : 1\nB : 2\n\nName  : a\nValue : 1\n\n");
}

TEST(Views, AnEntryInAListOfObjectsHasAllItsNames) {
  Graph graph;
  const Value row = object(graph, {{"A", number(1)}});
  const Value map = dictionary(graph, {{text("k"), number(2)}});
  EXPECT_EQ(shown(graph, {row, map}, View::list), "\nA : 1\n\nKey   : k\nValue : 2\nName  : k\n\n");
  EXPECT_EQ(shown(graph, {row, map}, View::list, Edition::windows_powershell_51),
            "\n\nA : 1\n\nName  : k\nKey   : k\nValue : 2\n\n\n\n");
}

TEST(Views, WhatTheServerSentStandsInsideOthersInSeven) {
  Graph graph;
  const Value xml = Value::make(Kind::xml_document, "<a />");
  const Value inner = object(graph, {{"E", enumeration(graph, "Final")}, {"X", xml}});
  const Value list = collection(
      graph, {collection(graph, {enumeration(graph, "Final"), xml}), Value::make(Kind::bytes, "")});
  const Value row = object(graph, {{"A", inner}, {"B", list}});
  EXPECT_EQ(shown(graph, {row}, View::list, Edition::powershell_7, 80),
            "\nA : @{E=Final; X=System.Xml.XmlDocument}\nB : {Final #document, System.Byte[]}\n\n");
  EXPECT_EQ(shown(graph, {row}, View::list, Edition::windows_powershell_51, 80),
            "\n\nA : @{E=3; X=System.Xml.XmlDocument}\nB : {3 #document, System.Byte[]}\n\n\n\n");
}

TEST(Views, WrappedCellsOfSevenEndWithTheLastText) {
  Graph graph;
  const Value row = object(graph, {{"A", text("one\ntwo")}, {"B", text("")}, {"C", text("x\ny")}});
  const Value tall = object(graph, {{"A", text("1\n2\n3")}, {"B", text("b")}, {"C", text("")}});
  EXPECT_EQ(shown(graph, {row, tall}, View::wrap),
            "\nA       B C\n-       - -\none       x\ntwo       y\n1       b\n2\n3\n\n");
}

TEST(Editions, AnEnumOfSevenHasAValue) {
  Graph graph;
  const Value state = enumeration(graph, "Final");
  const Value row = object(graph, {{"A", number(1)}, {"S", state}});
  EXPECT_EQ(shown(graph, {state}, View::automatic), "\nValue\n-----\nFinal\n\n");
  EXPECT_EQ(shown(graph, {row, state}, View::automatic), "\nA S\n- -\n1 Final\n  \n\n");
  EXPECT_EQ(shown(graph, {state}, View::automatic, Edition::windows_powershell_51), "Final\n");
}

TEST(Editions, DictionariesInBraces) {
  Graph graph;
  Object ordered;
  ordered.types = graph.add_types({"System.Collections.Specialized.OrderedDictionary"});
  ordered.collection = Collection{.form = Collection::Form::dictionary, .items = {}, .entries = {}};
  const Value inner = Value::object_ref(graph.add(std::move(ordered)));
  const Value map =
      dictionary(graph, {{text("a"), Value::make(Kind::double_float, "0.3333333333333333")},
                         {text("b"), inner},
                         {text("c"), Value::make(Kind::bytes, "AQI=")},
                         {text("d"), {}}});
  const Value row = object(graph, {{"M", map}});
  EXPECT_EQ(shown(graph, {row}, View::list, Edition::powershell_7, 200),
            "\nM : {[a, 0.3333333333333333], [b, "
            "System.Collections.Specialized.OrderedDictionary], [c, System.Byte[]], [d, ]}\n\n");
  EXPECT_EQ(shown(graph, {row}, View::list, Edition::windows_powershell_51),
            "\n\nM : {a, b, c, d}\n\n\n\n");
}

TEST(Editions, AnyObjectHasACountAndALength) {
  Graph graph;
  const Value first = object(graph, {{"Count", number(5)}, {"length", number(6)}});
  const Value other = object(graph, {{"A", number(1)}});
  EXPECT_EQ(shown(graph, {first, other}, View::automatic),
            "\nCount length\n----- ------\n    5      6\n    1      1\n\n");
}

TEST(Editions, ALabelCutInsideAWideCharacterIsNotFilledUp) {
  Graph graph;
  const Value row = object(graph, {{"プール名", text("x")}, {"A", text("y")}});
  EXPECT_EQ(shown(graph, {row}, View::list, Edition::powershell_7, 12),
            "\nプール : x\nA       : y\n\n");
}

TEST(Editions, AWideCharacterOnOneColumnIsAQuestionMark) {
  Graph graph;
  const Value row = object(graph, {{"A", text("漢a")}});
  EXPECT_EQ(shown(graph, {row}, View::list, Edition::powershell_7, 6), "\nA : ?\n    a\n\n");
}

TEST(Editions, ColoursAreNoTextInSeven) {
  Graph graph;
  const Value row = object(graph, {{"A", text("\x1B[31mred\x1B[0m")},
                                   {"B", text("\x1B]8;;http://a\x1B\\link\x1B]8;;\x1B\\")},
                                   {"C", text("\x1B[?25lq\x1B[2Jz")}});
  EXPECT_EQ(shown(graph, {row}, View::automatic),
            "\nA   B    C\n-   -    -\nred link q\x1B[2Jz\n\n");
  EXPECT_EQ(shown(graph, {text("\x1B[1;32mx")}, View::automatic), "x\n");
  EXPECT_EQ(shown(graph, {text("\x1B[1mx")}, View::automatic, Edition::windows_powershell_51),
            "\x1B[1mx\n");
}

TEST(WithoutEscapes, KeepsWhatIsNoDecoration) {
  for (const std::u16string_view kept :
       {u"\x1B", u"\x1B[", u"\x1B[m", u"\x1B[1", u"\x1B[1;", u"\x1B[1;m", u"\x1B[1K", u"\x1B[?m",
        u"\x1B[?1m", u"\x1B]8;;a", u"\x1B]8;;a\n\x1B\\", u"\x1B\\", u"a"}) {
    EXPECT_EQ(format::without_escapes(kept), kept);
  }
  EXPECT_EQ(format::without_escapes(u"\x1B\x1B[1m"), u"\x1B");
  EXPECT_EQ(format::without_escapes(u"\x1B]8;;\x1B[1m\n\x1B]8;;b\x1B\\"), u"\x1B]8;;\n");
}

TEST(Editions, FourSharesTheScreenUnlessItIsAskedNotTo) {
  Graph graph;
  const Value row = object(graph, {{"A", text("x")}, {"B", text("y")}});
  EXPECT_EQ(shown(graph, {row}, View::automatic, Edition::windows_powershell_40, 10),
            "\nA    B   \n-    -   \nx    y   \n\n\n");
  EXPECT_EQ(shown(graph, {row}, View::autosize, Edition::windows_powershell_40, 10),
            "\nA B\n- -\nx y\n\n\n");
}

TEST(Editions, EveryWidthEditionAndViewComesToAnEnd) {
  Graph graph;
  const Value map = dictionary(graph, {{text("k"), text("漢字 漢字")}});
  const Value row = object(graph, {{"プール", text("漢字 a\nb")}, {"A", number(1)}, {"M", map}});
  const std::vector<Value> values = {row, text("s"), map, enumeration(graph, "E")};
  for (const Edition edition :
       {Edition::windows_powershell_40, Edition::windows_powershell_51, Edition::powershell_7}) {
    for (const View view : {View::automatic, View::list, View::table, View::autosize, View::wrap}) {
      for (int width = -1; width < 60; ++width) {
        EXPECT_TRUE(shown(graph, values, view, edition, width).ends_with("\n")) << width;
      }
    }
  }
}

}  // namespace
