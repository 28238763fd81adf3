// A document's structure, read by a small reader of the test's own: it tells whether damage touched
// only what no reader can miss, letters within names and texts, or whole elements of a list.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::property {

struct Node {
  /// Tag with its ids, or JSON's kind; with the content of what is neither name nor text.
  std::string kind;
  std::string name;   ///< attribute N, or the member's name
  std::string text;   ///< of a text, a type name, a ToString
  bool list = false;  ///< its children are elements of a list without Count
  std::vector<Node> children;

  bool operator==(const Node&) const = default;
};

/// CLIXML (a whole file or a message's one element) or JSON, by the first byte. nullopt: it is
/// neither, or broken.
std::optional<Node> read_tree(std::string_view text);

/// How a damaged document differs. Ordered: the later the worse.
enum class Difference {
  none,
  letters,               ///< within names and texts
  elements,              ///< whole elements of lists without Count are gone
  elements_and_letters,  ///< both at once: a cut from within one element into a later one
  structure,             ///< everything else
};
std::string_view to_string(Difference difference);

Difference difference(const std::optional<Node>& whole, const std::optional<Node>& damaged);
/// Of two parts of one thing.
Difference both(Difference a, Difference b);

}  // namespace sfb::property
