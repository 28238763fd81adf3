#include "agent/http/request_reader.hpp"

#include "agent/base/text.hpp"
#include "agent/http/query_string.hpp"
#include "agent/http/request_head.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <string.h>  // NOLINT: explicit_bzero stands in no C++ header

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace sfb::http {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

// What is read may be a password: nothing of it is left where it lay.
template <typename T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <typename U>
  explicit(false) WipingAllocator(const WipingAllocator<U>& /*other*/) {}
  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* place, std::size_t count) {
    explicit_bzero(static_cast<void*>(place), count * sizeof(T));
    std::allocator<T>().deallocate(place, count);
  }
  template <typename U>
  bool operator==(const WipingAllocator<U>& /*other*/) const {
    return true;
  }
};

using Buffer = beast::basic_flat_buffer<WipingAllocator<char>>;

constexpr std::size_t kReadSize = 8UL << 10U;
/// Of a head whose memory serves the next request.
constexpr std::size_t kKeptHead = 4UL << 10U;
constexpr std::string_view kNoEncodedBodies =
    "bodies with a transfer encoding are not taken here; send Content-Length";

// The headers hold a line that ends with a line feed alone.
bool bare_line_feed(std::string_view text) {
  text = text.substr(0, text.find("\r\n\r\n"));
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    if (at == 0 || text[at - 1] != '\r') {
      return true;
    }
  }
  return false;
}

// What is wrong with a request, for the person who reads the answer; Beast's own words are terse.
std::string_view explain(const beast::error_code& error) {
  switch (static_cast<http::error>(error.value())) {
    case http::error::bad_method:
      return "the method is not valid";
    case http::error::bad_target:
      return "the request target is not valid";
    case http::error::bad_version:
      return "the HTTP version is not 1.0 or 1.1";
    case http::error::bad_field:
    case http::error::bad_value:
    case http::error::bad_obs_fold:
      return "a header line is not valid";
    case http::error::bad_line_ending:
      return "a line does not end with CR LF";
    case http::error::bad_content_length:
    case http::error::multiple_content_length:
      return "the Content-Length is not valid";
    default:
      return "the request is not valid HTTP";
  }
}

}  // namespace

