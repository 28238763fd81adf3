#include "agent/xml/reader.hpp"

#include "agent/xml/stream.hpp"

#include <algorithm>
#include <vector>

namespace sfb::xml {

namespace {

// Destroying a tree recurses, so no configured limit may go beyond this.
constexpr std::size_t kDeepestTree = 1000;

// Builds the tree. The stack of open elements is our own, so depth costs no C stack; a pointer to
// an open element stays good because its parent gets no other child meanwhile.
class TreeBuilder final : public Handler {
 public:
  Status start(std::string_view space, std::string_view name,
               std::span<const AttributeView> attributes) override {
    Element* element = &root_;
    if (!open_.empty()) {
      element = &open_.back()->children.emplace_back();
    }
    element->space = space;
    element->name = name;
    element->attributes.reserve(attributes.size());
    for (const AttributeView& attribute : attributes) {
      element->attributes.push_back({std::string(attribute.space), std::string(attribute.name),
                                     std::string(attribute.value)});
    }
    open_.push_back(element);
    return {};
  }

  Status text(std::string_view piece) override {
    open_.back()->text += piece;
    return {};
  }

  Status end(bool) override {
    open_.pop_back();
    return {};
  }

  Element take() { return std::move(root_); }

 private:
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
  TreeBuilder builder;
  ReaderLimits capped = limits;
  capped.depth = std::min(capped.depth, kDeepestTree);
  if (auto status = parse(document, capped, builder); !status) {
    return std::unexpected(std::move(status).error());
  }
  return builder.take();
}

}  // namespace sfb::xml
