// ConvertTo-Json: what becomes an object, an array or a string, and how deep.
#include "agent/json/writer.hpp"

#include "agent/base/text.hpp"
#include "agent/json/scalars.hpp"
#include "agent/json/strings.hpp"
#include "agent/json/text.hpp"
#include "agent/value/access.hpp"
#include "agent/value/time_span.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sfb::json {

namespace {

// ConvertTo-Json itself takes no more; also what bounds our recursion.
constexpr int kMaxDepth = 100;
constexpr int kMaxLayers = 8;  // base objects inside base objects
// Escapes make a text up to six times as long: it is written in such pieces.
constexpr std::size_t kPiece = 64UL << 10U;

// What an object is underneath: the first collection or scalar among it and its base objects.
struct Core {
  const Collection* collection = nullptr;
  const Value* scalar = nullptr;
  std::vector<const Property*> notes;  // extended members of all layers
};

class Writer {
 public:
  Writer(const Graph& graph, const WriteOptions& options)
      : graph_(graph),
        max_depth_(std::clamp(options.depth, 0, kMaxDepth)),
        edition_(options.edition),
        compress_(options.compress),
        out_(options.max_bytes) {}

  Result<std::string> run(const std::vector<Value>& values) {
    if (values.size() == 1) {
      write(values.front(), 0, 0);
    } else if (!values.empty()) {
      write_list(values, 0, 0);
    }
    return std::move(out_).finish();
  }

 private:
  // Shared objects are written wherever they stand, so a small document can mean a huge text.
  // Nothing more is made then.
  bool full() const { return out_.full(); }

  bool is_51() const { return edition_ == Edition::windows_powershell_51; }

  void line(std::size_t column) {
    if (!compress_) {
      out_ += '\n';
      out_.append(column, ' ');
    }
  }

  void write_string(std::string_view text) {
    out_ += '"';
    while (!text.empty() && !full()) {
      const std::string_view piece = cut_utf8(text, kPiece);
      const std::string escaped = quoted(piece, edition_);
      out_ += std::string_view(escaped).substr(1, escaped.size() - 2);
      text.remove_prefix(piece.size());
    }
    out_ += '"';
  }

  void write_text(const Value& value) { write_string(text(value)); }

  std::string text(const Value& value) {
    auto text = text_of(graph_, value, out_.left());
    if (!text) {
      out_.fill();
      return {};
    }
    return *std::move(text);
  }

  // One item or member of a bracket that is aligned at `column`; gives the item's own column.
  std::size_t next(bool& first, std::size_t column) {
    if (!first) {
      out_ += ',';
    }
    first = false;
    const std::size_t inner = column + (is_51() ? 4 : 2);
    line(inner);
    return inner;
  }

  // Gives the column at which a bracket behind the name is aligned: in 5.1 where it stands.
  std::size_t name(std::string_view text, bool& first, std::size_t column) {
    const std::size_t inner = next(first, column);
    const std::size_t start = out_.size();
    write_string(text);
    if (compress_ || !is_51()) {
      out_ += compress_ ? ":" : ": ";
      return inner;
    }
    const std::size_t length = full() ? 0 : to_utf16(out_.tail(start)).size();
    out_ += ":  ";
    return inner + length + 3;
  }

  void close(char bracket, bool empty, std::size_t column) {
    if (empty && is_51()) {
      line(0);  // 5.1 has a blank line inside
    }
    if (!empty || is_51()) {
      line(column);
    }
    out_ += bracket;
  }

  void write_list(const std::vector<Value>& items, int depth, std::size_t column) {
    bool first = true;
    out_ += '[';
    for (const Value& item : items) {
      if (full()) {
        return;
      }
      const std::size_t inner = next(first, column);
      write(item, depth + 1, inner);
    }
    close(']', first, column);
  }

  void write_members(const Members& members, std::size_t column) {
    bool first = true;
    out_ += '{';
    for (const auto& [key, json] : members) {
      name(key, first, column);
      out_ += json;
    }
    close('}', first, column);
  }

  void write_bytes(const Value& value, int depth, std::size_t column) {
    if (depth > max_depth_) {
      write_text(value);
      return;
    }
    bool first = true;
    out_ += '[';
    for (const std::uint8_t byte : base64_bytes(value.text)) {
      if (full()) {
        return;
      }
      next(first, column);
      out_ += std::to_string(byte);
    }
    close(']', first, column);
  }

  // A scalar .NET has properties for.
  void write_struct(const Value& value, Members members, int depth, std::size_t column) {
    if (members.empty() || depth > max_depth_) {
      write_text(value);
    } else {
      write_members(members, column);
    }
  }

