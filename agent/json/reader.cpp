// A JSON reader with caps: depth, bytes, values, memory. It keeps the text of numbers and refuses
// what ConvertFrom-Json refuses.
#include "agent/json/reader.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/encoding.hpp"
#include "agent/base/memory_meter.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <unordered_set>
#include <utility>

namespace sfb::json {

namespace {

// Real exports have more bytes to a value.
constexpr std::size_t kBytesPerValue = 16;
constexpr std::size_t kExcerpt = 40;        // bytes of the text that an error shows
constexpr std::size_t kDecimalDigits = 28;  // what System.Decimal always holds

template <typename T>
bool fits(std::string_view text) {
  T number = 0;
  return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{};
}

class Parser {
 public:
  Parser(std::string_view text, const Limits& limits)
      : text_(text),
        max_depth_(limits.depth),
        max_values_(std::max<std::size_t>(limits.object / kBytesPerValue, 1)),
        meter_(limits) {}

  Result<Document> run() {
    const Result<Value> root = value(0);
    if (!root) {
      return std::unexpected(root.error());
    }
    skip_blanks();
    if (pos_ < text_.size()) {
      return error("json.trailing", "there is content behind the end of the document",
                   "the file may be two joined ones; export it again");
    }
    const Object* const object = document_.graph.object(*root);
    if (object != nullptr && object->collection) {
      // A pipeline's several objects.
      document_.roots = std::move(document_.graph.at(root->object).collection->items);
    } else {
      document_.roots.push_back(*root);
    }
    return std::move(document_);
  }

 private:
  std::unexpected<Error> error(std::string code, std::string_view what, std::string remedy) const {
    const std::string_view before = text_.substr(0, pos_);
    const auto line = 1 + std::ranges::count(before, '\n');
    const auto line_break = before.rfind('\n');
    const std::size_t start = line_break == std::string_view::npos ? 0 : line_break + 1;
    const auto column =
        1 + std::ranges::count_if(before.substr(start), [](char c) {
          return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // characters, not bytes
        });
    return fail(Reason::parse, std::move(code),
                fmt::format("JSON line {}, column {}: {}", line, column, what), std::move(remedy),
                std::string(text_.substr(pos_, kExcerpt)));
  }

  std::unexpected<Error> too_large(std::string_view what) const {
    return error("json.too_large", what, "export less, or raise limits.object");
  }

  std::unexpected<Error> too_much_memory() const {
    return too_large(fmt::format(
        "what was read takes more than {} bytes of memory (8 x limits.object)", meter_.limit()));
  }

  std::unexpected<Error> syntax(std::string_view what) const {
    return error("json.syntax", pos_ < text_.size() ? what : "the text ends too early",
                 "the file may be half-written or no JSON; export it again");
  }

  void skip_blanks() {
    while (pos_ < text_.size() && (text_[pos_] == ' ' || text_[pos_] == '\t' ||
                                   text_[pos_] == '\n' || text_[pos_] == '\r')) {
      ++pos_;
    }
  }

  char peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }

  bool take(char c) {
    const bool there = pos_ < text_.size() && text_[pos_] == c;
    pos_ += there ? 1 : 0;
    return there;
  }

  bool take_word(std::string_view word) {
    const bool there = text_.substr(pos_).starts_with(word);
    pos_ += there ? word.size() : 0;
    return there;
  }

  Result<Value> value(std::size_t depth) {
    skip_blanks();
    if (++values_ > max_values_) {
      return too_large(fmt::format("more than {} values", max_values_));
    }
    switch (peek()) {
      case '{':
      case '[':
        if (depth >= max_depth_) {
          return error("json.too_deep", fmt::format("nested more than {} deep", max_depth_),
                       "export with a smaller -Depth");
        }
        return peek() == '{' ? object(depth) : array(depth);
      case '"': {
        auto text = string();
        return text ? Result<Value>(Value::string(*std::move(text)))
                    : std::unexpected(text.error());
      }
      default:
        break;
    }
    if (take_word("true")) {
      return Value::boolean(true);
    }
    if (take_word("false")) {
      return Value::boolean(false);
    }
    if (take_word("null")) {
      return Value{};
    }
    return peek() == '-' || is_digit(peek()) ? number() : syntax("expected a value");
  }

  Result<Value> array(std::size_t depth) {
    ++pos_;
    Collection collection;
    skip_blanks();
    for (bool more = !take(']'); more;) {
      auto item = value(depth + 1);
      if (!item) {
        return item;
      }
      if (!meter_.grow(collection.items)) {
        return too_much_memory();
      }
      meter_.take(item->text);
      collection.items.push_back(*std::move(item));
      skip_blanks();
      more = take(',');
      if (!more && !take(']')) {
        return syntax("expected ',' or ']'");
      }
    }
    meter_.trim(collection.items);
    Object object;
    object.types = types(array_types_, {"System.Object[]", "System.Array", "System.Object"});
    object.collection = std::move(collection);
    return keep(std::move(object));
  }

