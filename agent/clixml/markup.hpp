// Elements of CLIXML as text, up to a limit. Private to the room.
#pragma once

#include "agent/base/capped_text.hpp"
#include "agent/value/value.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb::clixml {

/// Thread rule: one owner. `attributes` are ready: they begin with a blank, or are empty.
class Markup {
 public:
  Markup(bool indent, std::size_t max_bytes) : indent_(indent), out_(max_bytes) {}

  void open(std::string_view tag, std::string_view attributes = {});
  void close(std::string_view tag);
  void empty(std::string_view tag, std::string_view attributes);
  /// An element whose text needs no more than XML's own escapes.
  void text(std::string_view tag, std::string_view attributes, std::string_view text);
  /// An element whose text gets CLIXML's escapes too.
  void escaped(std::string_view tag, std::string_view attributes, std::string_view text);
  /// Finished XML in a place of its own.
  void raw(std::string_view xml);

  /// ` N="NAME"` of a member. Where there is no room for it, the text is full.
  std::string name_of(const Property& member);

  /// There was more than the limit: what follows is dropped.
  bool full() const { return out_.full(); }
  /// The text, or `render.too_large`.
  Result<std::string> finish() && { return std::move(out_).finish(); }

 private:
  void line();
  void add(std::string_view start, std::string_view tag, std::string_view attributes,
           std::string_view end);
  void add_text(std::string_view piece);

  bool indent_;
  std::size_t depth_ = 0;
  CappedText out_;
};

}  // namespace sfb::clixml
