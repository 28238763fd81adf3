#include "agent/value/value.hpp"

namespace sfb {

namespace {

// An object counts as its number alone.
std::size_t memory_of(const Value& value) {
  return sizeof(Value) + value.text.size() + value.wire.size();
}

std::size_t memory_of(const std::vector<Property>& properties) {
  std::size_t sum = 0;
  for (const Property& property : properties) {
    sum += sizeof(Property) - sizeof(Value) + property.name.size() + property.wire_name.size() +
           memory_of(property.value);
  }
  return sum;
}

std::size_t memory_of(const Collection& collection) {
  std::size_t sum = 0;
  for (const Value& item : collection.items) {
    sum += memory_of(item);
  }
  for (const auto& [key, value] : collection.entries) {
    sum += memory_of(key) + memory_of(value);
  }
  return sum;
}

const std::vector<std::string>& implied_types(const Object& object) {
  using Names = std::vector<std::string>;
  static const Names kCustom = {"System.Management.Automation.PSCustomObject", "System.Object"};
  static const Names kList = {"System.Collections.ArrayList", "System.Object"};
  static const Names kStack = {"System.Collections.Stack", "System.Object"};
  static const Names kQueue = {"System.Collections.Queue", "System.Object"};
  static const Names kDictionary = {"System.Collections.Hashtable", "System.Object"};
  if (!object.collection) {
    return kCustom;
  }
  switch (object.collection->form) {
    case Collection::Form::stack:
      return kStack;
    case Collection::Form::queue:
      return kQueue;
    case Collection::Form::dictionary:
      return kDictionary;
    case Collection::Form::list:
    case Collection::Form::enumerable:
      break;
  }
  return kList;
}

}  // namespace

ObjectId Graph::add(Object object) {
  objects_.push_back(std::move(object));
  return static_cast<ObjectId>(objects_.size() - 1);
}

TypesId Graph::add_types(std::vector<std::string> names) {
  types_.push_back(std::move(names));
  return static_cast<TypesId>(types_.size() - 1);
}

std::size_t Graph::memory() const {
  std::size_t sum = 0;
  for (const Object& object : objects_) {
    sum += sizeof(Object) + memory_of(object.adapted) + memory_of(object.extended);
    sum += object.to_string ? object.to_string->size() : 0;
    sum += object.base ? memory_of(*object.base) : 0;
    sum += object.collection ? memory_of(*object.collection) : 0;
  }
  for (const std::vector<std::string>& names : types_) {
    sum += sizeof(names);
    for (const std::string& name : names) {
      sum += sizeof(name) + name.size();
    }
  }
  return sum;
}

const Object* Graph::object(const Value& value) const {
  return value.kind == Kind::object && value.object < objects_.size() ? &objects_[value.object]
                                                                      : nullptr;
}

const std::vector<std::string>& Graph::type_names(const Object& object) const {
  static const std::vector<std::string> kNone;
  if (object.types) {
    return *object.types < types_.size() ? types_[*object.types] : kNone;
  }
  return object.base && !object.collection ? kNone : implied_types(object);
}

}  // namespace sfb
