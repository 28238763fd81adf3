// See text.hpp.
#include "agent/json/text.hpp"

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
    case Kind::bytes: {
      std::string out;
      for (const std::uint8_t byte : base64_bytes(value.text)) {
        out += (out.empty() ? "" : " ") + std::to_string(byte);
      }
      return out;
    }
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

bool cut(std::string& out, std::size_t max_bytes) {
  if (out.size() <= max_bytes) {
    return false;
  }
  out += "...";
  return true;
}

}  // namespace

std::string text_of(const Graph& graph, const Value& value, std::size_t max_bytes) {
  const Object* const object = graph.object(value);
  if (object == nullptr) {
    return scalar_text(value);
  }
  std::string out;
  const Collection* const collection = collection_of(graph, object);
  if (collection != nullptr && collection->form != Collection::Form::dictionary) {
    for (const Value& item : collection->items) {
      out += (&item == collection->items.data() ? "" : " ") + inner_text(graph, item);
      if (cut(out, max_bytes)) {
        break;
      }
    }
    return out;
  }
  if (collection != nullptr) {
    return inner_text(graph, value);
  }
  if (const auto text = plain_text(graph, value)) {
    return std::string(*text);
  }
  for (const Property* property : visible_properties(graph, value)) {
    out += (out.empty() ? "@{" : "; ") + property->name + '=' + inner_text(graph, property->value);
    if (cut(out, max_bytes)) {
      break;
    }
  }
  return out.empty() ? out : out + '}';
}

}  // namespace sfb::json
