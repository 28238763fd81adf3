// A byte stream of packed numbers and texts. The values of the result
// stand first, then the objects in the order in which something names them first.
#include "agent/value/packed.hpp"

#include "agent/base/packed_number.hpp"

#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sfb {

namespace {

// A text that came before is named by its place in a table. Names, words and types come again and
// again; the table is small, so that an answer of many texts costs no more than these.
constexpr std::size_t kMostShared = 256;
constexpr std::size_t kLongestShared = 100;

bool may_share(std::string_view text, std::size_t known) {
  return text.size() >= 2 && text.size() <= kLongestShared && known < kMostShared;
}

// Of a value: behind its kind.
constexpr unsigned kHasText = 32;
constexpr unsigned kHasWire = 64;

// Of an object.
constexpr unsigned kHasTypes = 1;
constexpr unsigned kHasToString = 2;
constexpr unsigned kHasBase = 4;
constexpr unsigned kHasCollection = 8;
constexpr unsigned kHasAdapted = 16;
constexpr unsigned kHasExtended = 32;

// What no graph has: a value that refers to nothing still does.
constexpr ObjectId kNobody = std::numeric_limits<ObjectId>::max();

unsigned flag(bool is, unsigned bit) {
  return is ? bit : 0;
}

class Packer {
 public:
  explicit Packer(const PipelineResult& result) : result_(result), numbers_(result.graph.size()) {}

  std::string pack() {
    number(static_cast<std::uint64_t>(result_.state));
    text(result_.ps_version);
    text(result_.doubt);
    values(result_.output);
    values(result_.errors);
    number(result_.extras ? 1 : 0);
    if (result_.extras) {
      value(*result_.extras);
    }
    number(result_.warnings.size());
    for (const std::string& warning : result_.warnings) {
      text(warning);
    }
    number(result_.rendered.size());
    for (const Rendering& rendering : result_.rendered) {
      number(static_cast<std::uint32_t>(rendering.form.width));
      number(rendering.form.expanded ? 1 : 0);
      text(rendering.text);
    }
    // More are named on the way.
    for (std::size_t i = 0; i < named_.size(); ++i) {
      object(result_.graph.at(named_[i]));
    }
    return {out_.data(), out_.size()};  // without the room to grow
  }

 private:
  void number(std::uint64_t number) { append_packed(out_, number); }

  // Even: its length, and it follows; odd: its place in the table.
  void text(std::string_view text) {
    if (const auto known = texts_.find(text); known != texts_.end()) {
      number(2 * known->second + 1);
      return;
    }
    if (may_share(text, texts_.size())) {
      texts_.emplace(text, texts_.size());
    }
    number(2 * text.size());
    out_ += text;
  }

  // 0: no object of the graph; else one more than its place among the named.
  void reference(ObjectId id) {
    if (id >= result_.graph.size()) {
      number(0);
      return;
    }
    if (numbers_[id] == 0) {
      named_.push_back(id);
      numbers_[id] = static_cast<ObjectId>(named_.size());
    }
    number(numbers_[id]);
  }

  void value(const Value& value) {
    number(static_cast<unsigned>(value.kind) | flag(!value.text.empty(), kHasText) |
           flag(!value.wire.empty(), kHasWire));
    if (value.kind == Kind::object) {
      reference(value.object);
    }
    if (!value.text.empty()) {
      text(value.text);
    }
    if (!value.wire.empty()) {
      text(value.wire);
    }
  }

  void values(const std::vector<Value>& all) {
    number(all.size());
    for (const Value& each : all) {
      value(each);
    }
  }

  void properties(const std::vector<Property>& all) {
    number(all.size());
    for (const Property& property : all) {
      text(property.name);
      text(property.wire_name);
      value(property.value);
    }
  }

  // Its place among the lists; a new one follows.
  void types(const Object& object) {
    const auto [known, is_new] = types_.try_emplace(*object.types, types_.size());
    number(known->second);
    if (!is_new) {
      return;
    }
    const std::vector<std::string>& names = result_.graph.type_names(object);
    number(names.size());
    for (const std::string& name : names) {
      text(name);
    }
  }

