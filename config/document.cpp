#include "config/document.hpp"

#include "agent/base/text.hpp"
#include "config/open_ends.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_map>
#include <utility>

namespace sfb::config {

namespace {

// Thrown by the builder and caught in parse_document: the only way out of yaml-cpp's parser before
// its recursion follows the input any deeper.
struct Refused : std::exception {
  Refused(const YAML::Mark& at, std::string text, std::string allowed)
      : mark(at), what_is_wrong(std::move(text)), remedy(std::move(allowed)) {}
  YAML::Mark mark;
  std::string what_is_wrong;
  std::string remedy;
};

// Lets yaml-cpp read the text without a copy of it.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // a get area is never written to
    setg(begin, begin, begin + text.size());
  }
};

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(Document& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (document_.root != nullptr) {
      throw Refused(mark, "a second document starts here", "write one document per file");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    attach(mark, make(mark, anchor, Node::Kind::null));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end() || found->second->open) {
      throw Refused(mark, "the alias refers to a value that it is part of",
                    "refer only to what is complete");
    }
    count(mark, found->second->expanded);
    attach(mark, found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    Node* const node = make(mark, anchor, Node::Kind::scalar);
    node->text = value;
    attach(mark, node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    start(mark, tag, anchor, Node::Kind::sequence);
  }
  void OnSequenceEnd() override { finish(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    start(mark, tag, anchor, Node::Kind::map);
  }
  void OnMapEnd() override { finish(); }

 private:
  struct Open {
    Node* node;
    std::size_t count_before;
    const Node* key = nullptr;  // of a map: set while its value is awaited
  };

  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    // yaml-cpp gives "?" to plain and "!" to quoted scalars.
    if (!tag.empty() && tag != "?" && tag != "!") {
      // Not repeated: it may be a password that begins with an exclamation mark.
      throw Refused(mark, "a tag, which begins with !, is not understood",
                    "write the value without a tag, or in quotes");
    }
  }

  void count(const YAML::Mark& mark, std::size_t more) {
    count_ += more;
    if (count_ > kMaxNodes) {
      throw Refused(mark,
                    fmt::format("the file has more than {} values, aliases expanded", kMaxNodes),
                    "split it into several files");
    }
  }

  Node* make(const YAML::Mark& mark, YAML::anchor_t anchor, Node::Kind kind) {
    count(mark, 1);
    Node& node = document_.nodes.emplace_back();
    node.kind = kind;
    node.file = document_.file;
    node.line = static_cast<std::size_t>(mark.line) + 1;
    node.column = static_cast<std::size_t>(mark.column) + 1;
    if (anchor != YAML::NullAnchor) {
      anchors_[anchor] = &node;
    }
    return &node;
  }

  void attach(const YAML::Mark& mark, const Node* node) {
    if (open_.empty()) {
      document_.root = node;
      return;
    }
    Open& parent = open_.back();
    if (parent.node->kind == Node::Kind::sequence) {
      parent.node->items.push_back(node);
    } else if (parent.key == nullptr) {
      if (node->kind != Node::Kind::scalar) {
        throw Refused(mark, "the key is not text",
                      node->kind == Node::Kind::map
                          ? "write a name before the colon; what {{ }} stands for must be there "
                            "before this file is read"
                          : "write a name before the colon");
      }
      parent.key = node;
    } else {
      parent.node->entries.push_back({parent.key, node});
      parent.key = nullptr;
    }
  }

  void start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
             Node::Kind kind) {
    refuse_tag(mark, tag);
    if (open_.size() == kMaxNesting) {
      throw Refused(mark, fmt::format("values are nested deeper than {}", kMaxNesting),
                    "the configuration needs four levels");
    }
    const std::size_t before = count_;
    Node* const node = make(mark, anchor, kind);
    attach(mark, node);
    node->open = true;
    open_.push_back({.node = node, .count_before = before});
  }

  void finish() {
    open_.back().node->open = false;
    open_.back().node->expanded = count_ - open_.back().count_before;
    open_.pop_back();
  }

  Document& document_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, const Node*> anchors_;
  std::size_t count_ = 0;
};

// What yaml-cpp must not see: it takes 0x04 for the end of the file and passes other controls and
// ill-formed UTF-8 on.
std::optional<Problem> check_characters(const std::string& file, std::string_view text) {
  std::size_t line = 1;
  std::size_t line_start = 0;
  std::size_t separators = 0;
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t at = pos;
    const char32_t c = next_code_point(text, pos);
    if (c == '\n') {
      ++line;
      line_start = pos;
    } else if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7F) {
      return Problem{
          {file, line, at - line_start + 1},
          {},
          fmt::format("the control character 0x{:02x} is not allowed", static_cast<unsigned>(c)),
          "remove it or save the file as UTF-8"};
    } else if ((c == '[' || c == '{' || c == ',') && ++separators > kMaxNodes) {
      // In one flow collection yaml-cpp keeps every token until its end: gigabytes, before the
      // builder sees the first value.
      return Problem{{file, line, at - line_start + 1},
                     {},
                     fmt::format("the file has more than {} brackets and commas", kMaxNodes),
                     "split it into several files"};
    } else if (c == 0xFFFD && pos - at == 1) {
      return Problem{{file, line, at - line_start + 1},
                     {},
                     fmt::format("the byte 0x{:02x} is not UTF-8",
                                 static_cast<unsigned>(static_cast<unsigned char>(text[at]))),
                     "save the file as UTF-8"};
    }
  }
  return std::nullopt;
}

