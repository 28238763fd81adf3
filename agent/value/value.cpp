#include "agent/value/value.hpp"

namespace sfb {

namespace {

std::size_t memory_of(const std::vector<Property>& properties) {
  std::size_t sum = 0;
  for (const Property& property : properties) {
    sum += sizeof(Property) - sizeof(Value) + property.name.size() + property.wire_name.size() +
           sfb::memory_of(property.value);
  }
  return sum;
}

std::size_t memory_of(const Collection& collection) {
  std::size_t sum = 0;
  for (const Value& item : collection.items) {
    sum += sfb::memory_of(item);
  }
  for (const auto& [key, value] : collection.entries) {
    sum += sfb::memory_of(key) + sfb::memory_of(value);
  }
  return sum;
}

}  // namespace

std::size_t memory_of(const Value& value) {
  return sizeof(Value) + value.text.size() + value.wire.size();
}

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
  return object.types && *object.types < types_.size() ? types_[*object.types] : kNone;
}

}  // namespace sfb
