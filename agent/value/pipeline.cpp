#include "agent/value/pipeline.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"

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

Property note(std::string name, std::string text) {
  return {std::move(name), Value::string(std::move(text))};
}

}  // namespace

std::string_view Call::parameter(std::string_view name) const {
  for (const Property& given : parameters) {
    if (iequals(given.name, name)) {
      return given.value.text;
    }
  }
  return {};
}

ErrorRecord ErrorRecord::from(const Graph& graph, const Value& value) {
  ErrorRecord record;
  const auto text = [&](std::string_view name) { return text_property(graph, value, name); };
  record.message = text("ErrorDetails_Message");
  record.message_from_details = !record.message.empty();
  if (const Value* exception = find_property(graph, value, "Exception")) {
    if (record.message.empty()) {
      record.message = text_property(graph, *exception, "Message");
    }
    if (const Object* object = graph.object(*exception)) {
      const auto& types = graph.type_names(*object);
      record.exception_type = types.empty() ? "" : types.front();
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
    record.invocation_name = text("InvocationInfo_InvocationName");
    record.position_message = text("InvocationInfo_PositionMessage");
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
