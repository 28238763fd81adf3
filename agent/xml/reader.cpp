#include "agent/xml/reader.hpp"

#include "agent/base/memory_meter.hpp"
#include "agent/xml/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace sfb::xml {

namespace {

// Destroying a tree recurses, so no configured limit may go beyond this.
constexpr std::size_t kDeepestTree = 1000;

// Builds the tree. The stack of open elements is our own, so depth costs no C stack; a pointer to
// an open element stays good because its parent gets no other child meanwhile.
class TreeBuilder final : public Handler {
 public:
  explicit TreeBuilder(std::size_t memory) : meter_(memory) {}

  Status start(std::string_view space, std::string_view name,
               std::span<const AttributeView> attributes) override {
    Element* element = &root_;
    if (!open_.empty()) {
      if (!meter_.grow(open_.back()->children)) {
        return too_large();
      }
      element = &open_.back()->children.emplace_back();
    }
    element->space = space;
    element->name = name;
    meter_.take(element->space);
    meter_.take(element->name);
    for (const AttributeView& attribute : attributes) {
      if (!meter_.grow(element->attributes)) {
        return too_large();
      }
      const auto& kept = element->attributes.emplace_back(
          std::string(attribute.space), std::string(attribute.name), std::string(attribute.value));
      meter_.take(kept.space);
      meter_.take(kept.name);
      meter_.take(kept.value);
    }
    open_.push_back(element);
    return meter_.over() ? too_large() : Status();
  }

  Status text(std::string_view piece) override {
    std::string& text = open_.back()->text;
    meter_.give(text);
    text += piece;
    meter_.take(text);
    return meter_.over() ? too_large() : Status();
  }

  Status end(bool) override {
    open_.pop_back();
    return {};
  }

  Element take() { return std::move(root_); }

 private:
  Status too_large() const {
    return fail(Reason::parse, "xml.too_large",
                fmt::format("the XML takes more than {} bytes of memory", meter_.limit()));
  }

  MemoryMeter meter_;
  Element root_;
  std::vector<Element*> open_;
};

}  // namespace

const std::string* Element::attribute(std::string_view attribute_name) const {
  const auto found = std::ranges::find_if(attributes, [&](const Attribute& candidate) {
    return candidate.space.empty() && candidate.name == attribute_name;
  });
  return found == attributes.end() ? nullptr : &found->value;
}

const Element* Element::child(std::string_view child_space, std::string_view child_name) const {
  const auto found = std::ranges::find_if(children, [&](const Element& candidate) {
    return candidate.name == child_name && candidate.space == child_space;
  });
  return found == children.end() ? nullptr : &*found;
}

Result<Element> read(std::string_view document, const ReaderLimits& limits) {
  constexpr std::size_t kTimes = 8;
  constexpr std::size_t kLeast = 64UL << 10U;
  const std::size_t bytes = std::min(limits.bytes, SIZE_MAX / kTimes);
  TreeBuilder builder(limits.memory != 0 ? limits.memory : std::max(kTimes * bytes, kLeast));
  ReaderLimits capped = limits;
  capped.depth = std::min(capped.depth, kDeepestTree);
  if (auto status = parse(document, capped, builder); !status) {
    return std::unexpected(std::move(status).error());
  }
  return builder.take();
}

}  // namespace sfb::xml
