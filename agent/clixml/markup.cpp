#include "agent/clixml/markup.hpp"

#include "agent/base/text.hpp"
#include "agent/clixml/escape.hpp"
#include "agent/xml/writer.hpp"

namespace sfb::clixml {

namespace {

// Escapes make a text up to seven times as long: it is written in such pieces.
constexpr std::size_t kPiece = 64UL << 10U;

}  // namespace

void Markup::line() {
  if (indent_ && !out_.empty()) {
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }
}

void Markup::add(std::string_view start, std::string_view tag, std::string_view attributes,
                 std::string_view end) {
  out_ += start;
  out_ += tag;
  out_ += attributes;
  out_ += end;
}

void Markup::open(std::string_view tag, std::string_view attributes) {
  line();
  add("<", tag, attributes, ">");
  ++depth_;
}

void Markup::close(std::string_view tag) {
  --depth_;
  line();
  add("</", tag, {}, ">");
}

void Markup::empty(std::string_view tag, std::string_view attributes) {
  line();
  add("<", tag, attributes, " />");
}

void Markup::text(std::string_view tag, std::string_view attributes, std::string_view text) {
  line();
  add("<", tag, attributes, ">");
  while (!text.empty() && !full()) {
    const std::string_view piece = cut_utf8(text, kPiece);
    add_text(piece);
    text.remove_prefix(piece.size());
  }
  add("</", tag, {}, ">");
}

void Markup::escaped(std::string_view tag, std::string_view attributes, std::string_view text) {
  line();
  add("<", tag, attributes, ">");
  for (std::size_t pos = 0; pos < text.size() && !full();) {
    add_text(escape_some(text, pos, kPiece));
  }
  add("</", tag, {}, ">");
}

void Markup::add_text(std::string_view piece) {
  std::string escaped;
  xml::append_text(escaped, piece);
  out_ += escaped;
}

void Markup::raw(std::string_view xml) {
  line();
  out_ += xml;
}

std::string Markup::name_of(const Property& member) {
  std::string name = " N=\"";
  if (!member.wire_name.empty()) {
    xml::append_attribute(name, member.wire_name);
  }
  const std::string_view plain = member.wire_name.empty() ? member.name : std::string_view();
  for (std::size_t pos = 0; pos < plain.size() && name.size() <= out_.left();) {
    xml::append_attribute(name, escape_some(plain, pos, kPiece));
  }
  if (name.size() > out_.left()) {
    out_.fill();
  }
  return name + '"';
}

}  // namespace sfb::clixml
