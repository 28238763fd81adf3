// One YAML file as a tree of nodes that know their place. yaml-cpp is seen by document.cpp alone.
//
// The tree is built from yaml-cpp's events and not from its own Node: that one drops duplicate
// keys, forgets the place of keys and is unbounded.
#pragma once

#include "config/problem.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::config {

/// Caps on one file. Nodes count with aliases expanded: ten thousand pools with every key written
/// out need two hundred thousand.
inline constexpr std::size_t kMaxFileSize = 16UL << 20U;
inline constexpr std::size_t kMaxNodes = 500'000;
inline constexpr std::size_t kMaxNesting = 64;

struct Node;

/// One key of a map with its value.
struct Entry {
  const Node* key = nullptr;  ///< always a scalar
  const Node* value = nullptr;
};

/// A value of the file. An alias is a second pointer to its target, never a copy.
struct Node {
  enum class Kind : std::uint8_t { null, scalar, sequence, map };

  Kind kind = Kind::null;
  std::string_view file;  ///< owned by the Document
  std::size_t line = 0;
  std::size_t column = 0;
  std::string text;  ///< scalar
  std::vector<const Node*> items;
  std::vector<Entry> entries;  ///< map, in order, duplicates included
  bool open = false;           ///< while reading: an alias to it would be a cycle
  std::size_t expanded = 1;    ///< nodes below and with it, aliases expanded

  Position position() const { return {std::string(file), line, column}; }
};

/// A file that was read. Thread rule: immutable after parse.
struct Document {
  std::string file;
  std::deque<Node> nodes;
  const Node* root = nullptr;  ///< null: the file holds nothing but comments
};

/// Reads one file's text. One problem on the first thing that is no readable YAML of ours: syntax,
/// bytes that are not UTF-8, control characters, tags, keys that are not text, aliases to what they
/// lie in, more than one document, more than the caps. Never throws.
std::expected<std::unique_ptr<Document>, Problem> parse_document(std::string file,
                                                                 std::string_view text);

}  // namespace sfb::config
