#include "agent/format/row.hpp"

#include "agent/base/text.hpp"
#include "agent/format/text.hpp"
#include "agent/value/access.hpp"

#include <algorithm>
#include <array>

namespace sfb::format {

namespace {

constexpr std::string_view kComputerName = "PSComputerName";
// Holds the enum's name.
constexpr std::string_view kEnumValue = "Value";
constexpr std::string_view kShowComputerName = "PSShowComputerName";
// What Invoke-Command and jobs add to every object.
constexpr std::array<std::string_view, 4> kRemotingNames = {kComputerName, kShowComputerName,
                                                            "RunspaceId", "PSSourceJobInstanceId"};

const Field* find_field(const std::vector<Field>& fields, std::string_view name) {
  const auto found =
      std::ranges::find_if(fields, [&](const Field& field) { return iequals(field.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

void remove_field(std::vector<Field>& fields, std::string_view name) {
  std::erase_if(fields, [&](const Field& field) { return iequals(field.name, name); });
}

// Any single object has a count and a length.
const Value* intrinsic(std::string_view name) {
  static const Value kOne = Value::int32(1);
  return iequals(name, "Count") || iequals(name, "Length") ? &kOne : nullptr;
}

}  // namespace

bool Row::has_enum_value(const Context& context) const {
  return context.style.enum_value && value_ != nullptr && is_enum(context.graph, *value_);
}

std::vector<Field> Row::all_fields(const Context& context) const {
  if (entry_ != nullptr) {
    const Field name = {"Name", &entry_->first};
    const Field key = {"Key", &entry_->first};
    const Field value = {"Value", &entry_->second};
    return context.style.entry_name_last ? std::vector{key, value, name}
                                         : std::vector{name, key, value};
  }
  std::vector<Field> fields;
  const auto properties = visible_properties(context.graph, *value_);
  if (context.budget.take(properties.size())) {
    std::size_t names = 0;
    for (const Property* property : properties) {
      names += property->name.size();
      fields.push_back({property->name, &property->value});
    }
    if (!context.budget.allows(names)) {  // labels are copied too
      fields.clear();
    }
  }
  if (has_enum_value(context)) {
    fields.push_back({kEnumValue, value_});
  }
  return fields;
}

std::vector<Field> Row::shown_fields(const Context& context, std::vector<Field> all) {
  const Field* show = find_field(all, kShowComputerName);
  if (show != nullptr) {
    const bool shown = as_bool(context.graph, *show->value).value_or(false);
    remove_field(all, kShowComputerName);
    if (!shown) {
      remove_field(all, kComputerName);
    }
  }
  return all;
}

const Value* Row::find(const Context& context, std::string_view name) const {
  if (entry_ == nullptr) {
    const Object* object = context.graph.object(*value_);
    const std::size_t cost =
        object == nullptr ? 1 : object->adapted.size() + object->extended.size();
    if (has_enum_value(context) && iequals(name, kEnumValue)) {
      return value_;
    }
    const Value* found =
        context.budget.take(cost) ? find_property(context.graph, *value_, name) : nullptr;
    return found == nullptr ? intrinsic(name) : found;
  }
  if (iequals(name, "Name") || iequals(name, "Key")) {
    return &entry_->first;
  }
  return iequals(name, "Value") ? &entry_->second : intrinsic(name);
}

bool Row::is_plain(const Context& context) const {
  if (entry_ != nullptr) {
    return false;
  }
  if (is_scalar_type(context.graph, *value_)) {
    return true;
  }
  const auto fields = all_fields(context);
  // PowerShell compares the number first: two of the remoting properties alone are shown.
  const std::size_t count = fields.size();
  return count == 0 || ((count == 3 || count == 4) && std::ranges::all_of(fields, [](auto field) {
                          return std::ranges::any_of(
                              kRemotingNames, [&](auto name) { return iequals(field.name, name); });
                        }));
}

std::string Row::plain_text(const Context& context) const {
  return entry_ != nullptr ? to_string(context, entry_->first) : to_string(context, *value_);
}

}  // namespace sfb::format
