#include "tests/simulator/sealing.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace sim {

namespace {

std::string protocol_of(std::string_view scheme) {
  return fmt::format("application/HTTP-{}-session-encrypted",
                     sfb::iequals(scheme, "Kerberos") ? "Kerberos" : "SPNEGO");
}

// A parameter of a Content-Type, without quotes.
std::string parameter(std::string_view content_type, std::string_view name) {
  for (const std::string_view part : sfb::split(content_type, ';')) {
    const std::string_view one = sfb::trim(part);
    if (one.size() > name.size() && sfb::iequals(one.substr(0, name.size()), name) &&
        one[name.size()] == '=') {
      std::string value(one.substr(name.size() + 1));
      std::erase(value, '"');
      return value;
    }
  }
  return "";
}

// Takes `expected` off the front of `rest`.
bool skip(std::string_view& rest, std::string_view expected) {
  if (!rest.starts_with(expected)) {
    return false;
  }
  rest.remove_prefix(expected.size());
  return true;
}

class Parts {
 public:
  Parts(std::string_view body, std::string boundary, SealedRequest& request)
      : rest_(body), boundary_(std::move(boundary)), request_(request) {}

  // `--Encrypted Boundary`, and its line end.
  bool line() { return skip(rest_, "--" + boundary_ + "\r\n"); }
  // The value of a part's header.
  std::optional<std::string> header(std::string_view name) {
    if (!skip(rest_, "\t")) {
      request_.violations.emplace_back("a part header lacks its TAB");
    }
    const auto end = rest_.find("\r\n");
    if (!skip(rest_, name) || !skip(rest_, ": ") || end == std::string_view::npos) {
      return std::nullopt;
    }
    const auto stop = rest_.find("\r\n");
    std::string value(rest_.substr(0, stop));
    rest_.remove_prefix(stop + 2);
    return value;
  }
  // What stands before the closing boundary, which ends the body.
  std::optional<std::string_view> data() {
    const std::string closing = "--" + boundary_ + "--\r\n";
    if (!rest_.ends_with(closing)) {
      return std::nullopt;
    }
    return rest_.substr(0, rest_.size() - closing.size());
  }

 private:
  std::string_view rest_;
  std::string boundary_;
  SealedRequest& request_;
};

bool read_original(const std::string& value, SealedRequest& request) {
  constexpr std::string_view kType = "type=";
  const auto length = value.rfind(";Length=");
  if (!value.starts_with(kType) || length == std::string::npos) {
    return false;
  }
  request.content_type = value.substr(kType.size(), length - kType.size());
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data() + length + 8, end, request.length);
  return error == std::errc() && stop == end;
}

std::string little_endian(std::uint32_t value) {
  std::string bytes;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>((value >> shift) & 0xFFU));
  }
  return bytes;
}

}  // namespace

bool is_sealed(std::string_view content_type) {
  constexpr std::string_view kType = "multipart/encrypted";
  return sfb::iequals(content_type.substr(0, kType.size()), kType);
}

std::expected<SealedRequest, std::string> read_sealed(std::string_view scheme,
                                                      std::string_view content_type,
                                                      std::string_view body) {
  SealedRequest request;
  const std::string protocol = protocol_of(scheme);
  if (parameter(content_type, "protocol") != protocol) {
    request.violations.push_back(fmt::format(
        "the protocol of the sealed body is not {}, which {} asks for", protocol, scheme));
  }
  const std::string boundary = parameter(content_type, "boundary");
  Parts parts(body, boundary, request);
  if (boundary.empty() || !parts.line()) {
    return std::unexpected(std::string("the sealed body does not begin with its boundary"));
  }
  if (parts.header("Content-Type") != protocol) {
    request.violations.emplace_back("the first part's Content-Type is not the protocol");
  }
  const auto original = parts.header("OriginalContent");
  if (!original || !read_original(*original, request)) {
    return std::unexpected(std::string("OriginalContent is no type with a Length"));
  }
  if (!parts.line() || parts.header("Content-Type") != "application/octet-stream") {
    return std::unexpected(std::string("the second part is no application/octet-stream"));
  }
  const auto data = parts.data();
  if (!data) {
    return std::unexpected(std::string("the sealed body does not end with its closing boundary"));
  }
  std::size_t length = 0;
  for (std::size_t i = 4; data->size() >= 4 && i-- > 0;) {
    length = (length << 8U) | static_cast<unsigned char>((*data)[i]);
  }
  if (data->size() < 4 || length == 0 || length > data->size() - 4) {
    return std::unexpected(
        fmt::format("a signature of {} bytes in {} bytes", length, data->size()));
  }
  request.sealed = {std::string(data->substr(4, length)), std::string(data->substr(4 + length))};
  return request;
}

SealedReply write_sealed(std::string_view scheme, const SealingForm& form, const SealFault& fault,
                         std::string_view plain_type, std::size_t plain_length,
                         Acceptor::Sealed sealed) {
  const std::string protocol = protocol_of(scheme);
  const bool other = fault.act == "seal_boundary";
  const std::string boundary =
      fmt::format("--{}{}", form.blank ? " " : "", other ? "Other Boundary" : "Encrypted Boundary");
  const std::string_view tab = form.tab ? "\t" : "";
  if (fault.act == "seal_tampered" && !sealed.text.empty()) {
    sealed.text.back() = static_cast<char>(sealed.text.back() ^ 1);
  }
  const std::size_t length =
      fault.act == "seal_length" ? plain_length + fault.number : plain_length;
  const std::size_t signature =
      fault.act == "seal_signature" ? fault.number : sealed.signature.size();
  SealedReply reply;
  reply.content_type =
      fmt::format(R"(multipart/encrypted;protocol="{}";boundary="Encrypted Boundary")", protocol);
  reply.body = fmt::format(
      "{0}\r\n{1}Content-Type: {2}\r\n{1}OriginalContent: type={3};Length={4}\r\n"
      "{0}\r\n{1}Content-Type: application/octet-stream\r\n{5}{6}{7}{0}--\r\n{8}",
      boundary, tab, protocol, plain_type, length,
      little_endian(static_cast<std::uint32_t>(signature)), sealed.signature, sealed.text,
      form.crlf ? "\r\n" : "");
  return reply;
}

}  // namespace sim