bool split_target(Request& request, std::string_view target) {
  constexpr std::string_view kHttp = "http://";
  request.target = target;
  if (istarts_with(target, kHttp)) {
    // The absolute form overrides the Host header (RFC 9112, 3.2.2).
    const std::string_view rest = target.substr(kHttp.size());
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    const std::string authority(rest.substr(0, end));
    if (authority.empty()) {
      return false;
    }
    std::erase_if(request.headers, [](const Header& h) { return iequals(h.name, "Host"); });
    request.headers.push_back({"Host", authority});
    target = rest.substr(end);
    if (!target.starts_with('/')) {
      request.path = "/";
      request.query = target.empty() ? target : target.substr(1);
      return true;
    }
  }
  if (!target.starts_with('/') && !(target == "*" && request.method == "OPTIONS")) {
    return false;
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  auto path = percent_decode(target.substr(0, question));
  if (!path) {
    return false;
  }
  request.path = std::move(*path);
  request.query = question < target.size() ? target.substr(question + 1) : std::string_view();
  return true;
}

class RequestReader::Impl {
 public:
  Impl(std::size_t header_bytes, std::size_t body_bytes, std::size_t head_bytes)
      : header_bytes_(header_bytes),
        body_bytes_(body_bytes),
        head_bytes_(std::max(header_bytes, head_bytes)),
        buffer_(head_bytes_ + kReadSize) {}

  std::span<char> prepare() {
    const auto room = buffer_.prepare(kReadSize);
    return {static_cast<char*>(room.data()), room.size()};
  }
  void commit(std::size_t size) { buffer_.commit(size); }

  Step step() {
    if (!refusal_.text.empty()) {
      return Step::refused;  // for good: what follows must never be taken for a request
    }
    if (!parser_) {
      header_size_ = 0;
      skip_empty_lines();
      if (buffer_.size() == 0) {
        return Step::more;
      }
      parser_.emplace(request_);
      parser_->header_limit(static_cast<std::uint32_t>(head_bytes_));
      parser_->body_limit(boost::none);  // known whose it is, it is looked at
    }
    if (!parser_->is_header_done()) {
      if (const Step step = parse_header(); step != Step::complete) {
        return step;
      }
      parser_->eager(true);
      if (!parser_->is_done() && reads_body_ && reads_body_(request_)) {
        return Step::head;
      }
      if (body_size() > body_bytes_) {
        return refuse(413, "the body is too long");
      }
      if (!parser_->is_done() && asks_for_continue_ && buffer_.size() == 0) {
        return Step::ask_body;
      }
    }
    return parse_body();
  }

  bool started() const { return parser_.has_value() || skipped_ > 0; }
  bool has_headers() const { return parser_ && parser_->is_header_done(); }
  bool keep_alive() const { return has_headers() && parser_->keep_alive(); }
  bool http11() const { return !has_headers() || parser_->http11(); }
  bool is_head() const { return request_.method == "HEAD"; }
  std::size_t large_head() const {
    const bool reading = parser_ && !parser_->is_header_done();
    const std::size_t size = header_size_ + (reading ? buffer_.size() : 0);
    return size > header_bytes_ ? size : 0;
  }
  const Refusal& refusal() const { return refusal_; }
  void set_reads_body(std::function<bool(const Request&)> reads_body) {
    reads_body_ = std::move(reads_body);
  }
  Request take_head() { return std::exchange(request_, Request{}); }
  std::uint64_t body_size() const { return parser_->content_length().value_or(0); }
  bool wants_continue() const { return asks_for_continue_ && buffer_.size() == 0; }

  Request take() {
    Request out = std::exchange(request_, Request{});
    parser_.reset();
    skipped_ = 0;
    asks_for_continue_ = false;
    if (buffer_.size() == 0 && buffer_.capacity() > kReadSize) {
      buffer_.shrink_to_fit();  // what a large request made it grow to
    }
    return out;
  }

  void reuse(Request used) {
    if (started() || header_size_ > kKeptHead) {
      return;
    }
    used.method.clear();
    used.authorization = {};
    used.body = {};
    used.unread.reset();
    request_ = std::move(used);
  }

 private:
  // Some clients send an empty line behind a body (RFC 9112, 2.2).
  void skip_empty_lines() {
    while (buffer_.size() > 0) {
      const char c = *static_cast<const char*>(buffer_.data().data());
      if ((c != '\r' && c != '\n') || skipped_ >= header_bytes_) {
        return;
      }
      buffer_.consume(1);
      ++skipped_;
    }
  }

  Step refuse(int status, std::string text) {
    refusal_ = {status, std::move(text)};
    return Step::refused;
  }

  Step refuse_head() { return refuse(431, "the request line and headers are too long"); }

  Step refuse(const beast::error_code& error) {
    if (error == http::error::header_limit) {
      return refuse_head();
    }
    if (error == http::error::bad_transfer_encoding) {  // twice, or beside a Content-Length
      return refuse(501, std::string(kNoEncodedBodies));
    }
    return refuse(400, std::string(explain(error)));
  }

  // `complete` when the headers are.
  Step parse_header() {
    beast::error_code error;
    const auto bytes = buffer_.data();
    const std::size_t used = parser_->put(bytes, error);
    // The parser takes a line feed alone for part of the version or of a value, or waits for more.
    const bool line =
        error && error != http::error::bad_method && error != http::error::header_limit;
    if (line && bare_line_feed({static_cast<const char*>(bytes.data()), bytes.size()})) {
      error = http::error::bad_line_ending;
    }
    explicit_bzero(buffer_.data().data(), used);
    buffer_.consume(used);
    header_size_ += used;
    // Counted here too: the parser's limit starts anew when it has taken some of the lines.
    const bool done = parser_->is_header_done();
    if (header_size_ + (done ? 0 : buffer_.size()) > head_bytes_) {
      return refuse_head();
    }
    if (error == http::error::need_more) {
      return Step::more;
    }
    if (error) {
      return refuse(error);
    }
    if (!done) {
      return Step::more;
    }
    return convert();
  }

  // Called before the parser sees a byte of the body. No transfer encoding gets past: no route
  // wants a body, and Boost 1.81's parser asserts on some malformed chunks.
  Step convert() {
    switch (parser_->wrong()) {
      case RequestHead::Wrong::transfer_encoding:
        return refuse(501, std::string(kNoEncodedBodies));
      case RequestHead::Wrong::two_authorizations:
        return refuse(400, "at most one Authorization header is allowed");
      case RequestHead::Wrong::nothing:
        break;
    }
    if (header_size_ - request_.authorization.reveal().size() > header_bytes_) {
      return refuse_head();
    }
    const bool version11 = parser_->http11();
    request_.http11 = version11;
    if (parser_->hosts() > 1 || (parser_->hosts() == 0 && version11)) {
      return refuse(400, "exactly one Host header is needed");
    }
    if (!split_target(request_, parser_->target())) {
      return refuse(400, "the request target must be a path, its escapes valid and without NUL");
    }
    if (parser_->expects() != RequestHead::Expect::nothing && version11) {
      if (parser_->expects() == RequestHead::Expect::other) {
        return refuse(417, "no other expectation than 100-continue is known here");
      }
      asks_for_continue_ = true;
    }
    return Step::complete;
  }

  Step parse_body() {
    while (!parser_->is_done()) {
      if (buffer_.size() == 0) {
        return Step::more;
      }
      beast::error_code error;
      const std::size_t used = parser_->put(buffer_.data(), error);
      buffer_.consume(used);
      if (error) {
        return refuse(error);
      }
    }
    return Step::complete;
  }

  std::size_t header_bytes_;
  std::size_t body_bytes_;
  std::size_t head_bytes_;
  std::function<bool(const Request&)> reads_body_;
  Buffer buffer_;
  std::optional<RequestHead> parser_;
  Request request_;
  Refusal refusal_;
  std::size_t header_size_ = 0;
  std::size_t skipped_ = 0;
  bool asks_for_continue_ = false;
};

RequestReader::RequestReader(std::size_t header_bytes, std::size_t body_bytes,
                             std::size_t head_bytes)
    : impl_(std::make_unique<Impl>(header_bytes, body_bytes, head_bytes)) {}

RequestReader::~RequestReader() = default;

std::span<char> RequestReader::prepare() {
  return impl_->prepare();
}
void RequestReader::commit(std::size_t size) {
  impl_->commit(size);
}
RequestReader::Step RequestReader::step() {
  return impl_->step();
}
bool RequestReader::started() const {
  return impl_->started();
}
bool RequestReader::has_headers() const {
  return impl_->has_headers();
}
bool RequestReader::keep_alive() const {
  return impl_->keep_alive();
}
bool RequestReader::http11() const {
  return impl_->http11();
}
bool RequestReader::is_head() const {
  return impl_->is_head();
}
std::size_t RequestReader::large_head() const {
  return impl_->large_head();
}
const RequestReader::Refusal& RequestReader::refusal() const {
  return impl_->refusal();
}
Request RequestReader::take() {
  return impl_->take();
}
void RequestReader::set_reads_body(std::function<bool(const Request&)> reads_body) {
  impl_->set_reads_body(std::move(reads_body));
}
void RequestReader::reuse(Request used) {
  impl_->reuse(std::move(used));
}
Request RequestReader::take_head() {
  return impl_->take_head();
}
std::uint64_t RequestReader::body_size() const {
  return impl_->body_size();
}
bool RequestReader::wants_continue() const {
  return impl_->wants_continue();
}

}  // namespace sfb::http
