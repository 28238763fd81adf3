// Values to CLIXML, in the shape PowerShell's own serialiser gives: members in its order, type
// names once and then by reference, objects once and then by reference.
#include "agent/clixml/writer.hpp"

#include "agent/clixml/escape.hpp"
#include "agent/clixml/opaque.hpp"
#include "agent/clixml/scalars.hpp"
#include "agent/clixml/tags.hpp"
#include "agent/xml/writer.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <ranges>

namespace sfb::clixml {

namespace {

constexpr std::uint32_t kUnnumbered = std::numeric_limits<std::uint32_t>::max();

// Written with a work list instead of recursion: a graph made by others may be of any depth.
class Writer {
 public:
  // A file is for people: no secrets in it. A message goes to the server that may have made them.
  Writer(const Graph& graph, Origin origin, bool is_file)
      : graph_(graph),
        origin_(origin),
        indent_(is_file),
        secrets_(!is_file),
        object_numbers_(graph.size(), kUnnumbered) {}

  void open(std::string_view tag, std::string_view attributes = {});
  void close(std::string_view tag);
  void write(const Value& value);
  std::string take() { return std::move(out_); }

 private:
  // One thing still to be written; last in, first out.
  struct Task {
    enum class What : std::uint8_t { value, open, close, empty };
    What what = What::value;
    const Value* value = nullptr;
    const Property* member = nullptr;  // whose name the value has
    std::string_view name = {};        // or its name: Key, Value
    std::string_view tag = {};
  };

  void run(const Task& task);
  void scalar(const Value& value, std::string_view name);
  void object(ObjectId id, std::string_view name);
  void types(const Object& object);
  void parts(const Object& object);
  void members(std::string_view tag, const std::vector<Property>& properties, bool also_empty);
  void collection(const Collection& collection);
  void line();
  void empty_element(std::string_view tag, std::string_view attributes);
  void text_element(std::string_view tag, std::string_view attributes, std::string_view text);
  // PowerShell forgets empty lists of members and of type names when it reads.
  bool keeps_empty() const { return origin_ == Origin::original; }
  bool is_mere_wrapper(const Object& object) const;
  bool is_typed(const Object& object) const;
  std::vector<std::string> type_names(const Object& object) const;

