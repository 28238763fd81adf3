// Reads XML with namespaces into a small tree. No DTD, no entities but XML's own, everything
// capped. Thread rule: pure functions.
#pragma once

#include "agent/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::xml {

/// One element. `space` is the namespace URI, `name` the local name.
struct Element {
  std::string space;
  std::string name;
  struct Attribute {
    std::string space;
    std::string name;
    std::string value;
  };
  std::vector<Attribute> attributes;
  std::vector<Element> children;
  /// All character data directly inside, joined; that of children is not in it.
  std::string text;

  /// The attribute without namespace, or nullptr.
  const std::string* attribute(std::string_view attribute_name) const;
  /// The first child of that namespace and name, or nullptr.
  const Element* child(std::string_view child_space, std::string_view child_name) const;
};

struct ReaderLimits {
  std::size_t bytes = 4UL << 20U;
  std::size_t depth = 64;
  std::size_t nodes = 1UL << 20U;  ///< elements and attributes together
  std::size_t memory = 0;  ///< of `read`: what its tree takes; 0: 8 x bytes, at least 64 KiB
};

/// Reads one document (UTF-8, an XML declaration is allowed). Never throws. Depth costs no stack.
/// Reason::parse:
/// - xml.syntax: with line and column; also a tag with more than 1,024 attributes
/// - xml.trailing: content after the root element
/// - xml.doctype, xml.too_deep, xml.too_large
Result<Element> read(std::string_view document, const ReaderLimits& limits);

}  // namespace sfb::xml