  void object(const Object& object) {
    number(flag(object.types.has_value(), kHasTypes) |
           flag(object.to_string.has_value(), kHasToString) |
           flag(object.base.has_value(), kHasBase) |
           flag(object.collection.has_value(), kHasCollection) |
           flag(object.has_adapted, kHasAdapted) | flag(object.has_extended, kHasExtended));
    if (object.types) {
      types(object);
    }
    if (object.to_string) {
      text(*object.to_string);
    }
    if (object.base) {
      value(*object.base);
    }
    if (object.collection) {
      number(static_cast<std::uint64_t>(object.collection->form));
      values(object.collection->items);
      number(object.collection->entries.size());
      for (const auto& [key, entry] : object.collection->entries) {
        value(key);
        value(entry);
      }
    }
    properties(object.adapted);
    properties(object.extended);
  }

  const PipelineResult& result_;
  std::string out_;
  std::unordered_map<std::string_view, std::size_t> texts_;
  std::vector<ObjectId> named_;
  std::vector<ObjectId> numbers_;  // of each object, as `reference` writes it; 0: not named yet
  std::unordered_map<TypesId, std::size_t> types_;
};

// Reads what a Packer of this process wrote, and nothing else.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  PipelineResult unpack() {
    result_.state = static_cast<PipelineState>(number());
    result_.ps_version = text();
    result_.doubt = text();
    result_.output = values();
    result_.errors = values();
    if (number() != 0) {
      result_.extras = value();
    }
    result_.warnings.resize(number());
    for (std::string& warning : result_.warnings) {
      warning = text();
    }
    result_.rendered.resize(number());
    for (Rendering& rendering : result_.rendered) {
      rendering.form.width = static_cast<int>(static_cast<std::uint32_t>(number()));
      rendering.form.expanded = number() != 0;
      rendering.text = text();
    }
    while (!rest_.empty()) {
      result_.graph.add(object());
    }
    return std::move(result_);
  }

 private:
  std::uint64_t number() {
    return take_packed([this] {
      const char byte = rest_.front();
      rest_.remove_prefix(1);
      return byte;
    });
  }

  std::string text() {
    const std::uint64_t head = number();
    if (head % 2 != 0) {
      return std::string(texts_.at(head / 2));
    }
    const std::string_view text = rest_.substr(0, head / 2);
    rest_.remove_prefix(text.size());
    if (may_share(text, texts_.size())) {
      texts_.push_back(text);
    }
    return std::string(text);
  }

  Value value() {
    const auto head = static_cast<unsigned>(number());
    Value value;
    value.kind = static_cast<Kind>(head & (kHasText - 1));
    if (value.kind == Kind::object) {
      const std::uint64_t place = number();
      value.object = place == 0 ? kNobody : static_cast<ObjectId>(place - 1);
    }
    if ((head & kHasText) != 0) {
      value.text = text();
    }
    if ((head & kHasWire) != 0) {
      value.wire = text();
    }
    return value;
  }

  std::vector<Value> values() {
    std::vector<Value> all(number());
    for (Value& each : all) {
      each = value();
    }
    return all;
  }

  std::vector<Property> properties() {
    std::vector<Property> all(number());
    for (Property& property : all) {
      property.name = text();
      property.wire_name = text();
      property.value = value();
    }
    return all;
  }

  TypesId types() {
    const std::uint64_t id = number();
    if (id < types_) {
      return static_cast<TypesId>(id);
    }
    std::vector<std::string> names(number());
    for (std::string& name : names) {
      name = text();
    }
    ++types_;
    return result_.graph.add_types(std::move(names));
  }

  Object object() {
    const auto head = static_cast<unsigned>(number());
    Object object;
    if ((head & kHasTypes) != 0) {
      object.types = types();
    }
    if ((head & kHasToString) != 0) {
      object.to_string = text();
    }
    if ((head & kHasBase) != 0) {
      object.base = value();
    }
    if ((head & kHasCollection) != 0) {
      Collection& collection = object.collection.emplace();
      collection.form = static_cast<Collection::Form>(number());
      collection.items = values();
      collection.entries.resize(number());
      for (auto& [key, entry] : collection.entries) {
        key = value();
        entry = value();
      }
    }
    object.adapted = properties();
    object.extended = properties();
    object.has_adapted = (head & kHasAdapted) != 0;
    object.has_extended = (head & kHasExtended) != 0;
    return object;
  }

  std::string_view rest_;
  PipelineResult result_;
  std::vector<std::string_view> texts_;
  std::uint64_t types_ = 0;
};

}  // namespace

PackedResult::PackedResult(const PipelineResult& result)
    : bytes_(Packer(result).pack()), errors_(result.errors.size()) {}

PipelineResult PackedResult::unpack() const {
  return Unpacker(bytes_).unpack();
}

PackedPtr pack(const PipelineResult& result) {
  return std::make_shared<const PackedResult>(result);
}

}  // namespace sfb
