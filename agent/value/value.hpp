// PowerShell values as they arrived: nothing is interpreted, nothing is lost.
// Objects live in a Graph and refer to each other by number, so shared objects and cycles cost
// nothing and cannot leak. Thread rule: plain data; a const Graph may be read from any thread.
#pragma once

#include "agent/base/memory_meter.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb {

/// The kinds of [MS-PSRP] 2.2.5's elements (the CLIXML tag is behind each).
enum class Kind : std::uint8_t {
  null,           // Nil
  string,         // S
  character,      // C     text: the character itself as UTF-8 (U+FFFD for a lone surrogate)
  boolean,        // B     text: true | false
  date_time,      // DT    text: ISO form as sent
  time_span,      // TS    text: xs:duration as sent
  uint8,          // By
  int8,           // SB
  uint16,         // U16
  int16,          // I16
  uint32,         // U32
  int32,          // I32
  uint64,         // U64
  int64,          // I64
  single,         // Sg
  double_float,   // Db
  decimal,        // D
  bytes,          // BA    text: base64 as sent
  guid,           // G
  uri,            // URI
  version,        // Version
  xml_document,   // XD
  script_block,   // SBK
  secure_string,  // SS    never shown
  opaque,         // a tag this product does not know: text holds its XML
  object,         // Obj (and Ref to one)
};

/// Index of an Object inside its Graph.
using ObjectId = std::uint32_t;
/// Index of a type name list inside its Graph.
using TypesId = std::uint32_t;

/// A scalar with the text the server sent (numbers too: no digit is lost), or an object's number.
struct Value {
  Kind kind = Kind::null;
  ObjectId object = 0;  ///< for Kind::object
  std::string text;     ///< valid UTF-8, unescaped
  /// The escaped wire text, only where `text` lost something (lone UTF-16 surrogates).
  std::string wire;

  static Value make(Kind kind, std::string text) { return {kind, 0, std::move(text), {}}; }
  static Value string(std::string text) { return make(Kind::string, std::move(text)); }
  static Value boolean(bool value) { return make(Kind::boolean, value ? "true" : "false"); }
  static Value int32(std::int32_t value) { return make(Kind::int32, std::to_string(value)); }
  static Value object_ref(ObjectId id) { return {Kind::object, id, {}, {}}; }
  bool is_null() const { return kind == Kind::null; }
};

/// A named member. Names compare without case (text.hpp: iequals).
struct Property {
  std::string name;
  Value value;
  std::string wire_name = {};  ///< as Value::wire, for the name
};

/// The items of a list-like or dictionary-like object.
struct Collection {
  enum class Form : std::uint8_t { list, enumerable, stack, queue, dictionary };
  Form form = Form::list;
  std::vector<Value> items;  ///< all forms but dictionary
  std::vector<std::pair<Value, Value>>
      entries;  ///< dictionary: key and value, as ordered on the wire
};

/// One PowerShell object.
struct Object {
  std::optional<TypesId> types;          ///< type names, most derived first
  std::optional<std::string> to_string;  ///< what ToString() gave on the server
  std::optional<Value> base;  ///< bare primitive (an enum's number) or nested base object
  std::optional<Collection> collection;
  std::vector<Property> adapted;   ///< Props: .NET properties, in order
  std::vector<Property> extended;  ///< MS: note properties, in order
  bool has_adapted = false;        ///< an empty <Props /> was there
  bool has_extended = false;       ///< an empty <MS /> was there
};

/// Owner of objects and type name lists.
class Graph {
 public:
  /// What an empty object takes, for a MemoryMeter.
  static constexpr std::size_t kObjectBytes = block_of(sizeof(Object)) + sizeof(void*);

  ObjectId add(Object object);
  TypesId add_types(std::vector<std::string> names);
  const Object& at(ObjectId id) const { return objects_.at(id); }
  Object& at(ObjectId id) { return objects_.at(id); }
  const std::vector<std::string>& types_at(TypesId id) const { return types_.at(id); }
  std::size_t size() const { return objects_.size(); }
  /// The bytes of all objects and texts in it; what a MemoryMeter counts is more, as it knows the
  /// allocator's blocks.
  std::size_t memory() const;

  /// The object behind a value, or nullptr for scalars.
  const Object* object(const Value& value) const;
  /// Its type names. Without any (`types` is absent) those that PowerShell gives what it reads so:
  /// a collection's class, none for a wrapped value, else PSCustomObject.
  const std::vector<std::string>& type_names(const Object& object) const;

 private:
  std::deque<Object> objects_;  // grows without a second copy of all
  std::vector<std::vector<std::string>> types_;
};

/// Top level values with the graph they refer into: a CLIXML file, a message, a JSON text.
struct Document {
  Graph graph;
  std::vector<Value> roots;
};

}  // namespace sfb
