#include "agent/clixml/reader.hpp"

#include "agent/base/text.hpp"
#include "agent/clixml/escape.hpp"
#include "agent/clixml/refusals.hpp"
#include "agent/clixml/scalars.hpp"
#include "agent/clixml/tags.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::clixml {

namespace {

std::optional<std::string_view> find_attribute(Attributes attributes, std::string_view name) {
  const auto found = std::ranges::find_if(attributes, [&](const xml::AttributeView& attribute) {
    return attribute.space.empty() && attribute.name == name;
  });
  return found == attributes.end() ? std::nullopt : std::optional(found->value);
}

}  // namespace

void Reader::push(Role role, std::string_view tag, ObjectId object) {
  Frame& frame = frames_.emplace_back();
  frame.role = role;
  frame.tag = tag;
  frame.object = object;
}

Reader::~Reader() {
  meter_.give(own_);
}

// Whatever an event did: what is kept has its limit.
Status Reader::checked(Status status) const {
  return status && meter_.over() ? too_much_memory(meter_.limit()) : status;
}

// False when the name is there already.
bool Reader::add_name(Frame& frame, std::string name) {
  const std::size_t bytes = set_entry_of(name.size());
  frame.names_bytes += bytes;
  meter_.take(bytes);
  return frame.names.insert(std::move(name)).second;
}

// False when the reference is there already.
bool Reader::add_reference(References& references, std::string reference, std::uint32_t number) {
  constexpr std::size_t kNode = block_of(sizeof(References::value_type) + 4 * sizeof(void*));
  const std::size_t bytes = kNode + block_of(reference.size() + 1);
  own_ += bytes;
  meter_.take(bytes);
  return references.try_emplace(std::move(reference), number).second;
}

template <typename T>
Status Reader::keep(std::vector<T>& elements, T element) {
  if (meter_.grow(elements)) {
    elements.push_back(std::move(element));
  }
  return checked({});
}

Status Reader::start(std::string_view space, std::string_view name, Attributes attributes) {
  return checked(start_element(space, name, attributes));
}

Status Reader::start_element(std::string_view space, std::string_view name, Attributes attributes) {
  if (opaque_.active()) {
    return opaque_.start(space, name, attributes);
  }
  if (frames_.empty()) {
    return start_root(space, name, attributes);
  }
  if (space == space_) {
    bool done = false;
    if (auto status = start_part(name, attributes, done); !status || done) {
      return status;
    }
  }
  return start_value(space, name, attributes);
}

Status Reader::start_root(std::string_view space, std::string_view name, Attributes attributes) {
  const bool file = !space_.empty();
  if (space != space_ || (name == "Objs") != file) {
    return fail(Reason::parse, "clixml.not_clixml",
                file ? fmt::format("CLIXML: the document is not <Objs> of {}", kSpace)
                     : "CLIXML: the message is not one element without namespace",
                file ? "write it with Export-Clixml" : "",
                fmt::format("<{} xmlns=\"{}\">", name, space));
  }
  if (file) {
    objects_.clear();
    types_.clear();
    push(Role::roots, "Objs");
    return {};
  }
  return start_value(space, name, attributes);
}

// Elements that are not values: parts of an object, of its types, of a dictionary.
Status Reader::start_part(std::string_view name, Attributes attributes, bool& done) {
  const Role role = frames_.back().role;
  const ObjectId id = frames_.back().object;
  done = true;
  if (role == Role::types && name == "T") {
    push(Role::type, "T");
  } else if (role == Role::dictionary && name == "En") {
    push(Role::entry, "En", id);
    return keep(graph_.at(id).collection->entries, {});
  } else if (role != Role::object) {
    done = false;
  } else if (name == "TN" || name == "TNRef") {
    return start_types(name, attributes);
  } else if (name == "ToString") {
    if (std::exchange(frames_.back().has_to_string, true)) {
      return repeated("a second <ToString>", "<Obj>");
    }
    push(Role::to_string, "ToString", id);
  } else if (name == "Props" || name == "MS") {
    const bool adapted = name == "Props";
    const std::string_view tag = adapted ? "Props" : "MS";
    Frame& object = frames_.back();
    if (std::exchange(adapted ? object.has_adapted : object.has_extended, true)) {
      return repeated(fmt::format("a second <{}>", tag), "<Obj>");
    }
    push(Role::members, tag, id);
    frames_.back().adapted = adapted;
  } else if (const auto form = form_of_tag(name)) {
    return start_collection(*form);
  } else {
    done = false;
  }
  return {};
}

