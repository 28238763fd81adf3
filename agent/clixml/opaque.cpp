#include "agent/clixml/opaque.hpp"

#include "agent/clixml/refusals.hpp"
#include "agent/xml/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::clixml {

namespace {

// Stands for the document's own namespace; no namespace can have this name.
constexpr std::string_view kDocument("\0", 1);

}  // namespace

Status OpaqueCollector::start(std::string_view space, std::string_view name,
                              std::span<const xml::AttributeView> attributes, bool at_top) {
  const std::size_t before = text_.size();
  if (tag_open_) {
    text_ += '>';
  }
  // The document's own namespace is left out, so that a file's element also fits into a message;
  // no namespace at all is another thing and is written.
  const std::string_view outer = open_.empty() ? kDocument : std::string_view(open_.back().space);
  const std::string_view own = space == document_space_ ? kDocument : space;
  text_ += '<';
  text_ += name;
  if (own != outer) {
    text_ += " xmlns=\"";
    xml::append_attribute(text_, own == kDocument ? document_space_ : own);
    text_ += '"';
  }
  std::size_t prefixes = 0;
  for (const xml::AttributeView& attribute : attributes) {
    if (open_.empty() && attribute.space.empty() &&
        (attribute.name == "N" || (at_top && attribute.name == "S"))) {
      continue;
    }
    std::string prefix;
    if (attribute.space == xml::kXmlSpace) {
      prefix = "xml:";
    } else if (!attribute.space.empty()) {
      prefix = fmt::format("a{}:", prefixes);
      text_ += fmt::format(" xmlns:a{}=\"", prefixes++);
      xml::append_attribute(text_, attribute.space);
      text_ += '"';
    }
    text_ += fmt::format(" {}{}=\"", prefix, attribute.name);
    xml::append_attribute(text_, attribute.value);
    text_ += '"';
  }
  open_.push_back({std::string(own), std::string(name)});
  tag_open_ = true;
  written_ += text_.size() - before;
  if (written_ > limit_) {
    return fail(Reason::parse, "clixml.too_large",
                fmt::format("CLIXML: unknown elements take more than {} bytes", limit_),
                std::string(kTooLarge));
  }
  return {};
}

void OpaqueCollector::text(std::string_view piece) {
  if (std::exchange(tag_open_, false)) {
    text_ += '>';
  }
  xml::append_text(text_, piece);
}

bool OpaqueCollector::end(bool empty_tag) {
  const bool bare = std::exchange(tag_open_, false);
  if (bare && empty_tag) {
    text_ += " />";
  } else {
    text_ += bare ? "></" : "</";
    text_ += open_.back().name;
    text_ += '>';
  }
  open_.pop_back();
  return open_.empty();
}

std::string OpaqueCollector::take() {
  return std::exchange(text_, {});
}

void append_opaque(std::string& out, std::string_view xml, std::string_view name_attribute) {
  const auto name_end = std::min(xml.find_first_of(" />", 1), xml.size());
  out += xml.substr(0, name_end);
  out += name_attribute;
  out += xml.substr(name_end);
}

}  // namespace sfb::clixml