  Result<Value> object(std::size_t depth) {
    ++pos_;
    Object object;
    object.has_extended = true;
    std::unordered_set<std::string> names;
    std::size_t names_bytes = 0;
    skip_blanks();
    for (bool more = !take('}'); more;) {
      skip_blanks();
      const std::size_t start = pos_;
      if (peek() != '"') {
        return syntax("expected a name in quotes");
      }
      auto name = string();
      if (!name) {
        return std::unexpected(name.error());
      }
      if (name->empty() || !names.insert(to_lower(*name)).second) {
        pos_ = start;
        return name->empty() ? syntax("a name is empty")
                             : error("json.duplicate_key", "a name stands twice in one object",
                                     "PowerShell compares names without case; keep one of them");
      }
      skip_blanks();
      if (!take(':')) {
        return syntax("expected ':'");
      }
      auto member = value(depth + 1);
      if (!member) {
        return member;
      }
      if (!meter_.grow(object.extended)) {
        return too_much_memory();
      }
      meter_.take(*name);
      meter_.take(member->text);
      names_bytes += set_entry_of(name->size());
      meter_.take(set_entry_of(name->size()));
      object.extended.push_back({*std::move(name), *std::move(member)});
      skip_blanks();
      more = take(',');
      if (!more && !take('}')) {
        return syntax("expected ',' or '}'");
      }
    }
    meter_.give(names_bytes);
    meter_.trim(object.extended);
    object.types =
        types(object_types_, {"System.Management.Automation.PSCustomObject", "System.Object"});
    return keep(std::move(object));
  }

  Result<Value> keep(Object object) {
    meter_.take(Graph::kObjectBytes);
    if (meter_.over()) {
      return too_much_memory();
    }
    return Value::object_ref(document_.graph.add(std::move(object)));
  }

  // One list of type names for all objects of a kind.
  TypesId types(std::optional<TypesId>& known, std::vector<std::string> names) {
    if (!known) {
      known = document_.graph.add_types(std::move(names));
    }
    return *known;
  }

  Result<Value> number() {
    const std::size_t start = pos_;
    take('-');
    const std::size_t first = pos_;
    skip_digits();
    const std::size_t whole = pos_ - first;
    if (whole == 0 || (whole > 1 && text_[first] == '0')) {
      pos_ = start;
      return syntax("not a number");
    }
    std::size_t digits = whole;
    bool integer = true;
    if (take('.')) {
      integer = false;
      const std::size_t point = pos_;
      skip_digits();
      if (pos_ == point) {
        return syntax("expected a digit");
      }
      digits += pos_ - point;
    }
    bool exponent = false;
    if (take('e') || take('E')) {
      exponent = true;
      if (!take('+')) {
        take('-');
      }
      const std::size_t power = pos_;
      skip_digits();
      if (pos_ == power) {
        return syntax("expected a digit");
      }
    }
    std::string text(text_.substr(start, pos_ - start));
    if (exponent) {
      return Value::make(Kind::double_float, std::move(text));
    }
    if (integer && text == "-0") {
      text = "0";
    }
    if (integer && fits<std::int32_t>(text)) {
      return Value::make(Kind::int32, std::move(text));
    }
    if (integer && fits<std::int64_t>(text)) {
      return Value::make(Kind::int64, std::move(text));
    }
    if (integer && fits<std::uint64_t>(text)) {
      return Value::make(Kind::uint64, std::move(text));
    }
    return Value::make(digits <= kDecimalDigits ? Kind::decimal : Kind::double_float,
                       std::move(text));
  }

  void skip_digits() {
    while (is_digit(peek())) {
      ++pos_;
    }
  }

  Result<std::string> string() {
    std::string out;
    // Doubling would take twice the room of a long text.
    out.reserve(std::min(text_.find('"', pos_ + 1), text_.size()) - pos_ - 1);
    for (++pos_; pos_ < text_.size();) {
      const char c = text_[pos_];
      if (c == '"') {
        ++pos_;
        return out;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        return syntax("a control character inside a string");
      }
      ++pos_;
      if (c != '\\') {
        out += c;
      } else if (!escape(out)) {
        --pos_;
        return syntax("an unknown escape");
      }
    }
    return syntax("the string does not end");
  }

  // Behind a backslash.
  bool escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (take('u')) {
      return unicode_escape(out);
    }
    const auto place = pos_ < text_.size() ? kNames.find(text_[pos_]) : std::string_view::npos;
    if (place == std::string_view::npos) {
      return false;
    }
    out += kMeant[place];
    ++pos_;
    return true;
  }

  // Four digits behind `\u`, and the second half of a pair if it follows.
  bool unicode_escape(std::string& out) {
    const int first = code_unit(pos_);
    if (first < 0) {
      return false;
    }
    pos_ += 4;
    if (first >= 0xD800 && first <= 0xDBFF && text_.substr(pos_).starts_with("\\u")) {
      const int second = code_unit(pos_ + 2);
      if (second >= 0xDC00 && second <= 0xDFFF) {
        pos_ += 6;
        append_utf8(out,
                    static_cast<char32_t>(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)));
        return true;
      }
    }
    append_utf8(out, static_cast<char32_t>(first));  // a lone surrogate becomes U+FFFD there
    return true;
  }

  int code_unit(std::size_t pos) const {
    if (pos + 4 > text_.size()) {
      return -1;
    }
    int unit = 0;
    for (std::size_t i = pos; i < pos + 4; ++i) {
      const int digit = hex_value(text_[i]);
      if (digit < 0) {
        return -1;
      }
      unit = unit * 16 + digit;
    }
    return unit;
  }

  const std::string_view text_;
  const std::size_t max_depth_;
  const std::size_t max_values_;
  MemoryMeter meter_;
  std::size_t pos_ = 0;
  std::size_t values_ = 0;
  std::optional<TypesId> array_types_;
  std::optional<TypesId> object_types_;
  Document document_;
};

}  // namespace

Result<Document> read(std::string_view bytes, const Limits& limits) {
  if (bytes.size() > limits.object) {
    return fail(Reason::parse, "json.too_large",
                fmt::format("JSON of {} bytes, at most {} are read", bytes.size(), limits.object),
                "export less, or raise limits.object");
  }
  std::string storage;
  const auto text = decode_text(bytes, storage);
  return text ? Parser(*text, limits).run() : std::unexpected(text.error());
}

}  // namespace sfb::json
