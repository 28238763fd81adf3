// XML as a stream of events. `read` builds its tree from them; formats with many small elements
// take them directly. With namespaces, no DTD, everything capped. Thread rule: pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/xml/reader.hpp"

#include <span>
#include <string_view>

namespace sfb::xml {

/// The namespace of the prefix `xml`.
inline constexpr std::string_view kXmlSpace = "http://www.w3.org/XML/1998/namespace";

/// One attribute of an element that starts. The views are valid during the call only. Namespace
/// declarations are not among the attributes.
struct AttributeView {
  std::string_view space;  ///< namespace URI; empty for an attribute without prefix
  std::string_view name;   ///< local name
  std::string_view value;
};

/// Receives the events of one document in order. A failure ends the parse; `parse` adds the place
/// to its message. All views are valid during the call only.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Status start(std::string_view space, std::string_view name,
                       std::span<const AttributeView> attributes) = 0;
  /// A piece of character data; one text may come in any number of pieces.
  virtual Status text(std::string_view piece) = 0;
  /// `empty_tag`: the element was written `<x/>`, not `<x></x>`.
  virtual Status end(bool empty_tag) = 0;
};

/// Parses one document (UTF-8; an XML declaration is allowed and its encoding ignored). Errors as
/// `read`, or the handler's own; the message ends in line and column either way.
Status parse(std::string_view document, const ReaderLimits& limits, Handler& handler);

/// How much one document took of a text: bytes, and elements and attributes together with those of
/// the documents before it.
struct Extent {
  std::size_t bytes = 0;
  std::size_t nodes = 0;
};

/// Like `parse`, but stops after the root element and ignores what follows. `nodes_before` count
/// against the limit too.
Result<Extent> parse_first(std::string_view text, const ReaderLimits& limits, Handler& handler,
                           std::size_t nodes_before);

}  // namespace sfb::xml
