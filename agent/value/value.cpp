#include "agent/value/value.hpp"

namespace sfb {

ObjectId Graph::add(Object object) {
  objects_.push_back(std::move(object));
  return static_cast<ObjectId>(objects_.size() - 1);
}

TypesId Graph::add_types(std::vector<std::string> names) {
  types_.push_back(std::move(names));
  return static_cast<TypesId>(types_.size() - 1);
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
