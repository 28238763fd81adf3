// Elements this product does not know are kept as XML text. Private to the room.
#pragma once

#include "agent/base/error.hpp"
#include "agent/xml/stream.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::clixml {

/// Collects one element and all inside it as XML. The document's own namespace is left out, others
/// are declared where they begin, so that the text means the same inside another document. The
/// member name (`N`) of the outermost element is left out too: it belongs to the member. So is the
/// stream (`S`) of a value at the top of a file.
class OpaqueCollector {
 public:
  /// `limit` bounds the text: declarations repeat, so it may be longer than what was read.
  OpaqueCollector(std::string_view document_space, std::size_t limit)
      : document_space_(document_space), limit_(limit) {}

  bool active() const { return !open_.empty(); }
  Status start(std::string_view space, std::string_view name,
               std::span<const xml::AttributeView> attributes, bool at_top = false);
  void text(std::string_view piece);
  /// True when the outermost element has ended; `take` then gives its text.
  bool end(bool empty_tag);
  std::string take();

 private:
  struct Open {
    std::string space;
    std::string name;
  };

  std::string_view document_space_;
  std::size_t limit_;
  std::size_t written_ = 0;  // by all elements of the document
  std::vector<Open> open_;
  std::string text_;
  bool tag_open_ = false;  // the start tag's `>` is still to come
};

/// Appends collected XML, with the member name put in if there is one.
void append_opaque(std::string& out, std::string_view xml, std::string_view name_attribute);

}  // namespace sfb::clixml
