#include "agent/http/reply_reader.hpp"

#include "agent/base/text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace sfb::http {

namespace {

namespace http = boost::beast::http;

constexpr int kMaxInterim = 8;
constexpr std::size_t kMaxLine = 1024;         // a chunk's size with its extensions
constexpr std::size_t kMaxTrailer = 16 << 10;  // all trailer lines

bool says(std::string_view list, std::string_view word) {
  return std::ranges::any_of(split(list, ','),
                             [&](std::string_view part) { return iequals(trim(part), word); });
}

}  // namespace

std::vector<std::string> HttpReply::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const Header& line : headers) {
    if (iequals(line.name, name)) {
      values.push_back(line.value);
    }
  }
  return values;
}

// Nothing of it came yet, and no server is asked for more than we take: no reason to raise a limit.
std::unexpected<Error> HttpReplyReader::announces_too_much(std::size_t bytes) {
  return broken("http.answer_too_large",
                fmt::format("the answer announces {} bytes, more than limits.envelope ({})", bytes,
                            max_body_));
}

std::unexpected<Error> HttpReplyReader::broken(std::string code, std::string message,
                                               std::string peer) {
  state_ = State::broken;
  reusable_ = false;
  return fail(Reason::protocol, std::move(code), std::move(message),
              "look at what answers at that address and port, and at proxies in between",
              std::move(peer));
}

std::unexpected<Error> HttpReplyReader::too_large() {
  auto error =
      broken("http.answer_too_large",
             fmt::format("the answer is larger than limits.envelope ({} bytes)", max_body_));
  error.error().remedy =
      "raise limits.envelope if that much is right; else " + error.error().remedy;
  return error;
}

Status HttpReplyReader::feed(std::string_view bytes) {
  if (state_ == State::broken) {
    return broken("http.malformed", "the answer was broken before");
  }
  any_ = any_ || !bytes.empty();
  rest_ += bytes;
  Status stepped;
  for (bool progress = true; progress && stepped;) {
    progress = false;
    stepped = step(progress);
  }
  // Once a read and not once a step: a body of tiny chunks must not cost its square.
  rest_.erase(0, std::exchange(used_, 0));
  return stepped;
}

// One line, one piece of the body, or nothing when the bytes do not suffice.
Status HttpReplyReader::step(bool& progress) {
  switch (state_) {
    case State::head:
      return step_head(progress);
    case State::counted:
    case State::chunk_data:
      take_body();
      progress = state_ == State::chunk_end;
      return {};
    case State::until_close: {
      const std::string_view more = unread();
      if (more.size() > max_body_ - std::min(max_body_, reply_.body.size())) {
        return too_large();
      }
      reply_.body += more;
      used_ += more.size();
      return {};
    }
    case State::chunk_size:
    case State::chunk_end:
    case State::trailer:
      return step_line(progress);
    case State::done:
    case State::broken:
      return {};
  }
  return {};
}

Status HttpReplyReader::step_head(bool& progress) {
  const std::string_view text = unread();
  const std::size_t end = text.find("\r\n\r\n");
  // Without an end, the last bytes may be the beginning of one.
  if (std::min(end, text.size() - std::min<std::size_t>(text.size(), 3)) > max_header_) {
    return broken("http.answer_too_large",
                  fmt::format("the answer's header is larger than {} bytes", max_header_));
  }
  if (end == std::string_view::npos) {
    // What is no HTTP is told at once, not after a time-out.
    if (!std::string_view("HTTP/").starts_with(text.substr(0, 5))) {
      return broken("http.malformed", "the answer is not HTTP", std::string(text.substr(0, 80)));
    }
    return {};
  }
  used_ += end + 4;
  progress = true;
  return read_head(text.substr(0, end + 4));
}

Status HttpReplyReader::step_line(bool& progress) {
  const std::string_view text = unread();
  const std::size_t end = text.find("\r\n");
  if (std::min(end, text.size() - std::min<std::size_t>(text.size(), 1)) >
      (state_ == State::trailer ? kMaxTrailer : kMaxLine)) {
    return broken("http.malformed", "a line of the chunked answer is too long");
  }
  if (end == std::string_view::npos) {
    return {};
  }
  const std::string_view line = text.substr(0, end);
  used_ += end + 2;
  progress = true;
  if (state_ == State::chunk_size) {
    return read_chunk_size(line);
  }
  if (state_ == State::chunk_end) {
    if (!line.empty()) {
      return broken("http.malformed", "a chunk of the answer is longer than it says");
    }
    state_ = State::chunk_size;
  } else if (line.empty()) {
    state_ = State::done;
  } else if ((trailer_ += line.size() + 2) > kMaxTrailer) {
    return broken("http.answer_too_large", "the answer's trailer is too large");
  }
  return {};
}

