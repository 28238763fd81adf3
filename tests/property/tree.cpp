#include "tests/property/tree.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sfb::property {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool blank(std::string_view text) {
  return text.find_first_not_of(kBlanks) == std::string_view::npos;
}

class XmlTree {
 public:
  explicit XmlTree(std::string_view text) : text_(text) {}

  std::optional<Node> read() {
    skip_prolog();
    auto node = element(0);
    return node && blank(text_.substr(at_)) ? node : std::nullopt;
  }

 private:
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }
  void skip_prolog() {
    if (text_.starts_with("#< CLIXML")) {
      at_ = 9;
    }
    skip_blanks();
    if (text_.substr(at_).starts_with("<?")) {
      at_ = std::min(text_.find("?>", at_), text_.size() - 2) + 2;
    }
    skip_blanks();
  }

  std::optional<Node> element(int depth) {
    if (depth > 200 || at_ >= text_.size() || text_[at_] != '<') {
      return std::nullopt;
    }
    const std::size_t name_at = at_ + 1;
    at_ = std::min(text_.find_first_of(" \t\r\n/>", name_at), text_.size());
    const std::string_view tag = text_.substr(name_at, at_ - name_at);
    Node node;
    node.kind = tag;
    node.list = tag == "LST" || tag == "IE" || tag == "STK" || tag == "QUE" || tag == "Objs";
    for (;;) {
      skip_blanks();
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("/>")) {
        at_ += 2;
        return node;
      }
      if (rest.starts_with(">")) {
        ++at_;
        return content(std::move(node), tag, depth);
      }
      if (!attribute(node)) {
        return std::nullopt;
      }
    }
  }

  bool attribute(Node& node) {
    const std::size_t equals = text_.find('=', at_);
    if (equals == std::string_view::npos || equals + 1 >= text_.size() ||
        (text_[equals + 1] != '"' && text_[equals + 1] != '\'')) {
      return false;
    }
    const std::size_t end = text_.find(text_[equals + 1], equals + 2);
    if (end == std::string_view::npos) {
      return false;
    }
    const std::string_view name = text_.substr(at_, equals - at_);
    const std::string_view value = text_.substr(equals + 2, end - equals - 2);
    if (name == "N") {
      node.name = value;
    } else {
      node.kind.append(" ").append(name).append("=").append(value);
    }
    at_ = end + 1;
    return true;
  }

  std::optional<Node> content(Node node, std::string_view tag, int depth) {
    std::string text;
    for (;;) {
      const std::size_t next = text_.find('<', at_);
      if (next == std::string_view::npos) {
        return std::nullopt;
      }
      text += text_.substr(at_, next - at_);
      at_ = next;
      if (text_.substr(at_).starts_with("</")) {
        at_ += 2;
        const std::size_t end = text_.find('>', at_);
        if (end == std::string_view::npos || text_.substr(at_, end - at_) != tag) {
          return std::nullopt;
        }
        at_ = end + 1;
        // Blanks between elements are layout; a number or a date is no text.
        if (tag == "S" || tag == "T" || tag == "ToString") {
          node.text = std::move(text);
        } else if (!blank(text)) {
          node.kind += ":" + text;
        }
        return node;
      }
      auto child = element(depth + 1);
      if (!child) {
        return std::nullopt;
      }
      node.children.push_back(std::move(*child));
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class JsonTree {
 public:
  explicit JsonTree(std::string_view text) : text_(text) {}

  std::optional<Node> read() {
    auto node = value(0);
    return node && blank(text_.substr(at_)) ? node : std::nullopt;
  }

 private:
  char peek() {
    at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    const bool found = peek() == c;
    at_ += found ? 1 : 0;
    return found;
  }

  std::optional<std::string> string() {
    if (!take('"')) {
      return std::nullopt;
    }
    const std::size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      at_ += text_[at_] == '\\' ? 1 : 0;
    }
    if (at_ >= text_.size()) {
      return std::nullopt;
    }
    return std::string(text_.substr(begin, at_++ - begin));
  }

  std::optional<Node> value(int depth) {
    if (depth > 200) {
      return std::nullopt;
    }
    Node node;
    const char first = peek();
    if (first == '"') {
      auto text = string();
      node.kind = "string";
      node.text = text.value_or("");
      return text ? std::optional(std::move(node)) : std::nullopt;
    }
    if (first == '{' || first == '[') {
      return container(depth);
    }
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n,]}", at_), text_.size());
    node.kind = text_.substr(at_, end - at_);
    at_ = end;
    return node.kind.empty() ? std::nullopt : std::optional(std::move(node));
  }

  std::optional<Node> container(int depth) {
    Node node;
    node.list = take('[');
    node.kind = node.list ? "[" : "{";
    const char close = node.list ? ']' : '}';
    if (!node.list) {
      take('{');
    }
    bool counted = false;
    while (!take(close)) {
      if (!node.children.empty() && !take(',')) {
        return std::nullopt;
      }
      std::string name;
      if (!node.list) {
        auto key = string();
        if (!key || !take(':')) {
          return std::nullopt;
        }
        name = std::move(*key);
      }
      auto child = value(depth + 1);
      if (!child) {
        return std::nullopt;
      }
      counted = counted || name == "Count";
      child->name = std::move(name);
      node.children.push_back(std::move(*child));
    }
    for (Node& child : node.children) {
      child.list = child.list && !(counted && child.name == "value");
    }
    return node;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Difference of_nodes(const Node& whole, const Node& damaged);

// The children of a list, of which some are gone: equal ones at both ends are paired; of those
// between, each that is left must be one that was there, in order.
Difference of_lists(const std::vector<Node>& whole, const std::vector<Node>& damaged) {
  std::size_t head = 0;
  while (head < damaged.size() && whole[head] == damaged[head]) {
    ++head;
  }
  std::size_t tail = 0;
  while (tail < damaged.size() - head &&
         whole[whole.size() - 1 - tail] == damaged[damaged.size() - 1 - tail]) {
    ++tail;
  }
  Difference worst = Difference::elements;
  std::size_t from = head;
  for (std::size_t i = head; i + tail < damaged.size(); ++i) {
    Difference best = Difference::structure;
    for (std::size_t k = from; k + tail < whole.size(); ++k) {
      const Difference found = of_nodes(whole[k], damaged[i]);
      if (found < best) {
        best = found;
        from = k + 1;
      }
    }
    worst = both(worst, best);
  }
  return worst;
}

Difference of_nodes(const Node& whole, const Node& damaged) {
  if (whole.kind != damaged.kind || damaged.children.size() > whole.children.size()) {
    return Difference::structure;
  }
  const bool same = whole.name == damaged.name && whole.text == damaged.text;
  Difference worst = same ? Difference::none : Difference::letters;
  if (damaged.children.size() < whole.children.size()) {
    return whole.list ? both(worst, of_lists(whole.children, damaged.children))
                      : Difference::structure;
  }
  for (std::size_t i = 0; i < whole.children.size(); ++i) {
    worst = both(worst, of_nodes(whole.children[i], damaged.children[i]));
  }
  return worst;
}

}  // namespace

std::optional<Node> read_tree(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) {
    return std::nullopt;
  }
  return text[first] == '{' || text[first] == '[' ? JsonTree(text).read() : XmlTree(text).read();
}

std::string_view to_string(Difference difference) {
  constexpr std::array<std::string_view, 5> kWords = {
      "no difference", "letters within names and texts", "whole elements of lists without Count",
      "a cut from one element of a list without Count into a later one", "structure"};
  return kWords.at(static_cast<std::size_t>(difference));
}

Difference difference(const std::optional<Node>& whole, const std::optional<Node>& damaged) {
  return whole && damaged ? of_nodes(*whole, *damaged) : Difference::structure;
}

Difference both(Difference a, Difference b) {
  const auto [better, worse] = std::minmax({a, b});
  return better == Difference::letters && worse == Difference::elements
             ? Difference::elements_and_letters
             : worse;
}

}  // namespace sfb::property
