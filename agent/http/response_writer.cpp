#include "agent/http/response_writer.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace sfb::http {

namespace {

bool is_ours(std::string_view name) {
  return iequals(name, "Content-Length") || iequals(name, "Connection") ||
         iequals(name, "Transfer-Encoding");
}

// A value from elsewhere must not start a new line.
void append_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    out += (byte < 0x20 && c != '\t') || byte == 0x7F ? ' ' : c;
  }
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  append_value(out, value);
  out += "\r\n";
}

}  // namespace

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

std::string http_date(std::time_t time) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

void append_head(std::string& out, const Response& response, const HeadOptions& options,
                 std::string_view date) {
  out.reserve(out.size() + 512);
  // An HTTP/1.1 server says so to a 1.0 client too (RFC 9110, 2.5).
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status,
                 status_text(response.status));
  for (const Header& header : response.headers) {
    if (!is_ours(header.name)) {
      append_header(out, header.name, header.value);
    }
  }
  if (!response.header("Date")) {
    append_header(out, "Date", date);
  }
  if (!response.header("X-Content-Type-Options")) {
    append_header(out, "X-Content-Type-Options", "nosniff");
  }
  if (has_body(response.status)) {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", response.body_size());
  }
  if (!options.keep_alive) {
    append_header(out, "Connection", "close");
  } else if (!options.http11) {
    append_header(out, "Connection", "keep-alive");
  }
  out += "\r\n";
}

std::string response_head(const Response& response, const HeadOptions& options,
                          std::string_view date) {
  std::string out;
  append_head(out, response, options, date);
  return out;
}

}  // namespace sfb::http
