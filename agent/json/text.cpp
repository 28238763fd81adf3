// See text.hpp.
#include "agent/json/text.hpp"

#include "agent/base/capped_text.hpp"
#include "agent/json/scalars.hpp"
#include "agent/value/access.hpp"
#include "agent/value/time_span.hpp"

#include <string_view>

namespace sfb::json {

namespace {

// `10/09/1999 00:00:00` of `1999-10-09T00:00:00...`.
std::string date_text(const std::string& iso) {
  if (iso.size() < 19 || iso[4] != '-' || iso[7] != '-' || iso[10] != 'T') {
    return iso;
  }
  return iso.substr(5, 2) + '/' + iso.substr(8, 2) + '/' + iso.substr(0, 4) + ' ' +
         iso.substr(11, 8);
}

std::string scalar_text(const Value& value) {
  switch (value.kind) {
    case Kind::null:
    case Kind::object:
      return {};
    case Kind::boolean:
      return value.text == "true" ? "True" : "False";
    case Kind::date_time:
      return date_text(value.text);
    case Kind::time_span: {
      const auto ticks = duration_ticks(value.text);
      return ticks ? time_span_text(*ticks) : value.text;
    }
    case Kind::secure_string:
      return "System.Security.SecureString";
    default:
      return value.text;
  }
}

// The collection of an object or of the object inside it.
const Collection* collection_of(const Graph& graph, const Object* object) {
  for (int layer = 0; object != nullptr && layer < 8; ++layer) {
    if (object->collection) {
      return &*object->collection;
    }
    object = object->base ? graph.object(*object->base) : nullptr;
  }
  return nullptr;
}

// An element of a list or a member of a custom object: PowerShell does not look into it again.
std::string inner_text(const Graph& graph, const Value& value) {
  if (value.kind != Kind::object) {
    return value.kind == Kind::bytes ? "System.Byte[]" : scalar_text(value);
  }
  const Collection* const collection = collection_of(graph, graph.object(value));
  if (collection != nullptr) {  // the types a reader of CLIXML makes of them
    return collection->form == Collection::Form::dictionary ? "System.Collections.Hashtable"
                                                            : "System.Collections.ArrayList";
  }
  return std::string(plain_text(graph, value).value_or(""));
}

void append_bytes(CappedText& out, const Value& value) {
  for (const std::uint8_t byte : base64_bytes(value.text)) {
    if (out.full()) {
      return;
    }
    out += out.empty() ? "" : " ";
    out += std::to_string(byte);
  }
}

void append_text(CappedText& out, const Graph& graph, const Value& value) {
  const Object* const object = graph.object(value);
  if (value.kind == Kind::bytes) {
    append_bytes(out, value);
    return;
  }
  if (object == nullptr) {
    out += scalar_text(value);
    return;
  }
  const Collection* const collection = collection_of(graph, object);
  if (collection != nullptr && collection->form != Collection::Form::dictionary) {
    for (const Value& item : collection->items) {
      if (out.full()) {
        return;
      }
      out += &item == collection->items.data() ? "" : " ";
      out += inner_text(graph, item);
    }
    return;
  }
  if (collection != nullptr) {
    out += inner_text(graph, value);
    return;
  }
  if (const auto text = plain_text(graph, value)) {
    out += *text;
    return;
  }
  for (const Property* property : visible_properties(graph, value)) {
    if (out.full()) {
      return;
    }
    out += out.empty() ? "@{" : "; ";
    out += property->name;
    out += '=';
    out += inner_text(graph, property->value);
  }
  if (!out.empty()) {
    out += '}';
  }
}

}  // namespace

Result<std::string> text_of(const Graph& graph, const Value& value, std::size_t max_bytes) {
  CappedText out(max_bytes);
  append_text(out, graph, value);
  return std::move(out).finish();
}

}  // namespace sfb::json