  void write(const Value& value, int depth, std::size_t column) {
    switch (value.kind) {
      case Kind::null:
        out_ += "null";
        return;
      case Kind::boolean:
        out_ += value.text == "true" ? "true" : "false";
        return;
      case Kind::uint8:
      case Kind::int8:
      case Kind::uint16:
      case Kind::int16:
      case Kind::uint32:
      case Kind::int32:
      case Kind::uint64:
      case Kind::int64:
        out_ += integer_json(value.text, edition_);
        return;
      case Kind::single:
      case Kind::double_float:
      case Kind::decimal:
        out_ += float_json(value.text, edition_);
        return;
      case Kind::bytes:
        write_bytes(value, depth, column);
        return;
      case Kind::time_span: {
        const auto ticks = duration_ticks(value.text);
        write_struct(value, ticks ? time_span_members(*ticks, edition_) : Members{}, depth, column);
        return;
      }
      case Kind::version:
        write_struct(value, version_members(value.text), depth, column);
        return;
      case Kind::secure_string:
        write_text(value);
        return;
      case Kind::object:
        write_object(value, depth, column);
        return;
      case Kind::date_time:
        out_ += date_json(value.text, edition_);
        return;
      case Kind::uri:
        if (is_51()) {
          out_ += uri_json(value.text, edition_);
        } else {
          write_string(value.text);
        }
        return;
      case Kind::string:
      case Kind::character:
      case Kind::guid:
      case Kind::xml_document:
      case Kind::script_block:
      case Kind::opaque:
        write_string(value.text);
        return;
    }
  }

  Core core_of(const Value& value) const {
    Core core;
    const Object* object = graph_.object(value);
    for (int layer = 0; object != nullptr && layer < kMaxLayers; ++layer) {
      for (const Property& note : object->extended) {
        core.notes.push_back(&note);
      }
      if (object->collection) {
        core.collection = &*object->collection;
        break;
      }
      if (object->base && object->base->kind != Kind::object) {
        core.scalar = &*object->base;
        break;
      }
      object = object->base ? graph_.object(*object->base) : nullptr;
    }
    return core;
  }

  void write_object(const Value& value, int depth, std::size_t column) {
    if (full()) {
      return;
    }
    if (is_enum(graph_, value)) {
      write_string(plain_text(graph_, value).value_or(""));
      return;
    }
    const Core core = core_of(value);
    if (core.scalar != nullptr) {
      write_scalar_object(core, depth, column);
    } else if (depth > max_depth_) {
      write_text(value);
    } else if (core.collection != nullptr) {
      write_collection(core, depth, column);
    } else {
      write_custom(value, depth, column);
    }
  }

  // Notes on a string or date are kept by 5.1 alone, those on a number by both.
  void write_scalar_object(const Core& core, int depth, std::size_t column) {
    const bool without_notes =
        !is_51() && (core.scalar->kind == Kind::string || core.scalar->kind == Kind::date_time);
    if (core.notes.empty() || without_notes || depth > max_depth_) {
      write(*core.scalar, depth, column);
      return;
    }
    bool first = true;
    out_ += '{';
    const std::size_t inner = name("value", first, column);
    write(*core.scalar, depth, inner);
    write_notes(core, depth, column, first);
  }

  // Members beside a `value` or a dictionary's entries, and the closing bracket.
  void write_notes(const Core& core, int depth, std::size_t column, bool first) {
    for (const Property* note : core.notes) {
      if (full()) {
        return;
      }
      const std::size_t inner = name(note->name, first, column);
      write(note->value, depth + 1, inner);
    }
    close('}', first, column);
  }

  void write_collection(const Core& core, int depth, std::size_t column) {
    if (core.collection->form == Collection::Form::dictionary) {
      bool first = true;
      out_ += '{';
      for (const auto& [key, entry] : core.collection->entries) {
        if (full()) {
          return;
        }
        // Keys that are no strings: ConvertTo-Json gives up on them, their text is more use.
        const std::size_t inner = name(text(key), first, column);
        write(entry, depth + 1, inner);
      }
      write_notes(core, depth, column, first);
      return;
    }
    if (core.notes.empty()) {
      write_list(core.collection->items, depth, column);
      return;
    }
    bool first = true;
    out_ += '{';
    const std::size_t inner = name("value", first, column);
    write_list(core.collection->items, depth, inner);
    write_notes(core, depth, column, first);
  }

  void write_custom(const Value& value, int depth, std::size_t column) {
    bool first = true;
    out_ += '{';
    for (const Property* property : visible_properties(graph_, value)) {
      if (full()) {
        return;
      }
      const std::size_t inner = name(property->name, first, column);
      write(property->value, depth + 1, inner);
    }
    close('}', first, column);
  }

  const Graph& graph_;
  const int max_depth_;
  const Edition edition_;
  const bool compress_;
  CappedText out_;
};

}  // namespace

Result<std::string> convert_to_json(const Graph& graph, const std::vector<Value>& values,
                                    const WriteOptions& options) {
  return Writer(graph, options).run(values);
}

}  // namespace sfb::json
