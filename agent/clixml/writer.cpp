// Values to CLIXML, in the shape PowerShell's own serialiser gives: members in its order, type
// names once and then by reference, objects once and then by reference.
#include "agent/clixml/writer.hpp"

#include "agent/clixml/markup.hpp"
#include "agent/clixml/opaque.hpp"
#include "agent/clixml/scalars.hpp"
#include "agent/clixml/tags.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>

namespace sfb::clixml {

namespace {

constexpr std::uint32_t kUnnumbered = std::numeric_limits<std::uint32_t>::max();

// Written with a work list instead of recursion: a graph made by others may be of any depth.
class Writer {
 public:
  // A file is for people: no secrets in it. A message goes to the server that may have made them.
  Writer(const Graph& graph, Origin origin, bool is_file, std::size_t max_bytes)
      : graph_(graph),
        origin_(origin),
        secrets_(!is_file),
        out_(is_file, max_bytes),
        object_numbers_(graph.size(), kUnnumbered) {}

  Markup& out() { return out_; }
  void write(const Value& value);
  Result<std::string> take() { return std::move(out_).finish(); }

 private:
  // One thing still to be written; last in, first out. A list is one, whatever its length.
  struct Task {
    enum class What : std::uint8_t { value, open, close, empty, members, items, entries };
    What what = What::value;
    const Value* value = nullptr;
    const Property* member = nullptr;  // whose name the value has
    std::string_view name = {};        // or its name: Key, Value
    std::string_view tag = {};
    const std::vector<Property>* members = nullptr;
    const Collection* collection = nullptr;
    std::size_t next = 0;  // of the list's elements
  };

  void run(const Task& task);
  void run_next(Task list);
  void scalar(const Value& value, std::string_view name);
  void object(ObjectId id, std::string_view name);
  void types(const Object& object);
  void parts(const Object& object);
  void members(std::string_view tag, const std::vector<Property>& properties, bool also_empty);
  void collection(const Collection& collection);
  // PowerShell forgets empty lists of members and of type names when it reads.
  bool keeps_empty() const { return origin_ == Origin::original; }
  bool is_mere_wrapper(const Object& object) const;
  bool is_typed(const Object& object) const;
  std::vector<std::string> type_names(const Object& object) const;

