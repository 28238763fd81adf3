#include "agent/value/packed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Object of_types(TypesId types) {
  Object object;
  object.types = types;
  return object;
}

std::vector<std::string> texts_of(const std::vector<Value>& values) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const Value& value : values) {
    texts.push_back(value.text);
  }
  return texts;
}

TEST(Packed, EveryPartOfAResultComesBack) {
  PipelineResult result;
  result.output = {Value::string("one"), {}, Value::make(Kind::opaque, "<X />")};
  result.errors = {Value::string("wrong"), Value::string("wrong")};
  result.warnings = {"slow", "", "one"};
  result.extras = Value::boolean(true);
  result.rendered = {{.form = {.width = 80}, .text = "eighty"},
                     {.form = {.width = 120, .expanded = true}, .text = "more"}};
  result.doubt = "nothing came";
  result.state = PipelineState::failed;
  result.ps_version = "5.1.17763.1";
  const PackedResult packed(result);
  EXPECT_EQ(packed.errors(), 2U);
  const PipelineResult back = packed.unpack();
  EXPECT_THAT(texts_of(back.output), ElementsAre("one", "", "<X />"));
  EXPECT_EQ(back.output.at(1).kind, Kind::null);
  EXPECT_EQ(back.output.at(2).kind, Kind::opaque);
  EXPECT_THAT(texts_of(back.errors), ElementsAre("wrong", "wrong"));
  EXPECT_THAT(back.warnings, ElementsAre("slow", "", "one"));
  ASSERT_TRUE(back.extras.has_value());
  EXPECT_EQ(back.extras->kind, Kind::boolean);
  ASSERT_EQ(back.rendered.size(), 2U);
  EXPECT_EQ(back.rendered.at(0).form, (TextForm{.width = 80}));
  EXPECT_EQ(back.rendered.at(0).text, "eighty");
  EXPECT_EQ(back.rendered.at(1).form, (TextForm{.width = 120, .expanded = true}));
  EXPECT_EQ(back.doubt, "nothing came");
  EXPECT_EQ(back.state, PipelineState::failed);
  EXPECT_EQ(back.ps_version, "5.1.17763.1");
}

TEST(Packed, NothingIsNotMoreThanItWas) {
  const PipelineResult back = PackedResult({}).unpack();
  EXPECT_TRUE(back.output.empty());
  EXPECT_FALSE(back.extras.has_value());
  EXPECT_EQ(back.state, PipelineState::completed);
  EXPECT_EQ(back.graph.size(), 0U);
}

TEST(Packed, EveryPartOfAnObjectComesBack) {
  PipelineResult result;
  Object object;
  object.types = result.graph.add_types({"A.B", "System.Object"});
  object.to_string = "";
  object.base = Value::int32(7);
  Collection& collection = object.collection.emplace();
  collection.form = Collection::Form::dictionary;
  collection.items = {Value::string("item")};
  collection.entries = {{Value::string("key"), Value::string("entry")}};
  object.adapted = {{"Name", {Kind::string, 0, "\xEF\xBF\xBD", "_xD800_"}, "Na_xD800_me"}};
  object.extended = {{"Note", {}}, {"", Value::string("name")}};
  object.has_extended = true;
  Object plain;
  plain.has_adapted = true;
  result.output = {Value::object_ref(result.graph.add(std::move(object))),
                   Value::object_ref(result.graph.add(std::move(plain)))};
  const PipelineResult back = PackedResult(result).unpack();
  ASSERT_EQ(back.output.size(), 2U);
  const Object* const first = back.graph.object(back.output.front());
  ASSERT_NE(first, nullptr);
  EXPECT_THAT(back.graph.type_names(*first), ElementsAre("A.B", "System.Object"));
  EXPECT_EQ(first->to_string, "");
  ASSERT_TRUE(first->base.has_value());
  EXPECT_EQ(first->base->text, "7");
  ASSERT_TRUE(first->collection.has_value());
  EXPECT_EQ(first->collection->form, Collection::Form::dictionary);
  EXPECT_THAT(texts_of(first->collection->items), ElementsAre("item"));
  ASSERT_EQ(first->collection->entries.size(), 1U);
  EXPECT_EQ(first->collection->entries.front().first.text, "key");
  EXPECT_EQ(first->collection->entries.front().second.text, "entry");
  ASSERT_EQ(first->adapted.size(), 1U);
  EXPECT_EQ(first->adapted.front().name, "Name");
  EXPECT_EQ(first->adapted.front().wire_name, "Na_xD800_me");
  EXPECT_EQ(first->adapted.front().value.wire, "_xD800_");
  ASSERT_EQ(first->extended.size(), 2U);
  EXPECT_TRUE(first->extended.at(0).value.is_null());
  EXPECT_EQ(first->extended.at(1).name, "");
  EXPECT_EQ(first->extended.at(1).value.text, "name");
  EXPECT_THAT(std::pair(first->has_adapted, first->has_extended), Pair(false, true));
  const Object* const second = back.graph.object(back.output.back());
  ASSERT_NE(second, nullptr);
  EXPECT_FALSE(second->types || second->to_string || second->base || second->collection);
  EXPECT_THAT(std::pair(second->has_adapted, second->has_extended), Pair(true, false));
}

