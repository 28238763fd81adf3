// An HTTP/1.x answer read from bytes as they come: sans-IO, capped, strict about where it ends.
#pragma once

#include "agent/base/error.hpp"
#include "agent/http/types.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::http {

/// An answer, any status.
struct HttpReply {
  int status = 0;
  std::vector<Header> headers;
  std::string body;

  const std::string* header(std::string_view name) const { return find_header(headers, name); }
  /// Every header of this name, in order.
  std::vector<std::string> all(std::string_view name) const;
};

/// Reads one answer to one GET or POST; interim 1xx answers are skipped (at most 8). Chunked bodies
/// are decoded here and not by Beast 1.81, whose chunk parser asserts on malformed input. Thread
/// rule: one owner.
class HttpReplyReader {
 public:
  HttpReplyReader(std::size_t max_header, std::size_t max_body)
      : max_header_(max_header), max_body_(max_body) {}

  /// More bytes. Reason::protocol: http.malformed, http.answer_too_large (header or body; a body by
  /// its announced length already). Nothing is taken after an error.
  Status feed(std::string_view bytes);
  /// The peer closed. Ends a body without length; else Reason::protocol `http.cut` when a part of
  /// the answer had come, Reason::connect `http.closed` when not one byte had. `clean` is false
  /// when TLS ended without its close_notify: then a body without length may have been cut, too.
  Status finish(bool clean = true);

  bool done() const { return state_ == State::done; }
  /// The header was read: what fails behind it is about the body.
  bool has_head() const { return reply_.status >= 200; }
  /// A byte of the answer has come.
  bool started() const { return any_; }
  /// The connection can be used again: HTTP/1.1, length known, no `Connection: close`, nothing
  /// behind it.
  bool reusable() const { return reusable_ && rest_.empty(); }
  /// Bytes of the body so far.
  std::size_t body_size() const { return reply_.body.size(); }
  /// What has come, for the case that nothing more does: `4 of 900 bytes came`.
  std::string progress() const;
  /// Precondition: done. Once.
  HttpReply take() { return std::move(reply_); }

 private:
  enum class State : std::uint8_t {
    head,
    counted,  ///< Content-Length
    until_close,
    chunk_size,
    chunk_data,
    chunk_end,  ///< the line end behind a chunk
    trailer,
    done,
    broken,
  };
  Status step(bool& progress);
  Status step_head(bool& progress);
  Status step_line(bool& progress);
  std::string_view unread() const { return std::string_view(rest_).substr(used_); }
  std::unexpected<Error> too_large();
  std::unexpected<Error> announces_too_much(std::size_t bytes);
  Status read_head(std::string_view head);
  Status frame_body();
  Status read_chunk_size(std::string_view line);
  void take_body();
  std::unexpected<Error> broken(std::string code, std::string message, std::string peer = {});

  std::size_t max_header_;
  std::size_t max_body_;
  State state_ = State::head;
  HttpReply reply_;
  std::string rest_;      ///< what came and is not consumed yet, behind `used_` bytes that are
  std::size_t used_ = 0;  ///< 0 outside `feed`
  std::size_t left_ = 0;  ///< of a counted body or chunk
  std::size_t trailer_ = 0;
  int interim_ = 0;
  int version_ = 11;
  bool reusable_ = false;
  bool any_ = false;  ///< a byte has come
};

/// Reads a whole answer, the peer closing behind it: for fuzzing and tests.
Result<HttpReply> parse_http_reply(std::string_view bytes, std::size_t max_header,
                                   std::size_t max_body);

}  // namespace sfb::http
