#include "agent/http/request.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace sfb::http {

namespace {

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

Result<Secret> bytes_of(const Url& url, const HttpRequest& request) {
  std::string head = fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: sfb_backup_exporter\r\n"
      "Connection: Keep-Alive\r\nAccept-Encoding: identity\r\nContent-Length: {}\r\n",
      url.path, url.host_port(), request.body.size());
  bool lines = is_one_line(request.authorization.reveal());
  for (const Header& header : request.headers) {
    lines = lines && is_one_line(header.name) && is_one_line(header.value);
    head += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  if (!lines) {
    return fail(Reason::internal, "http.request", "a header of the request has a line end",
                "this is a bug of sfb_backup_exporter: please report it");
  }
  constexpr std::string_view kAuthorization = "Authorization: ";
  const std::string_view proof = request.authorization.reveal();
  // Reserved whole: what a growing text leaves behind is not wiped.
  std::string bytes;
  bytes.reserve(head.size() + kAuthorization.size() + proof.size() + 4 + request.body.size());
  bytes += head;
  if (!proof.empty()) {
    bytes.append(kAuthorization).append(proof).append("\r\n");
  }
  bytes.append("\r\n").append(request.body);
  return Secret(std::move(bytes));
}

}  // namespace sfb::http
