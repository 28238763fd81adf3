// ConvertTo-Json: what becomes an object, an array or a string, and how deep.
#include "agent/base/text.hpp"
#include "agent/json/json.hpp"
#include "agent/json/scalars.hpp"
#include "agent/json/text.hpp"
#include "agent/value/access.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sfb::json {

namespace {

// ConvertTo-Json itself takes no more; also what bounds our recursion.
constexpr int kMaxDepth = 100;
constexpr int kMaxLayers = 8;  // base objects inside base objects

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
        max_bytes_(options.max_bytes),
        max_depth_(std::clamp(options.depth, 0, kMaxDepth)),
        compress_(options.compress) {}

  std::string run(const std::vector<Value>& values) {
    if (values.size() == 1) {
      write(values.front(), 0, 0);
    } else if (!values.empty()) {
      write_list(values, 0, 0);
    }
    return std::move(out_);
  }

 private:
  // Shared objects are written wherever they stand, so a small document can mean a huge text.
  bool full() const { return out_.size() > max_bytes_; }

  void line(int level) {
    if (!compress_) {
      out_ += '\n';
      out_.append(static_cast<std::size_t>(level) * 2, ' ');
    }
  }

  void write_text(const Value& value) {
    append_string(out_, full() ? "..." : text_of(graph_, value, max_bytes_));
  }

  // One item or member of an open bracket.
  void next(bool& first, int level) {
    if (!first) {
      out_ += ',';
    }
    first = false;
    line(level + 1);
  }

  void name(std::string_view text, bool& first, int level) {
    next(first, level);
    append_string(out_, text);
    out_ += compress_ ? ":" : ": ";
  }

  void close(char bracket, bool first, int level) {
    if (!first) {
      line(level);
    }
    out_ += bracket;
  }

  void write_list(const std::vector<Value>& items, int depth, int level) {
    bool first = true;
    out_ += '[';
    for (const Value& item : items) {
      next(first, level);
      write(item, depth + 1, level + 1);
    }
    close(']', first, level);
  }

  void write_members(const Members& members, int level) {
    bool first = true;
    out_ += '{';
    for (const auto& [key, json] : members) {
      name(key, first, level);
      out_ += json;
    }
    close('}', first, level);
  }

  void write_bytes(const Value& value, int depth, int level) {
    if (depth > max_depth_ || full()) {
      write_text(value);
      return;
    }
    bool first = true;
    out_ += '[';
    for (const std::uint8_t byte : base64_bytes(value.text)) {
      next(first, level);
      out_ += std::to_string(byte);
    }
    close(']', first, level);
  }

  // A scalar .NET has properties for.
  void write_struct(const Value& value, Members members, int depth, int level) {
    if (members.empty() || depth > max_depth_) {
      write_text(value);
    } else {
      write_members(members, level);
    }
  }

  void write(const Value& value, int depth, int level) {
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
        out_ += integer_json(value.text);
        return;
      case Kind::single:
      case Kind::double_float:
      case Kind::decimal:
        out_ += float_json(value.text);
        return;
      case Kind::bytes:
        write_bytes(value, depth, level);
        return;
      case Kind::time_span: {
        const auto ticks = duration_ticks(value.text);
        write_struct(value, ticks ? time_span_members(*ticks) : Members{}, depth, level);
        return;
      }
      case Kind::version:
        write_struct(value, version_members(value.text), depth, level);
        return;
      case Kind::secure_string:
        write_text(value);
        return;
      case Kind::object:
        write_object(value, depth, level);
        return;
      case Kind::string:
      case Kind::character:
      case Kind::date_time:
      case Kind::guid:
      case Kind::uri:
      case Kind::xml_document:
      case Kind::script_block:
      case Kind::opaque:
        append_string(out_, value.text);
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

  void write_object(const Value& value, int depth, int level) {
    if (full()) {
      append_string(out_, "...");
      return;
    }
    if (is_enum(graph_, value)) {
      append_string(out_, plain_text(graph_, value).value_or(""));
      return;
    }
    const Core core = core_of(value);
    if (core.scalar != nullptr) {
      write_scalar_object(core, depth, level);
    } else if (depth > max_depth_) {
      write_text(value);
    } else if (core.collection != nullptr) {
      write_collection(core, depth, level);
    } else {
      write_custom(value, depth, level);
    }
  }

  // PowerShell keeps notes on a number, but not those on a string or date.
  void write_scalar_object(const Core& core, int depth, int level) {
    const bool bare = core.notes.empty() || core.scalar->kind == Kind::string ||
                      core.scalar->kind == Kind::date_time || depth > max_depth_;
    if (bare) {
      write(*core.scalar, depth, level);
      return;
    }
    bool first = true;
    out_ += '{';
    name("value", first, level);
    write(*core.scalar, depth, level + 1);
    write_notes(core, depth, level, first);
    out_ += '}';
  }

  // Members beside a `value` or a dictionary's entries; closes the line, not the bracket.
  void write_notes(const Core& core, int depth, int level, bool first) {
    for (const Property* note : core.notes) {
      name(note->name, first, level);
      write(note->value, depth + 1, level + 1);
    }
    if (!first) {
      line(level);
    }
  }

  void write_collection(const Core& core, int depth, int level) {
    if (core.collection->form == Collection::Form::dictionary) {
      bool first = true;
      out_ += '{';
      for (const auto& [key, entry] : core.collection->entries) {
        // Keys that are no strings: ConvertTo-Json gives up on them, their text is more use.
        name(text_of(graph_, key, kMaxKey), first, level);
        write(entry, depth + 1, level + 1);
      }
      write_notes(core, depth, level, first);
      out_ += '}';
      return;
    }
    if (core.notes.empty()) {
      write_list(core.collection->items, depth, level);
      return;
    }
    bool first = true;
    out_ += '{';
    name("value", first, level);
    write_list(core.collection->items, depth, level + 1);
    write_notes(core, depth, level, first);
    out_ += '}';
  }

  void write_custom(const Value& value, int depth, int level) {
    bool first = true;
    out_ += '{';
    for (const Property* property : visible_properties(graph_, value)) {
      name(property->name, first, level);
      write(property->value, depth + 1, level + 1);
    }
    close('}', first, level);
  }

  static constexpr std::size_t kMaxKey = 1024;

  const Graph& graph_;
  const std::size_t max_bytes_;
  const int max_depth_;
  const bool compress_;
  std::string out_;
};

}  // namespace

std::string convert_to_json(const Graph& graph, const std::vector<Value>& values,
                            const WriteOptions& options) {
  return Writer(graph, options).run(values);
}

}  // namespace sfb::json
