// The ways in: what a file's or a message's bytes are before they are CLIXML.
#include "agent/clixml/clixml.hpp"

#include "agent/base/encoding.hpp"
#include "agent/clixml/reader.hpp"
#include "agent/clixml/refusals.hpp"
#include "agent/clixml/tags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::clixml {

namespace {

// U+FFFE and U+FFFF come raw from PowerShell though XML forbids them: their escapes mean the same.
// A view of `text` where there are none, else of `out`.
std::string_view escape_noncharacters(std::string_view text, std::string& out) {
  constexpr std::string_view kLead = "\xEF\xBF";
  std::size_t copied = 0;
  for (auto pos = text.find(kLead); pos != std::string::npos; pos = text.find(kLead, pos + 2)) {
    const char last = pos + 2 < text.size() ? text[pos + 2] : '\0';
    if (last == '\xBE' || last == '\xBF') {
      out += text.substr(copied, pos - copied);
      out += last == '\xBE' ? "_xFFFE_" : "_xFFFF_";
      copied = pos + 3;
    }
  }
  if (copied == 0) {
    return text;
  }
  out += text.substr(copied);
  return out;
}

// Elements and attributes allowed for a size: real exports have about 60 bytes an element.
constexpr std::size_t kBytesPerNode = 64;
constexpr std::size_t kLeastNodes = 4096;

std::unexpected<Error> too_large(std::size_t bytes, std::size_t limit) {
  return fail(Reason::parse, "clixml.too_large",
              fmt::format("CLIXML: {} bytes, the limit is {} of UTF-8", bytes, limit),
              std::string(kTooLarge));
}

xml::ReaderLimits limits_of(std::string_view text, const Limits& limits) {
  xml::ReaderLimits xml_limits;
  xml_limits.bytes = text.size();
  // An object takes at most three elements a level (Obj, DCT, En); Objs and a scalar's own come on
  // top.
  xml_limits.depth = 3 * std::min(limits.depth, std::size_t{1} << 20U) + 4;
  xml_limits.nodes = std::max(limits.object / kBytesPerNode, kLeastNodes);
  return xml_limits;
}

std::unexpected<Error> as_clixml(Error error) {
  if (error.code.starts_with("xml.")) {
    const bool syntax = error.code == "xml.syntax" || error.code == "xml.doctype";
    error.code = syntax ? "clixml.syntax" : "cli" + error.code;
    error.message = "CLIXML: " + error.message;
    if (error.code == "clixml.too_large") {
      error.remedy = kTooLarge;
    }
    error.remedy = error.remedy.empty() ? std::string(kRemedy) : error.remedy;
  }
  return std::unexpected(std::move(error));
}

// What a Reader found in one text, or its error.
Result<std::vector<Value>> read(std::string_view text, Reader& reader, const Limits& limits) {
  if (auto status = xml::parse(text, limits_of(text, limits), reader); !status) {
    return as_clixml(std::move(status).error());
  }
  return reader.take();
}

// Where the next document begins: its declaration must come first.
std::string_view from_markup(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

// Takes the line away that powershell.exe -OutputFormat Xml writes before its documents.
bool take_mark(std::string_view& text) {
  constexpr std::string_view kMark = "#< CLIXML";
  if (!text.starts_with(kMark)) {
    return false;
  }
  text = from_markup(text.substr(kMark.size()));
  return true;
}

// What powershell.exe -OutputFormat Xml writes: documents one behind the other. Where its stdout
// and stderr went into one file, each has a mark of its own.
Result<std::vector<Value>> read_several(std::string_view text, Reader& reader,
                                        const Limits& limits) {
  const xml::ReaderLimits xml_limits = limits_of(text, limits);
  std::size_t nodes = 0;
  for (int number = 1; !text.empty(); ++number) {
    if (number > 1 && !text.starts_with('<')) {
      return fail(Reason::parse, "clixml.trailing",
                  fmt::format("CLIXML: there is content behind the end of document {}", number - 1),
                  std::string(kRemedy));
    }
    reader.begin_document();
    const auto extent = xml::parse_first(text, xml_limits, reader, nodes);
    if (!extent) {
      Error error = extent.error();
      if (number > 1) {  // its line and column count from there
        error.message += fmt::format(" of document {}", number);
      }
      return as_clixml(std::move(error));
    }
    nodes = extent->nodes;
    text = from_markup(text.substr(extent->bytes));
    take_mark(text);
  }
  return reader.take();
}

// A server's objects are not exported anew, nor written to a file in one piece.
std::unexpected<Error> of_message(Error error) {
  if (error.code == "clixml.too_deep") {
    error.remedy = "raise limits.depth if the server's objects are nested so deep";
  } else if (error.code.ends_with(".too_large")) {
    error.remedy = "raise limits.object if that is what the server has to say";
  } else {
    error.remedy =
        "the answer was changed on the way, or is none of PowerShell's: look at what stands "
        "between the agent and the server; `evaluate --debug POOL` shows it";
  }
  return std::unexpected(std::move(error));
}

}  // namespace

Result<File> read_file(std::string_view bytes, const Limits& limits) {
  // UTF-16 takes two bytes for what the limit counts as one.
  if (bytes.size() / 2 > limits.object) {
    return too_large(bytes.size(), limits.object);
  }
  std::string storage;
  const auto decoded = decode_text(bytes, storage);
  if (!decoded) {
    return std::unexpected(decoded.error());
  }
  if (decoded->size() > limits.object) {
    return too_large(decoded->size(), limits.object);
  }
  std::string escaped;
  std::string_view text = from_markup(escape_noncharacters(*decoded, escaped));
  const bool stream = take_mark(text);
  if (!text.starts_with('<')) {
    return fail(Reason::parse, "clixml.not_clixml",
                text.empty() ? "CLIXML: there is nothing to read"
                             : "CLIXML: the text does not begin with <",
                "write it with Export-Clixml", std::string(text.substr(0, 100)));
  }
  File file;
  MemoryMeter meter(limits);
  Reader reader(kSpace, limits, file.graph, meter);
  auto roots = stream ? read_several(text, reader, limits) : read(text, reader, limits);
  if (!roots) {
    return std::unexpected(std::move(roots).error());
  }
  file.roots = *std::move(roots);
  file.streams = reader.take_streams();
  return file;
}

Result<Value> read_message(std::string_view body, const Limits& limits, Graph& graph,
                           MemoryMeter& meter) {
  if (body.size() > limits.object) {
    return too_large(body.size(), limits.object);
  }
  constexpr std::string_view kBom = "\xEF\xBB\xBF";
  if (body.starts_with(kBom)) {
    body.remove_prefix(kBom.size());
  }
  if (body.empty()) {
    return Value{};
  }
  if (const auto bad = find_ill_formed(body); bad != std::string_view::npos) {
    return of_message(fail(Reason::parse, "clixml.encoding",
                           fmt::format("CLIXML: the message is not UTF-8 at byte {}", bad + 1))
                          .error());
  }
  std::string escaped;
  const std::string_view text = escape_noncharacters(body, escaped);
  Reader reader({}, limits, graph, meter);
  auto roots = read(text, reader, limits);
  if (!roots) {
    return of_message(std::move(roots).error());
  }
  return std::move(roots->front());
}

Result<Document> read_message(std::string_view body, const Limits& limits) {
  Document document;
  MemoryMeter meter(limits);
  auto value = read_message(body, limits, document.graph, meter);
  if (!value) {
    return std::unexpected(std::move(value).error());
  }
  document.roots.push_back(*std::move(value));
  return document;
}

}  // namespace sfb::clixml
