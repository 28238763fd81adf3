#include "agent/format/text.hpp"

#include "agent/base/text.hpp"
#include "agent/format/escapes.hpp"
#include "agent/format/number.hpp"
#include "agent/format/scalar.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sfb::format {

namespace {

// An object's base may be an object again; nobody needs more layers than this.
constexpr int kBaseLayers = 8;

// Calls visit(object) for the object and its nested base objects until it returns true.
template <typename Visit>
void for_each_layer(const Graph& graph, const Value& value, Visit visit) {
  const Object* object = graph.object(value);
  for (int layer = 0; object != nullptr && layer < kBaseLayers; ++layer) {
    if (visit(*object) || !object->base) {
      return;
    }
    object = graph.object(*object->base);
  }
}

// The plain value an object wraps (an enum's number, a string with notes).
const Value* plain_base(const Graph& graph, const Value& value) {
  const Value* found = nullptr;
  for_each_layer(graph, value, [&](const Object& object) {
    if (object.base && object.base->kind != Kind::object && object.base->kind != Kind::null) {
      found = &*object.base;
    }
    return found != nullptr;
  });
  return found;
}

const std::string* server_text(const Graph& graph, const Value& value) {
  const std::string* found = nullptr;
  for_each_layer(graph, value, [&](const Object& object) {
    found = object.to_string ? &*object.to_string : nullptr;
    return found != nullptr;
  });
  return found;
}

// What a deserialised container calls itself.
std::string_view container_name(const Context& context, const Value& value, Collection::Form form) {
  constexpr std::string_view kOrdered = "System.Collections.Specialized.OrderedDictionary";
  switch (form) {
    case Collection::Form::stack:
      return "System.Collections.Stack";
    case Collection::Form::queue:
      return "System.Collections.Queue";
    case Collection::Form::dictionary:
      return context.style.ordered_dictionaries && has_type(context.graph, value, kOrdered)
                 ? kOrdered
                 : "System.Collections.Hashtable";
    case Collection::Form::list:
    case Collection::Form::enumerable:
      break;
  }
  return "System.Collections.ArrayList";
}

// The text of a value inside another one's: lists are not opened again, and before 7 an object
// without a plain value is empty there even if the server sent a ToString.
std::string inner_text(const Context& context, const Value& value) {
  if (value.kind == Kind::bytes) {
    return std::string(type_name_of(Kind::bytes));
  }
  const std::string* sent = server_text(context.graph, value);
  if (sent != nullptr && context.style.server_text_inside) {
    return *sent;
  }
  if (value.kind != Kind::object) {
    return scalar_text(value, context.style);
  }
  if (const Value* base = plain_base(context.graph, value)) {
    return inner_text(context, *base);
  }
  if (const Collection* collection = collection_of(context.graph, value)) {
    return std::string(container_name(context, value, collection->form));
  }
  return {};
}

// Appends as long as the budget lasts.
bool append(const Context& context, std::string& out, std::string_view text) {
  if (!context.budget.take(text.size()) || !context.budget.allows(out.size() + text.size())) {
    return false;
  }
  out += text;
  return true;
}

std::string joined(const Context& context, const Items& items) {
  std::string out;
  std::string_view separator;
  items.each([&](const Value& item) {
    const bool fits =
        append(context, out, separator) && append(context, out, inner_text(context, item));
    separator = " ";
    return fits;
  });
  return out;
}

// The text of a member's value: PowerShell's own text for a document is not looked for there.
std::string member_text(const Context& context, const Value& value) {
  return value.kind == Kind::xml_document ? std::string(type_name_of(value.kind))
                                          : inner_text(context, value);
}

// `@{A=1; B=b}`; empty without properties.
std::string properties_text(const Context& context, const Value& value) {
  const auto properties = visible_properties(context.graph, value);
  if (properties.empty() || !context.budget.take(properties.size())) {
    return {};
  }
  std::string out = "@{";
  std::string_view separator;
  for (const Property* property : properties) {
    if (!append(context, out, separator) || !append(context, out, property->name) ||
        !append(context, out, "=") ||
        !append(context, out, member_text(context, property->value))) {
      break;
    }
    separator = "; ";
  }
  return out + "}";
}

// Texts in braces, at most the enumeration limit of them.
class Braces {
 public:
  explicit Braces(const Context& context) : context_(&context) {}

  // False when no more are wanted. `text` makes the text.
  template <typename Text>
  bool add(Text text) {
    if (context_->options.enumeration_limit >= 0 && shown_ == context_->options.enumeration_limit) {
      out_ += from_utf16(context_->style.ellipsis);
      return false;
    }
    return (shown_++ == 0 || append(*context_, out_, ", ")) && append(*context_, out_, text());
  }

  std::string finish() && { return std::move(out_) + "}"; }