  const Graph& graph_;
  Origin origin_;
  bool secrets_;
  Markup out_;
  std::vector<Task> tasks_;
  std::vector<std::uint32_t> object_numbers_;
  std::uint32_t next_object_ = 0;
  std::map<TypesId, std::uint32_t> type_numbers_;
  std::map<std::vector<std::string>, std::uint32_t> numbers_of_names_;
};

void Writer::write(const Value& value) {
  tasks_.push_back({.value = &value});
  while (!tasks_.empty() && !out_.full()) {
    const Task task = tasks_.back();
    tasks_.pop_back();
    run(task);
  }
}

void Writer::run(const Task& task) {
  if (task.what == Task::What::open) {
    out_.open(task.tag);
    return;
  }
  if (task.what == Task::What::close) {
    out_.close(task.tag);
    return;
  }
  if (task.what == Task::What::empty) {
    out_.empty(task.tag, {});
    return;
  }
  if (task.what != Task::What::value) {
    run_next(task);
    return;
  }
  std::string name;
  if (task.member != nullptr) {
    name = out_.name_of(*task.member);
  } else if (!task.name.empty()) {
    name = fmt::format(" N=\"{}\"", task.name);
  }
  const Object* const object_there = graph_.object(*task.value);
  if (object_there != nullptr && !is_mere_wrapper(*object_there)) {
    object(task.value->object, name);
  } else if (object_there != nullptr) {
    scalar(*object_there->base, name);
  } else {
    scalar(*task.value, name);
  }
}

// The next element of a list; the others wait below it.
void Writer::run_next(Task list) {
  const auto takes = [&](const auto& elements) {
    if (list.next == elements.size()) {
      return false;
    }
    ++list.next;
    tasks_.push_back(list);
    return true;
  };
  const std::size_t at = list.next;
  if (list.what == Task::What::members && takes(*list.members)) {
    const Property& property = (*list.members)[at];
    tasks_.push_back({.value = &property.value, .member = &property});
  } else if (list.what == Task::What::items && takes(list.collection->items)) {
    tasks_.push_back({.value = &list.collection->items[at]});
  } else if (list.what == Task::What::entries && takes(list.collection->entries)) {
    const auto& [key, value] = list.collection->entries[at];
    tasks_.push_back({.what = Task::What::close, .tag = "En"});
    tasks_.push_back({.value = &value, .name = "Value"});
    tasks_.push_back({.value = &key, .name = "Key"});
    tasks_.push_back({.what = Task::What::open, .tag = "En"});
  }
}

void Writer::scalar(const Value& value, std::string_view name) {
  if (value.kind == Kind::opaque && !value.text.empty()) {
    std::string xml;
    append_opaque(xml, value.text, name);
    out_.raw(xml);
    return;
  }
  // What cannot be written (a reference into nowhere) is null rather than broken XML.
  if (value.kind == Kind::null || value.kind == Kind::object || value.kind == Kind::opaque) {
    out_.empty("Nil", name);
    return;
  }
  if (value.kind == Kind::secure_string && !secrets_) {
    out_.text("S", name, kSecretText);
    return;
  }
  // What PowerShell reads as a script block it keeps as text.
  const bool plain_script = origin_ == Origin::deserialized && value.kind == Kind::script_block;
  const std::string_view tag = plain_script ? "S" : tag_of_scalar(value.kind);
  if (value.kind == Kind::bytes && value.text.empty()) {
    out_.empty(tag, name);
    return;
  }
  if (value.wire.empty() && is_text(value.kind)) {
    out_.escaped(tag, name, value.text);
  } else {
    out_.text(tag, name, write_scalar(value));
  }
}

void Writer::object(ObjectId id, std::string_view name) {
  if (object_numbers_[id] != kUnnumbered) {
    out_.empty("Ref", fmt::format("{} RefId=\"{}\"", name, object_numbers_[id]));
    return;
  }
  object_numbers_[id] = next_object_++;
  const Object& object = graph_.at(id);
  const std::string attributes = fmt::format("{} RefId=\"{}\"", name, object_numbers_[id]);
  const bool bare = !is_typed(object) && !object.to_string && !object.base && !object.collection &&
                    object.adapted.empty() && object.extended.empty() &&
                    !(keeps_empty() && (object.has_adapted || object.has_extended));
  if (bare) {
    out_.empty("Obj", attributes);
    return;
  }
  out_.open("Obj", attributes);
  types(object);
  if (object.to_string) {
    out_.escaped("ToString", {}, *object.to_string);
  }
  parts(object);
}

// PowerShell reads a value in an object that says nothing more of it as the value.
bool Writer::is_mere_wrapper(const Object& object) const {
  return origin_ == Origin::deserialized && object.base && object.base->kind != Kind::object &&
         !object.types && !object.to_string && !object.collection && object.adapted.empty() &&
         object.extended.empty();
}

std::vector<std::string> Writer::type_names(const Object& object) const {
  constexpr std::string_view kPrefix = "Deserialized.";
  std::vector<std::string> names = graph_.type_names(object);
  // What PowerShell gives an object without type names is a live type: it gets no prefix.
  if (origin_ == Origin::deserialized && object.types) {
    for (std::string& name : names) {
      if (!name.starts_with(kPrefix)) {
        name.insert(0, kPrefix);
      }
    }
  }
  return names;
}

bool Writer::is_typed(const Object& object) const {
  return keeps_empty() ? object.types.has_value() : !graph_.type_names(object).empty();
}

void Writer::types(const Object& object) {
  if (!is_typed(object)) {
    return;
  }
  std::optional<std::uint32_t> number;
  if (object.types) {
    const auto known = type_numbers_.find(*object.types);
    number = known == type_numbers_.end() ? std::nullopt : std::optional(known->second);
  }
  if (!number) {
    // Lists of equal names are one list to PowerShell, however often the graph holds them.
    const auto [known, fresh] = numbers_of_names_.try_emplace(
        type_names(object), static_cast<std::uint32_t>(numbers_of_names_.size()));
    number = known->second;
    if (object.types) {
      type_numbers_.emplace(*object.types, *number);
    }
    if (fresh) {
      const std::string attributes = fmt::format(" RefId=\"{}\"", *number);
      if (known->first.empty()) {
        out_.empty("TN", attributes);
        return;
      }
      out_.open("TN", attributes);
      for (const std::string& name : known->first) {
        out_.escaped("T", {}, name);
      }
      out_.close("TN");
      return;
    }
  }
  out_.empty("TNRef", fmt::format(" RefId=\"{}\"", *number));
}

// Base, collection, Props, MS and the end tag, put on the work list last first.
void Writer::parts(const Object& object) {
  tasks_.push_back({.what = Task::What::close, .tag = "Obj"});
  members("MS", object.extended, object.has_extended);
  members("Props", object.adapted, object.has_adapted);
  if (object.collection) {
    collection(*object.collection);
  }
  if (object.base) {
    tasks_.push_back({.value = &*object.base});
  }
}

void Writer::members(std::string_view tag, const std::vector<Property>& properties,
                     bool also_empty) {
  if (properties.empty()) {
    if (also_empty && keeps_empty()) {
      tasks_.push_back({.what = Task::What::empty, .tag = tag});
    }
    return;
  }
  tasks_.push_back({.what = Task::What::close, .tag = tag});
  tasks_.push_back({.what = Task::What::members, .members = &properties});
  tasks_.push_back({.what = Task::What::open, .tag = tag});
}

void Writer::collection(const Collection& collection) {
  // PowerShell reads a lazy sequence into a list.
  const bool now_list =
      origin_ == Origin::deserialized && collection.form == Collection::Form::enumerable;
  const std::string_view tag = tag_of_form(now_list ? Collection::Form::list : collection.form);
  const bool dictionary = collection.form == Collection::Form::dictionary;
  if (dictionary ? collection.entries.empty() : collection.items.empty()) {
    tasks_.push_back({.what = Task::What::empty, .tag = tag});
    return;
  }
  tasks_.push_back({.what = Task::What::close, .tag = tag});
  tasks_.push_back(
      {.what = dictionary ? Task::What::entries : Task::What::items, .collection = &collection});
  tasks_.push_back({.what = Task::What::open, .tag = tag});
}

}  // namespace

Result<std::string> write_file(const Graph& graph, const std::vector<Value>& roots, Origin origin,
                               std::size_t max_bytes) {
  const std::string attributes = fmt::format(" Version=\"1.1.0.1\" xmlns=\"{}\"", kSpace);
  if (roots.empty()) {
    return fmt::format("<Objs{} />", attributes);
  }
  Writer writer(graph, origin, true, max_bytes);
  writer.out().open("Objs", attributes);
  for (const Value& root : roots) {
    writer.write(root);
  }
  writer.out().close("Objs");
  return writer.take();
}

std::string write_message(const Graph& graph, const Value& value) {
  Writer writer(graph, Origin::original, false, SIZE_MAX);
  writer.write(value);
  return *writer.take();
}

}  // namespace sfb::clixml
