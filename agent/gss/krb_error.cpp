#include "agent/gss/krb_error.hpp"

#include "agent/gss/krb5.hpp"

#include <cstddef>

namespace sfb::gss {

namespace {

// RFC 4121 4.1: the kind of token, then the first byte of a KRB-ERROR ([APPLICATION 30]).
constexpr std::string_view kMark("\x03\x00\x7E", 3);

// RFC 4120 7.5.9 has fewer numbers.
constexpr krb5_ui_4 kMostErrors = 127;

// The DER element at the beginning; empty: it is not whole.
std::string_view element(std::string_view bytes) {
  if (bytes.size() < 2) {
    return {};
  }
  std::size_t size = static_cast<unsigned char>(bytes[1]);
  std::size_t head = 2;
  if (size >= 0x80) {
    const std::size_t count = size & 0x7FU;
    size = 0;
    if (count == 0 || count > 3 || bytes.size() < head + count) {
      return {};
    }
    for (std::size_t i = 0; i < count; ++i) {
      size = (size << 8U) | static_cast<unsigned char>(bytes[head + i]);
    }
    head += count;
  }
  return size <= bytes.size() - head ? bytes.substr(0, head + size) : std::string_view();
}

}  // namespace

std::optional<KrbError> read_krb_error(std::string_view token) {
  const std::size_t mark = token.find(kMark);
  if (mark == std::string_view::npos) {
    return std::nullopt;
  }
  std::string bytes(element(token.substr(mark + 2)));
  auto krb5 = Krb5::create();
  if (bytes.empty() || !krb5) {
    return std::nullopt;
  }
  const krb5_data data{
      .magic = KV5M_DATA, .length = static_cast<unsigned>(bytes.size()), .data = bytes.data()};
  krb5_error* error = nullptr;
  if (krb5_rd_error((*krb5)->get(), &data, &error) != 0) {
    return std::nullopt;
  }
  if (error->error > kMostErrors) {
    krb5_free_error((*krb5)->get(), error);
    return std::nullopt;
  }
  KrbError read;
  read.code = static_cast<std::int32_t>(error->error) + ERROR_TABLE_BASE_krb5;
  read.text = (*krb5)->text(read.code);
  read.server_time = WallTime(std::chrono::seconds(static_cast<std::uint32_t>(error->stime)) +
                              std::chrono::microseconds(error->susec));
  krb5_free_error((*krb5)->get(), error);
  return read;
}

}  // namespace sfb::gss