 private:
  const Context* context_;
  std::string out_ = "{";
  int shown_ = 0;
};

constexpr std::array<std::string_view, 17> kScalarTypes = {"System.String",
                                                           "System.SByte",
                                                           "System.Byte",
                                                           "System.Int16",
                                                           "System.UInt16",
                                                           "System.Int32",
                                                           "System.UInt32",
                                                           "System.Int64",
                                                           "System.UInt64",
                                                           "System.Char",
                                                           "System.Single",
                                                           "System.Double",
                                                           "System.Boolean",
                                                           "System.Decimal",
                                                           "System.IntPtr",
                                                           "System.Security.SecureString",
                                                           "System.Numerics.BigInteger"};

}  // namespace

const Collection* collection_of(const Graph& graph, const Value& value) {
  const Collection* found = nullptr;
  for_each_layer(graph, value, [&](const Object& object) {
    found = object.collection ? &*object.collection : nullptr;
    return found != nullptr;
  });
  return found;
}

std::optional<Items> list_items(const Context& context, const Value& value) {
  const Value* base = plain_base(context.graph, value);
  const Value& plain = base == nullptr ? value : *base;
  if (plain.kind == Kind::bytes) {
    return Items(context.budget.take(plain.text.size()) ? decode_base64(plain.text)
                                                        : std::string());
  }
  const Collection* collection = collection_of(context.graph, value);
  if (collection == nullptr || collection->form == Collection::Form::dictionary) {
    return std::nullopt;
  }
  return Items(std::span(collection->items));
}

std::u16string screen_text(const Context& context, std::string_view text) {
  std::u16string units = to_utf16(text);
  return context.style.strip_escapes ? without_escapes(units) : units;
}

std::string to_string(const Context& context, const Value& value) {
  if (value.kind == Kind::bytes && value.text.empty()) {
    return std::string(type_name_of(Kind::bytes));
  }
  if (value.kind != Kind::object && value.kind != Kind::bytes) {
    return scalar_text(value, context.style);
  }
  if (const std::string* text = server_text(context.graph, value)) {
    return *text;
  }
  if (const auto items = list_items(context, value)) {
    return joined(context, *items);
  }
  if (const Value* base = plain_base(context.graph, value)) {
    return scalar_text(*base, context.style);
  }
  if (const Collection* collection = collection_of(context.graph, value)) {
    return std::string(container_name(context, value, collection->form));
  }
  return properties_text(context, value);
}

namespace {

// What .NET prints for a dictionary's entry.
std::string pair_text(const Context& context, const std::pair<Value, Value>& entry) {
  const auto text = [&](const Value& value) {
    if (value.kind == Kind::bytes || value.kind == Kind::xml_document) {
      return std::string(type_name_of(value.kind));
    }
    return round_trip_text(value, context.style).value_or(to_string(context, value));
  };
  return fmt::format("[{}, {}]", text(entry.first), text(entry.second));
}

}  // namespace

std::string property_text(const Context& context, const Value& value) {
  Braces braces(context);
  if (const auto items = list_items(context, value)) {
    items->each([&](const Value& item) {
      return braces.add(
          [&] { return item.is_null() ? std::string("$null") : to_string(context, item); });
    });
    return std::move(braces).finish();
  }
  const Collection* collection = collection_of(context.graph, value);
  if (collection == nullptr) {
    return to_string(context, value);
  }
  for (const auto& entry : collection->entries) {
    const bool more = braces.add([&] {
      return context.style.dictionary_pairs ? pair_text(context, entry)
                                            : to_string(context, entry.first);
    });
    if (!more) {
      break;
    }
  }
  return std::move(braces).finish();
}

std::string cell_text(const Context& context, const Value& value) {
  if (context.style.fixed_decimals) {
    const Value* base = plain_base(context.graph, value);
    if (auto text = fixed_text(base == nullptr ? value : *base)) {
      return *text;
    }
  }
  return property_text(context, value);
}

std::string_view type_name(const Graph& graph, const Value& value) {
  constexpr std::string_view kPrefix = "Deserialized.";
  const Object* object = graph.object(value);
  if (object == nullptr) {
    return type_name_of(value.kind);
  }
  if (const auto& names = graph.type_names(*object); !names.empty()) {
    const std::string_view name = names.front();
    return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
  }
  const Value* base = plain_base(graph, value);
  return base == nullptr ? std::string_view() : type_name_of(base->kind);
}

bool is_scalar_type(const Graph& graph, const Value& value) {
  return std::ranges::any_of(
      kScalarTypes, [name = type_name(graph, value)](auto known) { return iequals(known, name); });
}

bool aligns_right(const Graph& graph, const Value& value) {
  return is_scalar_type(graph, value) && !iequals(type_name(graph, value), "System.String");
}

}  // namespace sfb::format