Status Reader::start_types(std::string_view name, Attributes attributes) {
  const ObjectId id = frames_.back().object;
  if (std::exchange(frames_.back().has_types, true)) {
    return repeated("a second <TN> or <TNRef>", "<Obj>");
  }
  const auto reference = find_attribute(attributes, "RefId");
  if (name == "TN") {
    push(Role::types, "TN", id);
    type_names_.clear();
    types_reference_ = reference ? std::optional<std::string>(*reference) : std::nullopt;
    return {};
  }
  const auto found = types_.find(reference.value_or(""));
  if (found == types_.end()) {
    return bad_reference("TNRef", std::string(reference.value_or("")));
  }
  graph_.at(id).types = found->second;
  push(Role::empty, "TNRef");
  return {};
}

Status Reader::start_collection(Collection::Form form) {
  const ObjectId id = frames_.back().object;
  Object& object = graph_.at(id);
  if (object.collection || object.base) {
    return repeated(object.collection ? "a second collection" : "a value and a collection",
                    "<Obj>");
  }
  object.collection = Collection{.form = form, .items = {}, .entries = {}};
  push(form == Collection::Form::dictionary ? Role::dictionary : Role::list, tag_of_form(form), id);
  return {};
}

// Whether a value may begin here.
Status Reader::check_place(std::string_view name, bool known_space,
                           const std::string_view* member) {
  const Role role = frames_.empty() ? Role::roots : frames_.back().role;
  const std::string parent =
      frames_.empty() ? std::string("the message") : fmt::format("<{}>", frames_.back().tag);
  const bool takes_values = role == Role::roots || role == Role::object || role == Role::members ||
                            role == Role::list || role == Role::entry;
  // Members of a member are the one part that PowerShell also writes as a value.
  const bool part = known_space && is_part_tag(name) && (name != "MS" || role != Role::members);
  if (!takes_values || part) {
    return bad_value(fmt::format("an element inside {} that cannot stand there", parent),
                     fmt::format("<{}>", name));
  }
  if (role == Role::members) {
    if (member == nullptr) {
      return bad_value(fmt::format("a member of {} without name (N)", parent),
                       fmt::format("<{}>", name));
    }
    if (!add_name(frames_.back(), member_key(*member))) {
      return repeated("a second member of the same name", parent, std::string(*member));
    }
  }
  return {};
}

Status Reader::start_value(std::string_view space, std::string_view name, Attributes attributes) {
  Frame frame;
  const auto member_name = find_attribute(attributes, "N");
  frame.name = member_name.value_or("");
  Status started = check_place(name, space == space_, member_name ? &*member_name : nullptr);
  if (started && is_file_root()) {
    started = streams_.add(find_attribute(attributes, "S"));
  }
  if (!started) {
    return started;
  }
  const auto scalar = space == space_ ? scalar_of_tag(name) : std::nullopt;
  if (scalar) {
    frame.role = Role::scalar;
    frame.kind = *scalar;
    frame.tag = tag_of_scalar(*scalar);
  } else if (space == space_ && name == "Obj") {
    return start_object(attributes, std::move(frame));
  } else if (space == space_ && name == "Ref") {
    const auto reference = find_attribute(attributes, "RefId");
    const auto found = objects_.find(reference.value_or(""));
    if (found == objects_.end()) {
      return bad_reference("Ref", std::string(reference.value_or("")));
    }
    frame.role = Role::empty;
    frame.tag = "Ref";
    frame.is_value = true;
    frame.value = Value::object_ref(found->second);
  } else {
    frame.role = Role::opaque;
    started = opaque_.start(space, name, attributes, is_file_root());
  }
  frames_.push_back(std::move(frame));
  return started;
}

Status Reader::start_object(Attributes attributes, Frame frame) {
  if (++objects_open_ > depth_limit_) {
    return fail(Reason::parse, "clixml.too_deep",
                fmt::format("CLIXML: objects are nested deeper than {}", depth_limit_),
                "export with a smaller -Depth");
  }
  frame.role = Role::object;
  frame.tag = "Obj";
  frame.object = graph_.add({});
  meter_.take(Graph::kObjectBytes);
  // Known from its start: an object may refer to itself.
  if (const auto reference = find_attribute(attributes, "RefId")) {
    if (!add_reference(objects_, std::string(*reference), frame.object)) {
      return repeated("a second <Obj> with the same RefId", space_.empty() ? "message" : "document",
                      std::string(*reference));
    }
  }
  frames_.push_back(std::move(frame));
  return {};
}

Status Reader::text(std::string_view piece) {
  if (opaque_.active()) {
    opaque_.text(piece);
    return {};
  }
  Frame& frame = frames_.back();
  if (frame.role == Role::scalar || frame.role == Role::type || frame.role == Role::to_string) {
    frame.text += piece;
  } else if (!trim(piece).empty()) {
    return bad_value(fmt::format("text directly inside <{}>", frame.tag), std::string(piece));
  }
  return {};
}

