#include "agent/value/pipeline.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"

#include <algorithm>
#include <array>

namespace sfb {

namespace {

constexpr std::array<std::string_view, 32> kCategories = {
    "NotSpecified",        "OpenError",           "CloseError",       "DeviceError",
    "DeadlockDetected",    "InvalidArgument",     "InvalidData",      "InvalidOperation",
    "InvalidResult",       "InvalidType",         "MetadataError",    "NotImplemented",
    "NotInstalled",        "ObjectNotFound",      "OperationStopped", "OperationTimeout",
    "SyntaxError",         "ParserError",         "PermissionDenied", "ResourceBusy",
    "ResourceExists",      "ResourceUnavailable", "ReadError",        "WriteError",
    "FromStdErr",          "SecurityError",       "ProtocolError",    "ConnectionError",
    "AuthenticationError", "LimitsExceeded",      "QuotaExceeded",    "NotEnabled"};

std::string text_property(const Graph& graph, const Value& value, std::string_view name) {
  const Value* found = find_property(graph, value, name);
  const auto text = found == nullptr ? std::nullopt : plain_text(graph, *found);
  return std::string(text.value_or(""));
}

// The name before the message. `&` and `.` call a command whose own name says more; scripts show
// none, because a remote record does not carry their path.
std::string shown_invocation(const Graph& graph, const Value& value) {
  std::string invoked = text_property(graph, value, "InvocationInfo_InvocationName");
  const std::string command = text_property(graph, value, "CommandInfo_Name");
  if (command.empty()) {
    return invoked;
  }
  const std::string type = text_property(graph, value, "CommandInfo_CommandType");
  if (iequals(type, "ExternalScript") || iequals(type, "Script")) {
    return {};
  }
  return invoked.empty() || invoked == "&" || invoked == "." ? command : invoked;
}

// Without a serialised extent a client only knows where the error begins, and marks the line from
// there to its end, whatever the server marked.
void read_position(const Graph& graph, const Value& value, ErrorRecord& record) {
  const Value* extent = find_property(graph, value, "SerializeExtent");
  const std::string line = text_property(graph, value, "InvocationInfo_Line");
  const auto number = [&](std::string_view name) {
    const Value* found = find_property(graph, value, name);
    return found == nullptr ? 1 : as_int64(graph, *found).value_or(1);
  };
  record.place = {.file = text_property(graph, value, "InvocationInfo_ScriptName"),
                  .line = number("InvocationInfo_ScriptLineNumber"),
                  .column = number("InvocationInfo_OffsetInLine"),
                  .text = {}};
  if (extent == nullptr || as_bool(graph, *extent).value_or(true) || line.empty()) {
    record.position_message = text_property(graph, value, "InvocationInfo_PositionMessage");
  } else {
    record.place->text = line;
    record.position_message = position_message(*record.place);
  }
}

Property note(std::string name, std::string text) {
  return {std::move(name), Value::string(std::move(text))};
}

}  // namespace

std::string_view Call::parameter(std::string_view name) const {
  const auto found = std::ranges::find_if(
      parameters, [&](const Property& given) { return iequals(given.name, name); });
  return found == parameters.end() ? std::string_view() : found->value.text;
}

bool ErrorRecord::has_category() const {
  const bool parts = !category_activity.empty() || !category_reason.empty() ||
                     !category_target_name.empty() || !category_target_type.empty();
  return category && (*category != 0 || parts);
}

ErrorRecord ErrorRecord::from(const Graph& graph, const Value& value) {
  ErrorRecord record;
  const auto text = [&](std::string_view name) { return text_property(graph, value, name); };
  record.message = text("ErrorDetails_Message");
  record.message_from_details = !record.message.empty();
  record.recommended_action = text("ErrorDetails_RecommendedAction");
  if (const Value* exception = find_property(graph, value, "Exception")) {
    if (record.message.empty()) {
      record.message = text_property(graph, *exception, "Message");
    }
    if (const Object* object = graph.object(*exception)) {
      // An exception is never the PSCustomObject that an object without type names is.
      const auto& types = graph.type_names(*object);
      record.exception_type = !object->types || types.empty() ? "" : types.front();
    }
  }
  if (record.message.empty() && find_property(graph, value, "Exception") == nullptr) {
    record.message = std::string(plain_text(graph, value).value_or(""));
  }
  record.category_message = text("ErrorCategory_Message");
  record.error_id = text("FullyQualifiedErrorId");
  record.category_activity = text("ErrorCategory_Activity");
  record.category_reason = text("ErrorCategory_Reason");
  record.category_target_name = text("ErrorCategory_TargetName");
  record.category_target_type = text("ErrorCategory_TargetType");
  if (const Value* category = find_property(graph, value, "ErrorCategory_Category")) {
    if (const auto number = as_int64(graph, *category)) {
      record.category = static_cast<std::int32_t>(*number);
    }
  }
  const Value* extended = find_property(graph, value, "SerializeExtendedInfo");
  if (extended != nullptr && as_bool(graph, *extended).value_or(false)) {
    record.command = text("CommandInfo_Name");
    record.invocation_name = shown_invocation(graph, value);
    read_position(graph, value, record);
  }
  return record;
}

Value ErrorRecord::to_value(Graph& graph) const {
  Object exception;
  exception.types = graph.add_types(
      {exception_type.empty() ? "System.Exception" : exception_type, "System.Object"});
  exception.adapted = {note("Message", message)};
  const ObjectId exception_id = graph.add(std::move(exception));
  Object record;
  record.types = graph.add_types({"System.Management.Automation.ErrorRecord", "System.Object"});
  record.to_string = message;
  const bool extended_info = !invocation_name.empty() || !position_message.empty();
  record.extended = {{"Exception", Value::object_ref(exception_id)},
                     {"TargetObject", {}},
                     note("FullyQualifiedErrorId", error_id),
                     {"InvocationInfo", {}},
                     {"ErrorCategory_Category", Value::int32(category.value_or(0))},
                     note("ErrorCategory_Activity", category_activity),
                     note("ErrorCategory_Reason", category_reason),
                     note("ErrorCategory_TargetName", category_target_name),
                     note("ErrorCategory_TargetType", category_target_type),
                     note("ErrorCategory_Message", category_message),
                     {"SerializeExtendedInfo", Value::boolean(extended_info)}};
  if (extended_info) {
    record.extended.push_back(note("InvocationInfo_InvocationName", invocation_name));
    record.extended.push_back(note("InvocationInfo_PositionMessage", position_message));
  }
  if (message_from_details) {
    record.extended.push_back(note("ErrorDetails_Message", message));
  }
  return Value::object_ref(graph.add(std::move(record)));
}

std::string_view error_category_name(std::int32_t category) {
  const auto index = static_cast<std::size_t>(category);
  return category >= 0 && index < kCategories.size() ? kCategories[index] : kCategories.front();
}

bool is_error_record(const Graph& graph, const Value& value) {
  return has_type(graph, value, "System.Management.Automation.ErrorRecord");
}

}  // namespace sfb
