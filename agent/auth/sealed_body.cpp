#include "agent/auth/sealed_body.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

namespace sfb::auth {

namespace {

constexpr std::string_view kMedia = "multipart/encrypted";
constexpr std::string_view kSpnego = "application/HTTP-SPNEGO-session-encrypted";
constexpr std::string_view kKerberos = "application/HTTP-Kerberos-session-encrypted";
constexpr std::string_view kBoundary = "Encrypted Boundary";
constexpr std::string_view kData = "application/octet-stream";
// The longest known signature has 72 bytes. CR LF, read as a length, is far above the limit, so a
// blank line before the data cannot be taken for one.
constexpr std::size_t kMaxSignature = 1024;
// Padding and the trailer of a token that was wrapped plainly.
constexpr std::size_t kMaxExtra = 256;
constexpr int kMaxHeaders = 16;

std::unexpected<Error> broken(std::string_view what) {
  return fail(Reason::protocol, "auth.sealed_body", fmt::format("the sealed body {}", what),
              "a proxy may have changed it; look at the server's WinRM service if it stays");
}

std::string_view name_of(SealedProtocol protocol) {
  return protocol == SealedProtocol::kerberos ? kKerberos : kSpnego;
}

// The value of a parameter (`;name=value` or `;name="value"`); nullopt: absent.
std::optional<std::string_view> parameter(std::string_view type, std::string_view name) {
  for (std::string_view part : split(type, ';')) {
    part = trim(part);
    const std::size_t sign = part.find('=');
    if (sign == std::string_view::npos || !iequals(trim(part.substr(0, sign)), name)) {
      continue;
    }
    std::string_view value = trim(part.substr(sign + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return value;
  }
  return std::nullopt;
}

// Takes one line, without its end.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

bool is_boundary(std::string_view line, std::string_view boundary) {
  return line.starts_with("--") && trim(line.substr(2)) == boundary;
}

bool closes(std::string_view text, std::string_view boundary) {
  if (!text.starts_with("--")) {
    return false;
  }
  text.remove_prefix(text.substr(2).starts_with(' ') ? 3 : 2);
  return text.starts_with(boundary) && text.substr(boundary.size()).starts_with("--");
}

void skip_line_end(std::string_view& rest) {
  if (rest.starts_with("\r\n")) {
    rest.remove_prefix(2);
  }
}

// `type=application/soap+xml;charset=UTF-8;Length=12`
Status read_original(std::string_view value, SealedPart& part) {
  const std::size_t cut = value.rfind(';');
  const auto number = parameter(value, "Length");
  if (cut == std::string_view::npos || !number) {
    return broken("does not say its length");
  }
  const auto read = std::from_chars(number->data(), number->data() + number->size(), part.length);
  if (read.ec != std::errc() || read.ptr != number->data() + number->size()) {
    return broken("has a length that is no number");
  }
  value = trim(
      value.substr(0, istarts_with(trim(value.substr(cut + 1)), "Length") ? cut : value.size()));
  part.content_type = std::string(istarts_with(value, "type=") ? value.substr(5) : value);
  return {};
}

// The headers of the two parts, up to the data.
Status read_headers(std::string_view& rest, std::string_view boundary, SealedPart& part) {
  bool typed = false;
  bool original = false;
  for (int line_count = 0; line_count < kMaxHeaders && !rest.empty(); ++line_count) {
    const std::string_view line = trim(take_line(rest));
    if (is_boundary(line, boundary)) {
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = trim(line.substr(0, colon));
    const std::string_view value =
        colon == std::string_view::npos ? std::string_view() : trim(line.substr(colon + 1));
    if (iequals(name, "OriginalContent")) {
      original = true;
      if (Status read = read_original(value, part); !read) {
        return read;
      }
    } else if (iequals(name, "Content-Type") && istarts_with(value, kData)) {
      return typed && original ? Status() : broken("does not say what it holds");
    } else if (iequals(name, "Content-Type")) {
      typed = iequals(value, kSpnego) || iequals(value, kKerberos);
      part.protocol = iequals(value, kKerberos) ? SealedProtocol::kerberos : SealedProtocol::spnego;
      if (!typed) {
        return broken("is of a kind that is not known");
      }
    } else if (!line.empty()) {
      return broken("has a line that is neither a boundary nor a header of it");
    }
  }
  return broken("has no data");
}

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = 4; i-- > 0;) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

// The end of the cipher text within `data`: at Length, or at the first closing boundary behind it.
std::optional<std::size_t> end_of(std::string_view data, std::size_t length,
                                  std::string_view boundary) {
  if (length > data.size()) {
    return std::nullopt;
  }
  std::string_view rest = data.substr(length);
  skip_line_end(rest);
  if (closes(rest, boundary)) {
    return length;
  }
  for (std::size_t extra = 1; extra <= kMaxExtra && length + extra < data.size(); ++extra) {
    if (closes(data.substr(length + extra), boundary)) {
      return length + extra;
    }
  }
  return std::nullopt;
}

}  // namespace

Payload write_sealed(SealedProtocol protocol, std::string_view content_type,
                     std::size_t plain_length, std::string_view signature,
                     std::string_view ciphertext) {
  std::string size;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    size += static_cast<char>((signature.size() >> shift) & 0xFFU);
  }
  Payload payload;
  payload.content_type =
      fmt::format("{};protocol=\"{}\";boundary=\"{}\"", kMedia, name_of(protocol), kBoundary);
  // With the tab that Windows' own client writes, and no line end around the data.
  payload.body = fmt::format(
      "--{0}\r\n\tContent-Type: {1}\r\n\tOriginalContent: type={2};Length={3}\r\n"
      "--{0}\r\n\tContent-Type: {4}\r\n",
      kBoundary, name_of(protocol), content_type, plain_length, kData);
  payload.body.append(size).append(signature).append(ciphertext);
  payload.body.append("--").append(kBoundary).append("--\r\n");
  return payload;
}

bool is_sealed(std::string_view content_type) {
  return iequals(trim(content_type.substr(0, content_type.find(';'))), kMedia);
}

Result<SealedPart> read_sealed(std::string_view content_type, std::string_view body) {
  if (!is_sealed(content_type)) {
    return broken("is not of type multipart/encrypted");
  }
  const std::string_view boundary = trim(parameter(content_type, "boundary").value_or(kBoundary));
  if (boundary.empty()) {
    return broken("has an empty boundary");
  }
  std::string_view rest = body;
  skip_line_end(rest);
  if (std::string_view ahead = rest; !is_boundary(trim(take_line(ahead)), boundary)) {
    return broken("does not begin with its boundary");
  }
  SealedPart part;
  if (Status headers = read_headers(rest, boundary, part); !headers) {
    return std::unexpected(std::move(headers.error()));
  }
  if (rest.size() >= 4 && little_endian(rest) > kMaxSignature) {
    skip_line_end(rest);
  }
  if (rest.size() < 4) {
    return broken("has no data");
  }
  const std::size_t size = little_endian(rest);
  rest.remove_prefix(4);
  if (size == 0 || size > kMaxSignature || size > rest.size()) {
    return broken("has a signature of an impossible length");
  }
  part.signature = rest.substr(0, size);
  rest.remove_prefix(size);
  const auto end = end_of(rest, part.length, boundary);
  if (!end) {
    return broken(fmt::format("does not end where its length, {} bytes, says", part.length));
  }
  part.ciphertext = rest.substr(0, *end);
  return part;
}

}  // namespace sfb::auth