void HttpReplyReader::take_body() {
  const std::string_view piece = unread().substr(0, left_);
  reply_.body += piece;
  used_ += piece.size();
  left_ -= piece.size();
  if (left_ == 0) {
    state_ = state_ == State::counted ? State::done : State::chunk_end;
  }
}

Status HttpReplyReader::read_head(std::string_view head) {
  http::response_parser<http::empty_body> parser;
  parser.skip(true);  // the body is read here
  parser.header_limit(
      static_cast<std::uint32_t>(std::min<std::size_t>(max_header_ + 4, 1U << 30U)));
  parser.body_limit(boost::none);
  boost::system::error_code error;
  const std::size_t used = parser.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error || !parser.is_header_done() || used != head.size()) {
    return broken("http.malformed",
                  fmt::format("the answer's header is malformed: {}",
                              error ? error.message() : std::string("it ends too early")),
                  std::string(head.substr(0, 200)));
  }
  const auto& fields = parser.get();
  reply_.status = static_cast<int>(fields.result_int());
  version_ = static_cast<int>(fields.version());
  if (reply_.status < 100) {
    return broken("http.malformed", "the answer has no status", std::string(head.substr(0, 80)));
  }
  reply_.headers.clear();
  for (const auto& field : fields) {
    reply_.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  if (reply_.status >= 100 && reply_.status < 200) {
    if (++interim_ > kMaxInterim || reply_.status == 101) {
      return broken("http.malformed", "the peer sends interim answers only");
    }
    return {};
  }
  return frame_body();
}

Status HttpReplyReader::frame_body() {
  const std::vector<std::string> lengths = reply_.all("Content-Length");
  const std::vector<std::string> codings = reply_.all("Transfer-Encoding");
  reusable_ = version_ >= 11 &&
              std::ranges::none_of(reply_.all("Connection"), [](const std::string& connection) {
                return says(connection, "close");
              });
  if (reply_.status == 204 || reply_.status == 304) {
    state_ = State::done;
    return {};
  }
  if (!codings.empty()) {
    // Two opinions about the length are an attack or a broken proxy (RFC 9112 6.3).
    if (codings.size() != 1 || !iequals(trim(codings.front()), "chunked") || !lengths.empty()) {
      return broken("http.malformed", "the answer's Transfer-Encoding is not plain chunked",
                    codings.front());
    }
    state_ = State::chunk_size;
    return {};
  }
  if (lengths.empty()) {
    reusable_ = false;
    state_ = State::until_close;
    return {};
  }
  const std::string_view text = trim(lengths.front());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), left_);
  const bool same =
      std::ranges::all_of(lengths, [&](const std::string& other) { return trim(other) == text; });
  if (error != std::errc() || end != text.data() + text.size() || !same) {
    return broken("http.malformed", "the answer's Content-Length is no number", lengths.front());
  }
  if (left_ > max_body_) {
    return announces_too_much(left_);
  }
  state_ = left_ == 0 ? State::done : State::counted;
  return {};
}

Status HttpReplyReader::read_chunk_size(std::string_view line) {
  const std::string_view digits = trim(line.substr(0, line.find(';')));
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
  if (digits.empty() || digits.front() == '-' || error != std::errc() ||
      end != digits.data() + digits.size()) {
    return broken("http.malformed", "a chunk of the answer has no size", std::string(line));
  }
  if (size > max_body_) {
    return announces_too_much(size);
  }
  if (size > max_body_ - std::min(max_body_, reply_.body.size())) {
    return too_large();
  }
  left_ = size;
  state_ = size == 0 ? State::trailer : State::chunk_data;
  return {};
}

std::string HttpReplyReader::progress() const {
  if (!has_head()) {
    return "not even its header is whole";
  }
  const std::size_t body = reply_.body.size();
  return state_ == State::counted ? fmt::format("{} of {} bytes came", body, body + left_)
                                  : fmt::format("{} of its body came", counted(body, "byte"));
}

Status HttpReplyReader::finish(bool clean) {
  if (state_ == State::done) {
    reusable_ = false;
    return {};
  }
  if (state_ == State::until_close && clean) {
    state_ = State::done;
    return {};
  }
  if (!any_) {
    return fail(Reason::connect, "http.closed", "the peer closed the connection before an answer",
                "if it stays so, look at the service behind the port and at proxies in between");
  }
  return broken("http.cut", "the peer closed the connection in the middle of its answer");
}

Result<HttpReply> parse_http_reply(std::string_view bytes, std::size_t max_header,
                                   std::size_t max_body) {
  HttpReplyReader reader(max_header, max_body);
  if (Status fed = reader.feed(bytes); !fed) {
    return std::unexpected(std::move(fed.error()));
  }
  if (Status finished = reader.finish(); !finished) {
    return std::unexpected(std::move(finished.error()));
  }
  return reader.take();
}

}  // namespace sfb::http