Status Reader::end(bool empty_tag) {
  if (opaque_.active() && !opaque_.end(empty_tag)) {
    return {};
  }
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  meter_.give(frame.names_bytes);
  return checked(end_frame(std::move(frame)));
}

Status Reader::end_frame(Frame frame) {
  switch (frame.role) {
    case Role::scalar: {
      auto value = read_scalar(frame.kind, frame.text);
      if (!value) {
        return bad_value(
            fmt::format("<{}> does not hold {}", frame.tag, wanted_of_scalar(frame.kind)),
            std::move(frame.text));
      }
      return deliver(std::move(frame.name), std::move(*value));
    }
    case Role::object:
      --objects_open_;
      return deliver(std::move(frame.name), Value::object_ref(frame.object));
    case Role::empty:
      return frame.is_value ? deliver(std::move(frame.name), std::move(frame.value)) : Status();
    case Role::opaque:
      return deliver(std::move(frame.name), Value::make(Kind::opaque, opaque_.take()));
    case Role::type: {
      std::string name = unescape(frame.text);
      meter_.take(name);
      return keep(type_names_, std::move(name));
    }
    case Role::to_string:
      meter_.take(graph_.at(frame.object).to_string.emplace(unescape(frame.text)));
      return {};
    case Role::types:
      return end_types(frame);
    case Role::members: {
      Object& object = graph_.at(frame.object);
      (frame.adapted ? object.has_adapted : object.has_extended) =
          (frame.adapted ? object.adapted : object.extended).empty();
      meter_.trim(frame.adapted ? object.adapted : object.extended);
      return {};
    }
    case Role::entry:
      return end_entry(frame);
    case Role::list:
      meter_.trim(graph_.at(frame.object).collection->items);
      return {};
    case Role::dictionary:
      meter_.trim(graph_.at(frame.object).collection->entries);
      return {};
    case Role::roots:
      return {};
  }
  return {};
}

Status Reader::end_types(const Frame& frame) {
  meter_.take(2 * sizeof(type_names_));  // its place, and that place's growth
  const TypesId id = graph_.add_types(std::exchange(type_names_, {}));
  graph_.at(frame.object).types = id;
  if (types_reference_ && !add_reference(types_, *types_reference_, id)) {
    return repeated("a second <TN> with the same RefId", space_.empty() ? "message" : "document",
                    std::move(*types_reference_));
  }
  return {};
}

Status Reader::end_entry(const Frame& frame) {
  if (!frame.has_key || !frame.has_value) {
    return bad_value("<En> without its Key or its Value");
  }
  const Value& key = graph_.at(frame.object).collection->entries.back().first;
  if (key.kind == Kind::object || key.kind == Kind::opaque) {
    return {};  // objects are keys by what they are, not by what they hold
  }
  // `1` and "1" are two keys, and so are `a` and `A` where the dictionary heeds case.
  const bool secret = key.kind == Kind::secure_string;
  std::string name(tag_of_scalar(secret ? Kind::string : key.kind));
  name += '\0';
  name += secret ? kSecretText : std::string_view(key.wire.empty() ? key.text : key.wire);
  if (!add_name(frames_.back(), std::move(name))) {
    return repeated("a second entry of the same key", "<DCT>", secret ? std::string() : key.text);
  }
  return {};
}

// Hands a finished value to the element it stands in.
Status Reader::deliver(std::string name, Value value) {
  meter_.take(value.text);
  meter_.take(value.wire);
  if (frames_.empty() || frames_.back().role == Role::roots) {
    return keep(roots_, std::move(value));
  }
  Frame& parent = frames_.back();
  Object& object = graph_.at(parent.object);
  if (parent.role == Role::members) {
    bool lossy = false;
    Property property{unescape(name, &lossy), std::move(value)};
    if (lossy) {
      property.wire_name = std::move(name);
    }
    meter_.take(property.name);
    meter_.take(property.wire_name);
    return keep(parent.adapted ? object.adapted : object.extended, std::move(property));
  }
  if (parent.role == Role::list) {
    return keep(object.collection->items, std::move(value));
  }
  if (parent.role == Role::object) {
    if (object.base || object.collection) {
      return repeated(object.base ? "a second value" : "a value and a collection", "<Obj>");
    }
    object.base = std::move(value);
  } else {
    auto& [key, entry] = object.collection->entries.back();
    bool& seen = name == "Key" ? parent.has_key : parent.has_value;
    if (seen || (name != "Key" && name != "Value")) {
      return bad_value("a member of <En> that is not the one Key or the one Value",
                       std::move(name));
    }
    seen = true;
    (name == "Key" ? key : entry) = std::move(value);
  }
  return {};
}

}  // namespace sfb::clixml