  const Graph& graph_;
  Origin origin_;
  bool indent_;
  bool secrets_;
  std::string out_;
  std::size_t depth_ = 0;
  std::vector<Task> tasks_;
  std::vector<std::uint32_t> object_numbers_;
  std::uint32_t next_object_ = 0;
  std::map<TypesId, std::uint32_t> type_numbers_;
  std::map<std::vector<std::string>, std::uint32_t> numbers_of_names_;
};

void Writer::line() {
  if (indent_ && !out_.empty()) {
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }
}

void Writer::open(std::string_view tag, std::string_view attributes) {
  line();
  fmt::format_to(std::back_inserter(out_), "<{}{}>", tag, attributes);
  ++depth_;
}

void Writer::close(std::string_view tag) {
  --depth_;
  line();
  fmt::format_to(std::back_inserter(out_), "</{}>", tag);
}

void Writer::empty_element(std::string_view tag, std::string_view attributes) {
  line();
  fmt::format_to(std::back_inserter(out_), "<{}{} />", tag, attributes);
}

void Writer::text_element(std::string_view tag, std::string_view attributes,
                          std::string_view text) {
  line();
  fmt::format_to(std::back_inserter(out_), "<{}{}>", tag, attributes);
  xml::append_text(out_, text);
  fmt::format_to(std::back_inserter(out_), "</{}>", tag);
}

void Writer::write(const Value& value) {
  tasks_.push_back({.value = &value});
  while (!tasks_.empty()) {
    const Task task = tasks_.back();
    tasks_.pop_back();
    run(task);
  }
}

void Writer::run(const Task& task) {
  if (task.what == Task::What::open) {
    open(task.tag);
    return;
  }
  if (task.what == Task::What::close) {
    close(task.tag);
    return;
  }
  if (task.what == Task::What::empty) {
    empty_element(task.tag, {});
    return;
  }
  std::string name;
  if (task.member != nullptr || !task.name.empty()) {
    name = " N=\"";
    if (task.member == nullptr) {
      name += task.name;
    } else if (!task.member->wire_name.empty()) {
      xml::append_attribute(name, task.member->wire_name);
    } else {
      xml::append_attribute(name, escape(task.member->name));
    }
    name += '"';
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

void Writer::scalar(const Value& value, std::string_view name) {
  if (value.kind == Kind::opaque && !value.text.empty()) {
    line();
    append_opaque(out_, value.text, name);
    return;
  }
  // What cannot be written (a reference into nowhere) is null rather than broken XML.
  if (value.kind == Kind::null || value.kind == Kind::object || value.kind == Kind::opaque) {
    empty_element("Nil", name);
    return;
  }
  if (value.kind == Kind::secure_string && !secrets_) {
    text_element("S", name, kSecretText);
    return;
  }
  // What PowerShell reads as a script block it keeps as text.
  const bool plain_script = origin_ == Origin::deserialized && value.kind == Kind::script_block;
  const std::string_view tag = plain_script ? "S" : tag_of_scalar(value.kind);
  if (value.kind == Kind::bytes && value.text.empty()) {
    empty_element(tag, name);
    return;
  }
  text_element(tag, name, write_scalar(value));
}

void Writer::object(ObjectId id, std::string_view name) {
  if (object_numbers_[id] != kUnnumbered) {
    empty_element("Ref", fmt::format("{} RefId=\"{}\"", name, object_numbers_[id]));
    return;
  }
  object_numbers_[id] = next_object_++;
  const Object& object = graph_.at(id);
  const std::string attributes = fmt::format("{} RefId=\"{}\"", name, object_numbers_[id]);
  const bool bare = !is_typed(object) && !object.to_string && !object.base && !object.collection &&
                    object.adapted.empty() && object.extended.empty() &&
                    !(keeps_empty() && (object.has_adapted || object.has_extended));
  if (bare) {
    empty_element("Obj", attributes);
    return;
  }
  open("Obj", attributes);
  types(object);
  if (object.to_string) {
    text_element("ToString", {}, escape(*object.to_string));
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
        empty_element("TN", attributes);
        return;
      }
      open("TN", attributes);
      for (const std::string& name : known->first) {
        text_element("T", {}, escape(name));
      }
      close("TN");
      return;
    }
  }
  empty_element("TNRef", fmt::format(" RefId=\"{}\"", *number));
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
  for (const Property& property : properties | std::views::reverse) {
    tasks_.push_back({.value = &property.value, .member = &property});
  }
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
  if (dictionary) {
    for (const auto& [key, value] : collection.entries | std::views::reverse) {
      tasks_.push_back({.what = Task::What::close, .tag = "En"});
      tasks_.push_back({.value = &value, .name = "Value"});
      tasks_.push_back({.value = &key, .name = "Key"});
      tasks_.push_back({.what = Task::What::open, .tag = "En"});
    }
  } else {
    for (const Value& item : collection.items | std::views::reverse) {
      tasks_.push_back({.value = &item});
    }
  }
  tasks_.push_back({.what = Task::What::open, .tag = tag});
}

}  // namespace

std::string write_file(const Graph& graph, const std::vector<Value>& roots, Origin origin) {
  const std::string attributes = fmt::format(" Version=\"1.1.0.1\" xmlns=\"{}\"", kSpace);
  if (roots.empty()) {
    return fmt::format("<Objs{} />", attributes);
  }
  Writer writer(graph, origin, true);
  writer.open("Objs", attributes);
  for (const Value& root : roots) {
    writer.write(root);
  }
  writer.close("Objs");
  return writer.take();
}

std::string write_message(const Graph& graph, const Value& value) {
  Writer writer(graph, Origin::original, false);
  writer.write(value);
  return writer.take();
}

}  // namespace sfb::clixml
