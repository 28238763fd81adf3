#include "agent/xml/stream.hpp"

#include "agent/base/ascii.hpp"
#include "agent/xml/counting_memory.hpp"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace sfb::xml {

namespace {

// Names of namespaces are copied once per element by some readers, so a long one would multiply.
constexpr std::size_t kMaxSpaceLength = 512;
// Prefixes in scope are searched one after the other.
constexpr std::size_t kMaxBindings = 64;
// No format read here has a tag with a tenth of them.
constexpr std::size_t kMaxAttributes = 1024;
// Expat's own memory: one name as long as the document takes seven times that, each open element
// its share beside it.
constexpr std::size_t kParserTimes = 8;
constexpr std::size_t kOpenElement = 256;
constexpr std::size_t kLeastParser = 1UL << 20U;

std::size_t parser_memory(const ReaderLimits& limits) {
  const auto times = [](std::size_t value, std::size_t by) {
    return by * std::min(value, SIZE_MAX / 4 / by);
  };
  return std::max(times(limits.bytes, kParserTimes), kLeastParser) +
         times(limits.depth, kOpenElement);
}
// Expat copies what it is given: little at a time, yet so much that a text which has no end does
// not take long.
constexpr std::size_t kChunk = 256UL << 10U;

struct ParserFree {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserFree>;

// What a prefix means from one depth on.
struct Binding {
  std::string prefix;
  std::string space;
  std::size_t depth = 0;
};

struct QName {
  std::string_view prefix;
  std::string_view local;
};

// Expat checks the name as a whole, so `p:1` passes there though `1` is no name. Which other
// letters may begin one is left open: no format read here has a prefixed name outside of ASCII.
std::optional<QName> split_name(std::string_view name) {
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) {
    return QName{{}, name};
  }
  const QName parts{name.substr(0, colon), name.substr(colon + 1)};
  if (parts.prefix.empty() || parts.local.empty() || parts.local.contains(':')) {
    return std::nullopt;
  }
  const char first = parts.local.front();
  return is_letter(first) || first == '_' ? std::optional(parts) : std::nullopt;
}

// Feeds expat's callbacks to a Handler. Prefixes are resolved here and not by expat, because expat
// copies the whole namespace URI for every prefixed attribute: a 4 MiB document could ask for
// hundreds of gigabytes.
class Session {
 public:
  // `first`: end with the root element.
  Session(const ReaderLimits& limits, Handler& handler, bool first, std::size_t nodes_before = 0)
      : limits_(limits),
        handler_(handler),
        memory_(parser_memory(limits)),
        nodes_(nodes_before),
        first_(first) {}

  Result<Extent> run(std::string_view document);

 private:
  static Session& self(void* data) { return *static_cast<Session*>(data); }
  static void on_start(void* data, const XML_Char* name, const XML_Char** attributes) {
    self(data).take(self(data).start(name, attributes));
  }
  static void on_end(void* data, const XML_Char*) { self(data).take(self(data).end()); }
  static void on_text(void* data, const XML_Char* text, int length) {
    if (!self(data).error_) {
      self(data).take(
          self(data).handler_.text(std::string_view(text, static_cast<std::size_t>(length))));
    }
  }
  static void on_doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    self(data).take(fail(Reason::parse, "xml.doctype",
                         "the XML has a document type declaration, which is refused",
                         "remove <!DOCTYPE ...>"));
  }

  Status start(std::string_view name, const XML_Char** attributes);
  Status end();
  Status declare(std::string_view prefix, std::string_view space);
  std::optional<std::string_view> space_of(std::string_view prefix, bool attribute) const;
  std::unexpected<Error> too_large(std::string what) const;
  void take(Status status);
  std::unexpected<Error> stopped();

  const ReaderLimits& limits_;
  Handler& handler_;
  CountingMemory memory_;  // outlives the parser
  Parser parser_;
  std::optional<Error> error_;
  std::vector<Binding> bindings_;
  std::vector<AttributeView> attributes_;
  std::size_t depth_ = 0;
  std::size_t nodes_;
  bool first_;
  bool root_ended_ = false;
  std::size_t root_end_ = 0;  // its last byte's place, if `first_`
};

// Keeps the first failure and stops expat. Expat may still call once or twice before it stops.
void Session::take(Status status) {
  if (!status && !error_) {
    error_ = std::move(status).error();
    error_->message += fmt::format(" (line {}, column {})", XML_GetCurrentLineNumber(parser_.get()),
                                   XML_GetCurrentColumnNumber(parser_.get()) + 1);
    XML_StopParser(parser_.get(), XML_FALSE);
  }
}

std::unexpected<Error> Session::too_large(std::string what) const {
  return fail(Reason::parse, "xml.too_large", std::move(what));
}

std::unexpected<Error> syntax(std::string message) {
  return fail(Reason::parse, "xml.syntax", std::move(message));
}

Status Session::declare(std::string_view prefix, std::string_view space) {
  if (prefix == "xmlns" || (prefix == "xml") != (space == kXmlSpace)) {
    return syntax("the XML declares a reserved namespace prefix");
  }
  if (space.empty() && !prefix.empty()) {
    return syntax("the XML declares a prefix for an empty namespace");
  }
  if (space.size() > kMaxSpaceLength || bindings_.size() == kMaxBindings) {
    return too_large(
        fmt::format("the XML declares more than {} namespaces or one longer than {} "
                    "bytes",
                    kMaxBindings, kMaxSpaceLength));
  }
  bindings_.push_back({std::string(prefix), std::string(space), depth_});
  return {};
}

