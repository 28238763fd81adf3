#include "agent/base/encoding.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb {

namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kLittleMark = "\xFF\xFE";
constexpr std::string_view kBigMark = "\xFE\xFF";

std::unexpected<Error> refused(std::string what) {
  return fail(Reason::parse, "file.encoding",
              "the text is neither UTF-8 nor UTF-16: " + std::move(what),
              "write it with Export-Clixml or Export-BackupStatus.ps1, or with Set-Content "
              "-Encoding UTF8");
}

std::unexpected<Error> cut() {
  return fail(Reason::parse, "file.truncated", "the text ends inside a character",
              "write beside it and rename, as Export-BackupStatus.ps1 does");
}

std::size_t line_at(std::string_view text) {
  return 1 + static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

// True when `rest` begins a UTF-8 sequence that has not all of its bytes.
bool is_begun(std::string_view rest) {
  const auto first = static_cast<unsigned char>(rest.front());
  const std::size_t length = first < 0xC2 || first > 0xF4 ? 1
                             : first < 0xE0               ? 2
                             : first < 0xF0               ? 3
                                                          : 4;
  return rest.size() < length &&
         std::ranges::all_of(
             rest.substr(1),
             [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; });
}

// The encoding that an XML declaration at the start names; empty without one.
std::string_view declared_encoding(std::string_view text) {
  constexpr std::string_view kStart = "<?xml";
  constexpr std::string_view kName = "encoding";
  // powershell.exe -OutputFormat Xml writes a line of its own before the document.
  constexpr std::string_view kMark = "#< CLIXML";
  if (text.starts_with(kMark)) {
    text = trim(text.substr(kMark.size()));
  }
  if (!text.starts_with(kStart)) {
    return {};
  }
  text = text.substr(0, text.find("?>"));
  const auto name = text.find(kName);
  const auto quote = text.find_first_of("\"'", std::min(name, text.size()));
  if (quote == std::string_view::npos) {
    return {};
  }
  const auto value = text.substr(quote + 1);
  return value.substr(0, value.find(text[quote]));
}

Status check_declaration(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  const std::string_view name = declared_encoding(text);
  const bool fits = name.empty() || iequals(name, "utf-8") || iequals(name, "utf8") ||
                    iequals(name, "utf-16") || iequals(name, "utf-16le") ||
                    iequals(name, "utf-16be") || iequals(name, "unicode");
  if (fits) {
    return {};
  }
  // Only what can be a name is shown: the rest may be anybody's text.
  const bool is_name = name.size() <= kLongest && std::ranges::all_of(name, is_name_character);
  return refused(is_name ? fmt::format("its XML declaration says encoding {}", name)
                         : "its XML declaration names another encoding");
}

// `before`: bytes of a mark that are not in `text`.
Result<std::string_view> from_utf8(std::string_view text, std::size_t before) {
  if (auto declared = check_declaration(text); !declared) {
    return std::unexpected(std::move(declared).error());
  }
  const std::size_t bad = find_ill_formed(text);
  if (bad == std::string_view::npos) {
    return text;
  }
  if (is_begun(text.substr(bad))) {
    return cut();
  }
  return refused(fmt::format("byte {} (0x{:02x}, in line {})", before + bad + 1,
                             static_cast<unsigned char>(text[bad]), line_at(text.substr(0, bad))));
}

// `before` as above.
Result<std::string_view> from_utf16_bytes(std::string_view bytes, std::size_t before,
                                          bool big_endian, std::string& storage) {
  std::u16string units;
  units.reserve(bytes.size() / 2);
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const auto a = static_cast<unsigned char>(bytes[i]);
    const auto b = static_cast<unsigned char>(bytes[i + 1]);
    units.push_back(static_cast<char16_t>(big_endian ? (a << 8) | b : (b << 8) | a));
  }
  const auto is_low = [](char16_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; };
  for (std::size_t i = 0; i < units.size(); ++i) {
    const bool high = units[i] >= 0xD800 && units[i] <= 0xDBFF;
    if (high && i + 1 == units.size()) {
      return cut();
    }
    if (high && is_low(units[i + 1])) {
      ++i;
    } else if (high || is_low(units[i])) {
      return refused(fmt::format("byte {} (half a surrogate pair, in line {})", before + 2 * i + 1,
                                 1 + std::ranges::count(units.substr(0, i), u'\n')));
    }
  }
  if (bytes.size() % 2 != 0) {
    return cut();
  }
  storage = from_utf16(units);
  if (auto declared = check_declaration(storage); !declared) {
    return std::unexpected(std::move(declared).error());
  }
  return storage;
}

}  // namespace

std::size_t find_ill_formed(std::string_view text) {
  constexpr char32_t kReplacement = 0xFFFD;
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t start = pos;
    // A U+FFFD that stands in the text has three bytes.
    if (next_code_point(text, pos) == kReplacement && pos == start + 1) {
      return start;
    }
  }
  return std::string_view::npos;
}

Result<std::string> decode_text(std::string_view bytes) {
  std::string storage;
  const auto text = decode_text(bytes, storage);
  if (!text) {
    return std::unexpected(text.error());
  }
  return storage.empty() ? std::string(*text) : std::move(storage);
}

Result<std::string_view> decode_text(std::string_view bytes, std::string& storage) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xFF\xFE\0\0"sv) || bytes.starts_with("\0\0\xFE\xFF"sv)) {
    return refused("it has the byte order mark of UTF-32");
  }
  if (bytes.starts_with(kUtf8Mark)) {
    return from_utf8(bytes.substr(kUtf8Mark.size()), kUtf8Mark.size());
  }
  if (bytes.starts_with(kLittleMark)) {
    return from_utf16_bytes(bytes.substr(2), 2, false, storage);
  }
  if (bytes.starts_with(kBigMark)) {
    return from_utf16_bytes(bytes.substr(2), 2, true, storage);
  }
  // CLIXML and JSON both start with two ASCII characters: zeros between them say UTF-16.
  if (bytes.size() >= 4 && bytes[0] != 0 && bytes[1] == 0 && bytes[2] != 0 && bytes[3] == 0) {
    return from_utf16_bytes(bytes, 0, false, storage);
  }
  if (bytes.size() >= 4 && bytes[0] == 0 && bytes[1] != 0 && bytes[2] == 0 && bytes[3] != 0) {
    return from_utf16_bytes(bytes, 0, true, storage);
  }
  return from_utf8(bytes, 0);
}

}  // namespace sfb
