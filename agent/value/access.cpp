#include "agent/value/access.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_set>
#include <utility>

namespace sfb {

namespace {

// A base object may itself have a base; the wire allows it, nobody needs more than this.
constexpr int kBaseDepth = 8;

const Value* find_in(const std::vector<Property>& properties, std::string_view name) {
  const auto found = std::ranges::find_if(
      properties, [&](const Property& property) { return iequals(property.name, name); });
  return found == properties.end() ? nullptr : &found->value;
}

// Calls `visit(object)` for the object and its nested base objects until it returns true.
template <typename Visit>
void for_each_layer(const Graph& graph, const Value& value, Visit visit) {
  const Object* object = graph.object(value);
  for (int depth = 0; object != nullptr && depth < kBaseDepth; ++depth) {
    if (visit(*object) || !object->base) {
      return;
    }
    object = graph.object(*object->base);
  }
}

}  // namespace

const Value* find_property(const Graph& graph, const Value& value, std::string_view name) {
  const Value* found = nullptr;
  for_each_layer(graph, value, [&](const Object& object) {
    found = find_in(object.extended, name);
    if (found == nullptr) {
      found = find_in(object.adapted, name);
    }
    return found != nullptr;
  });
  return found;
}

const Value* find_member(const Graph& graph, const Value& value, std::string_view name) {
  if (const Value* property = find_property(graph, value, name)) {
    return property;
  }
  const Object* object = graph.object(value);
  if (object == nullptr || !object->collection) {
    return nullptr;
  }
  for (const auto& [key, entry] : object->collection->entries) {
    if (key.kind == Kind::string && iequals(key.text, name)) {
      return &entry;
    }
  }
  return nullptr;
}

std::vector<const Property*> visible_properties(const Graph& graph, const Value& value) {
  std::vector<const Property*> shown;
  std::unordered_set<std::string> seen;
  const auto add = [&](const Property& property) {
    // The first of a name wins: the extended member, and the outer layer.
    if (seen.insert(to_lower(property.name)).second) {
      shown.push_back(&property);
    }
  };
  for_each_layer(graph, value, [&](const Object& object) {
    std::ranges::for_each(object.extended, add);
    std::ranges::for_each(object.adapted, add);
    return false;
  });
  return shown;
}

std::optional<std::string_view> plain_text(const Graph& graph, const Value& value) {
  if (value.kind == Kind::null || value.kind == Kind::secure_string) {
    return std::nullopt;
  }
  if (value.kind != Kind::object) {
    return value.text;
  }
  std::optional<std::string_view> text;
  for_each_layer(graph, value, [&](const Object& object) {
    if (object.to_string) {
      text = *object.to_string;
    } else if (object.base && object.base->kind != Kind::object &&
               object.base->kind != Kind::null && object.base->kind != Kind::secure_string) {
      text = object.base->text;
    }
    return text.has_value();
  });
  return text;
}

std::optional<bool> as_bool(const Graph& graph, const Value& value) {
  const auto text = plain_text(graph, value);
  if (text && iequals(*text, "true")) {
    return true;
  }
  if (text && iequals(*text, "false")) {
    return false;
  }
  return std::nullopt;
}

std::optional<std::int64_t> as_int64(const Graph& graph, const Value& value) {
  const Value* scalar = &value;
  if (const Object* object = graph.object(value); object != nullptr && object->base) {
    scalar = &*object->base;
  }
  std::int64_t number = 0;
  const char* const end = scalar->text.data() + scalar->text.size();
  const auto [at, error] = std::from_chars(scalar->text.data(), end, number);
  if (error != std::errc{} || at != end || scalar->text.empty()) {
    return std::nullopt;
  }
  return number;
}

std::vector<const Value*> items_of(const Graph& graph, const Value& value) {
  if (value.is_null()) {
    return {};
  }
  std::vector<const Value*> items;
  const Object* object = graph.object(value);
  if (object != nullptr && object->collection &&
      object->collection->form != Collection::Form::dictionary) {
    items.reserve(object->collection->items.size());
    for (const Value& item : object->collection->items) {
      items.push_back(&item);
    }
    return items;
  }
  items.push_back(&value);
  return items;
}

const Value* unwrap_counted(const Graph& graph, const Value& value) {
  const Object* const object = graph.object(value);
  const Value* const inner = find_member(graph, value, "value");
  const Value* const count = find_member(graph, value, "Count");
  if (object == nullptr || inner == nullptr || count == nullptr) {
    return &value;
  }
  const std::size_t members = visible_properties(graph, value).size() +
                              (object->collection ? object->collection->entries.size() : 0);
  if (members != 2) {
    return &value;
  }
  const auto number = count->kind == Kind::string ? std::nullopt : as_int64(graph, *count);
  return number && std::cmp_equal(*number, items_of(graph, *inner).size()) ? inner : nullptr;
}

bool has_type(const Graph& graph, const Value& value, std::string_view name) {
  constexpr std::string_view kPrefix = "Deserialized.";
  const Object* object = graph.object(value);
  return object != nullptr &&
         std::ranges::any_of(graph.type_names(*object), [&](std::string_view type) {
           return type == name ||
                  (type.starts_with(kPrefix) && type.substr(kPrefix.size()) == name);
         });
}

bool is_enum(const Graph& graph, const Value& value) {
  return has_type(graph, value, "System.Enum");
}

}  // namespace sfb