std::optional<std::string_view> Session::space_of(std::string_view prefix, bool attribute) const {
  if (attribute && prefix.empty()) {
    return "";  // the default namespace is for elements only
  }
  if (prefix == "xml") {
    return kXmlSpace;
  }
  for (auto binding = bindings_.rbegin(); binding != bindings_.rend(); ++binding) {
    if (binding->prefix == prefix) {
      return binding->space;
    }
  }
  return prefix.empty() ? std::optional<std::string_view>("") : std::nullopt;
}

Status Session::start(std::string_view name, const XML_Char** attributes) {
  if (error_) {
    return {};
  }
  ++depth_;
  if (depth_ > limits_.depth) {
    return fail(Reason::parse, "xml.too_deep",
                fmt::format("the XML is nested deeper than {} elements", limits_.depth));
  }
  attributes_.clear();
  ++nodes_;
  for (const XML_Char** at = attributes; *at != nullptr; at += 2) {
    ++nodes_;
    if (attributes_.size() == kMaxAttributes) {
      return syntax(fmt::format("a tag of the XML has more than {} attributes", kMaxAttributes));
    }
    const std::string_view attribute(at[0]);
    const auto parts = split_name(attribute);
    if (!parts) {
      return syntax("an attribute's prefix or name is not valid");
    }
    if (attribute != "xmlns" && parts->prefix != "xmlns") {
      attributes_.push_back({parts->prefix, parts->local, at[1]});
    } else if (auto status = declare(parts->prefix.empty() ? "" : parts->local, at[1]); !status) {
      return status;
    }
  }
  if (nodes_ > limits_.nodes) {
    return too_large(
        fmt::format("the XML has more than {} elements and attributes", limits_.nodes));
  }
  // Two prefixes of one namespace could give an attribute twice; readers then take the first.
  // Until here `space` held the prefix: the declarations may follow its use.
  for (AttributeView& attribute : attributes_) {
    const auto space = space_of(attribute.space, true);
    if (!space) {
      return syntax("an attribute's prefix is not declared");
    }
    attribute.space = *space;
  }
  const auto parts = split_name(name);
  const auto space = parts ? space_of(parts->prefix, false) : std::nullopt;
  if (!space) {
    return syntax("an element's prefix is not declared, or its name is not valid");
  }
  return handler_.start(*space, parts->local, attributes_);
}

Status Session::end() {
  if (error_) {
    return {};
  }
  // Expat's documented mark of `<x/>`: its end has no bytes of its own.
  auto status = handler_.end(XML_GetCurrentByteCount(parser_.get()) == 0);
  while (!bindings_.empty() && bindings_.back().depth == depth_) {
    bindings_.pop_back();
  }
  --depth_;
  root_ended_ = depth_ == 0;
  if (first_ && root_ended_ && status) {
    root_end_ = static_cast<std::size_t>(XML_GetCurrentByteIndex(parser_.get()) +
                                         XML_GetCurrentByteCount(parser_.get()));
    XML_StopParser(parser_.get(), XML_FALSE);
  }
  return status;
}

std::unexpected<Error> Session::stopped() {
  if (error_) {
    return std::unexpected(std::move(*error_));
  }
  const XML_Parser parser = parser_.get();
  if (memory_.over()) {
    return syntax(
        fmt::format("the XML has a tag with too many attributes: it takes more than {} "
                    "bytes of memory",
                    memory_.limit()));
  }
  if (root_ended_) {
    return fail(
        Reason::parse, "xml.trailing",
        fmt::format("the XML has content behind the end of its root element (line {}, "
                    "column {})",
                    XML_GetCurrentLineNumber(parser), XML_GetCurrentColumnNumber(parser) + 1));
  }
  return syntax(fmt::format("the XML is not well-formed: {} (line {}, column {})",
                            XML_ErrorString(XML_GetErrorCode(parser)),
                            XML_GetCurrentLineNumber(parser),
                            XML_GetCurrentColumnNumber(parser) + 1));
}

Result<Extent> Session::run(std::string_view document) {
  if (document.size() > limits_.bytes) {
    return too_large(
        fmt::format("the XML has {} bytes, the limit is {}", document.size(), limits_.bytes));
  }
  const CountingMemory::Use use(memory_);
  // The encoding given here wins over the one a declaration names.
  parser_.reset(XML_ParserCreate_MM("UTF-8", &CountingMemory::suite(), nullptr));
  if (!parser_) {
    return fail(Reason::internal, "xml.parser", "no memory for an XML parser");
  }
  XML_SetUserData(parser_.get(), this);
  XML_SetElementHandler(parser_.get(), on_start, on_end);
  XML_SetCharacterDataHandler(parser_.get(), on_text);
  XML_SetStartDoctypeDeclHandler(parser_.get(), on_doctype);
  std::size_t pos = 0;
  do {
    const std::string_view chunk = document.substr(pos, kChunk);
    pos += chunk.size();
    const bool last = pos == document.size();
    if (XML_Parse(parser_.get(), chunk.data(), static_cast<int>(chunk.size()),
                  last ? XML_TRUE : XML_FALSE) != XML_STATUS_OK) {
      if (root_end_ != 0) {
        return Extent{root_end_, nodes_};
      }
      return stopped();
    }
  } while (pos < document.size());
  return Extent{document.size(), nodes_};
}

}  // namespace

Status parse(std::string_view document, const ReaderLimits& limits, Handler& handler) {
  auto extent = Session(limits, handler, false).run(document);
  return extent ? Status() : std::unexpected(std::move(extent).error());
}

Result<Extent> parse_first(std::string_view text, const ReaderLimits& limits, Handler& handler,
                           std::size_t nodes_before) {
  return Session(limits, handler, true, nodes_before).run(text);
}

}  // namespace sfb::xml