TEST(Packed, WhatIsSharedStaysSharedAndCirclesStayCircles) {
  PipelineResult result;
  const TypesId types = result.graph.add_types({"A"});
  const TypesId same_names = result.graph.add_types({"A"});
  result.graph.add(of_types(types));  // nothing leads to it
  const ObjectId inner = result.graph.add(of_types(types));
  const ObjectId outer = result.graph.add(of_types(types));
  const ObjectId other = result.graph.add(of_types(same_names));
  result.graph.at(outer).adapted = {{"A", Value::object_ref(inner)},
                                    {"B", Value::object_ref(inner)}};
  result.graph.at(inner).adapted = {{"Up", Value::object_ref(outer)}};
  result.output = {Value::object_ref(outer), Value::object_ref(outer), Value::object_ref(other)};
  const PipelineResult back = PackedResult(result).unpack();
  ASSERT_EQ(back.graph.size(), 3U);
  const Object* const first = back.graph.object(back.output.at(0));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first, back.graph.object(back.output.at(1)));
  ASSERT_EQ(first->adapted.size(), 2U);
  const Object* const below = back.graph.object(first->adapted.at(0).value);
  ASSERT_NE(below, nullptr);
  EXPECT_NE(below, first);
  EXPECT_EQ(below, back.graph.object(first->adapted.at(1).value));
  ASSERT_EQ(below->adapted.size(), 1U);
  EXPECT_EQ(back.graph.object(below->adapted.front().value), first);
  EXPECT_EQ(below->types, first->types);
  const Object* const last = back.graph.object(back.output.at(2));
  ASSERT_NE(last, nullptr);
  EXPECT_NE(last->types, first->types) << "lists of the same names were two";
  EXPECT_THAT(back.graph.type_names(*last), ElementsAre("A"));
}

TEST(Packed, AReferenceToNothingStaysOne) {
  PipelineResult result;
  result.output = {Value::object_ref(5)};
  const PipelineResult back = PackedResult(result).unpack();
  ASSERT_EQ(back.output.size(), 1U);
  EXPECT_EQ(back.output.front().kind, Kind::object);
  EXPECT_EQ(back.graph.object(back.output.front()), nullptr);
}

TEST(Packed, MoreTextsThanAreSharedAndLongOnesComeBack) {
  PipelineResult result;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 1000; ++i) {
      result.warnings.push_back("text " + std::to_string(i));
      result.warnings.emplace_back(static_cast<std::size_t>(i), 'x');
    }
  }
  EXPECT_EQ(PackedResult(result).unpack().warnings, result.warnings);
}

TEST(Packed, ItTakesFewBytes) {
  PipelineResult result;
  for (const char* const module : {"UserServices.PresenceFocus", "CentralMgmt.CMSMaster"}) {
    Object row;
    row.types = result.graph.add_types({"Test.ModuleStatus", "System.Object"});
    row.adapted = {{"Identity", Value::string(module)},
                   {"ExportStatus", Value::string("FinalState")},
                   {"ImportStatus", Value::string("NormalState")}};
    result.output.push_back(Value::object_ref(result.graph.add(std::move(row))));
  }
  EXPECT_LT(5 * PackedResult(result).memory(), sizeof(PipelineResult) + result.graph.memory());
  Object stray;
  stray.to_string = std::string(10'000, 'x');
  result.graph.add(std::move(stray));
  EXPECT_LT(PackedResult(result).memory(), 500U) << "nothing leads to the long text";
}

}  // namespace
}  // namespace sfb