// yaml-cpp has no words of its own for the commonest mistake.
std::string syntax_remedy(std::string_view text, const YAML::Mark& mark) {
  if (mark.pos >= 0 && static_cast<std::size_t>(mark.pos) <= text.size()) {
    const auto pos = static_cast<std::size_t>(mark.pos);
    const std::size_t line = pos == 0 ? std::string_view::npos : text.rfind('\n', pos - 1);
    std::string_view indent = text.substr(line == std::string_view::npos ? 0 : line + 1);
    indent = indent.substr(0, indent.find_first_not_of(" \t"));
    if (indent.find('\t') != std::string_view::npos) {
      return "indent with blanks, not with tabs";
    }
  }
  return "check quotes, brackets and indentation here and in the lines before";
}

// What yaml-cpp says without what it found: behind a colon it repeats the input, perhaps a secret.
std::string own_words(std::string_view message) {
  return quote(message.substr(0, message.find(": ")));
}

Problem problem_at(const std::string& file, const YAML::Mark& mark, std::string what,
                   std::string remedy) {
  Position where{file, 0, 0};
  if (!mark.is_null()) {
    where.line = static_cast<std::size_t>(mark.line) + 1;
    where.column = static_cast<std::size_t>(mark.column) + 1;
  }
  return {std::move(where), {}, std::move(what), std::move(remedy)};
}

Problem has_no_end(const std::string& file, const Opening& begin) {
  const bool bracket = begin.mark == '[' || begin.mark == '{';
  return {{file, begin.line, begin.column},
          {},
          fmt::format("is not valid YAML: the {} that begins here has no end",
                      bracket ? fmt::format("bracket {}", begin.mark) : "quoted value"),
          bracket ? fmt::format("write {} behind its last entry", begin.mark == '[' ? ']' : '}')
                  : fmt::format("write {} behind it", begin.mark)};
}

// A map whose end is missing may be read as a key.
bool is_at(const Opening& opening, const YAML::Mark& mark) {
  return std::cmp_equal(opening.line, mark.line + 1) &&
         std::cmp_equal(opening.column, mark.column + 1);
}

// yaml-cpp takes the end of the file for that of a quoted value when a line end stands before it.
std::optional<Problem> check_last_quote(const Document& document, std::string_view text) {
  const OpenEnds open = find_open_ends(text);
  const bool is_value = open.unclosed && std::ranges::any_of(document.nodes, [&](const Node& node) {
                          return node.kind == Node::Kind::scalar &&
                                 node.line == open.unclosed->line &&
                                 node.column == open.unclosed->column;
                        });
  return is_value ? std::optional(has_no_end(document.file, *open.unclosed)) : std::nullopt;
}

// yaml-cpp stops where it knows that an end is missing: at the end of the file, or anywhere behind
// a quote that some other quote ended.
Problem syntax_problem(const std::string& file, std::string_view text,
                       const YAML::Exception& error) {
  const OpenEnds open = find_open_ends(text);
  const auto before = [&](const Opening& opening) {
    return error.mark.is_null() || std::cmp_less_equal(opening.line, error.mark.line + 1);
  };
  if (open.unclosed && before(*open.unclosed)) {
    return has_no_end(file, *open.unclosed);
  }
  std::string remedy = syntax_remedy(text, error.mark);
  if (open.long_quote && before(*open.long_quote)) {
    remedy = fmt::format(
        "look at the quoted value that begins at line {}, column {} and ends only in line {}: a "
        "quote may be missing",
        open.long_quote->line, open.long_quote->column, open.long_quote_end);
  }
  return problem_at(file, error.mark, "is not valid YAML: " + own_words(error.msg),
                    std::move(remedy));
}

}  // namespace

std::expected<std::unique_ptr<Document>, Problem> parse_document(std::string file,
                                                                 std::string_view text) {
  if (text.size() > kMaxFileSize) {
    return std::unexpected(Problem{{std::move(file), 0, 0},
                                   {},
                                   fmt::format("is larger than {} bytes", kMaxFileSize),
                                   "split it into several files"});
  }
  if (auto bad = check_characters(file, text)) {
    return std::unexpected(std::move(*bad));
  }
  auto document = std::make_unique<Document>();
  document->file = std::move(file);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    Builder builder(*document);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    if (const auto open = find_open_ends(text).unclosed; open && is_at(*open, refused.mark)) {
      return std::unexpected(has_no_end(document->file, *open));
    }
    return std::unexpected(
        problem_at(document->file, refused.mark, refused.what_is_wrong, refused.remedy));
  } catch (const YAML::Exception& error) {
    return std::unexpected(syntax_problem(document->file, text, error));
  } catch (const std::exception& error) {
    return std::unexpected(problem_at(document->file, YAML::Mark::null_mark(),
                                      "cannot be read as YAML: " + quote(error.what()),
                                      "simplify it"));
  }
  if (auto bad = check_last_quote(*document, text)) {
    return std::unexpected(std::move(*bad));
  }
  return document;
}

}  // namespace sfb::config
