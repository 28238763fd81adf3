#include "agent/value/pipeline.hpp"

#include "agent/value/access.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb {
namespace {

ErrorRecord full_record() {
  ErrorRecord record;
  record.message = "the service does not answer";
  record.message_from_details = true;
  record.invocation_name = "Get-CsBackupServiceStatus";
  record.position_message = "At line:1 char:1";
  record.category_message = "OperationTimeout: (pool:String) [Get-X], TimeoutException";
  record.error_id = "NoAnswer,Get-X";
  record.category_activity = "Get-X";
  record.category_reason = "TimeoutException";
  record.category_target_name = "pool";
  record.category_target_type = "String";
  record.category = 15;
  record.exception_type = "System.TimeoutException";
  return record;
}

void expect_equal(const ErrorRecord& a, const ErrorRecord& b) {
  EXPECT_EQ(a.message, b.message);
  EXPECT_EQ(a.message_from_details, b.message_from_details);
  EXPECT_EQ(a.invocation_name, b.invocation_name);
  EXPECT_EQ(a.position_message, b.position_message);
  EXPECT_EQ(a.category_message, b.category_message);
  EXPECT_EQ(a.error_id, b.error_id);
  EXPECT_EQ(a.category_activity, b.category_activity);
  EXPECT_EQ(a.category_reason, b.category_reason);
  EXPECT_EQ(a.category_target_name, b.category_target_name);
  EXPECT_EQ(a.category_target_type, b.category_target_type);
  EXPECT_EQ(a.category, b.category);
  EXPECT_EQ(a.exception_type, b.exception_type);
}

TEST(ErrorRecord, IsReadAsItWasWritten) {
  Graph graph;
  const ErrorRecord record = full_record();
  const Value value = record.to_value(graph);
  EXPECT_TRUE(is_error_record(graph, value));
  EXPECT_EQ(plain_text(graph, value), record.message);
  expect_equal(ErrorRecord::from(graph, value), record);
}

TEST(ErrorRecord, WithoutExtendedInfoThereIsNoPosition) {
  Graph graph;
  ErrorRecord record = full_record();
  record.invocation_name.clear();
  record.position_message.clear();
  record.message_from_details = false;
  const Value value = record.to_value(graph);
  EXPECT_EQ(find_property(graph, value, "InvocationInfo_PositionMessage"), nullptr);
  EXPECT_EQ(find_property(graph, value, "ErrorDetails_Message"), nullptr);
  expect_equal(ErrorRecord::from(graph, value), record);
}

TEST(ErrorRecord, PositionIsIgnoredUnlessTheRecordSaysItIsThere) {
  Graph graph;
  Object object;
  object.extended = {{"InvocationInfo_PositionMessage", Value::string("At line:1")},
                     {"SerializeExtendedInfo", Value::boolean(false)}};
  const Value value = Value::object_ref(graph.add(std::move(object)));
  EXPECT_EQ(ErrorRecord::from(graph, value).position_message, "");
}

TEST(ErrorRecord, DetailsWinOverTheException) {
  Graph graph;
  Object exception;
  exception.adapted = {{"Message", Value::string("inner")}};
  Object object;
  object.to_string = "shown last";
  object.extended = {{"Exception", Value::object_ref(graph.add(std::move(exception)))}};
  const ObjectId id = graph.add(std::move(object));
  const Value value = Value::object_ref(id);
  EXPECT_EQ(ErrorRecord::from(graph, value).message, "inner");
  EXPECT_FALSE(ErrorRecord::from(graph, value).message_from_details);
  graph.at(id).extended.push_back({"ErrorDetails_Message", Value::string("details")});
  EXPECT_EQ(ErrorRecord::from(graph, value).message, "details");
  EXPECT_TRUE(ErrorRecord::from(graph, value).message_from_details);
}

TEST(ErrorRecord, AnyOtherValueIsItsText) {
  Graph graph;
  const ErrorRecord record = ErrorRecord::from(graph, Value::string("went wrong"));
  EXPECT_EQ(record.message, "went wrong");
  EXPECT_EQ(record.category, std::nullopt);
  EXPECT_EQ(ErrorRecord::from(graph, {}).message, "");
  EXPECT_FALSE(is_error_record(graph, Value::string("went wrong")));
}

TEST(ErrorRecord, DeserializedOnesAreOnesToo) {
  Graph graph;
  Object object;
  object.types = graph.add_types({"Deserialized.System.Management.Automation.ErrorRecord"});
  EXPECT_TRUE(is_error_record(graph, Value::object_ref(graph.add(std::move(object)))));
}

TEST(ErrorCategory, NumbersHaveNames) {
  EXPECT_EQ(error_category_name(0), "NotSpecified");
  EXPECT_EQ(error_category_name(13), "ObjectNotFound");
  EXPECT_EQ(error_category_name(15), "OperationTimeout");
  EXPECT_EQ(error_category_name(31), "NotEnabled");
  EXPECT_EQ(error_category_name(32), "NotSpecified");
  EXPECT_EQ(error_category_name(-1), "NotSpecified");
}

}  // namespace
}  // namespace sfb
