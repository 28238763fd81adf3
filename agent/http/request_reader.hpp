// Bytes of a connection to requests, without I/O: limits, strictness and pipelining in one place.
#pragma once

#include "agent/http/types.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sfb::http {

/// Reads the requests of one connection one behind the other. A body has a Content-Length; any
/// Transfer-Encoding is refused, so that nobody can disagree on where a request ends. The caller
/// reads bytes into `prepare`, tells how many with `commit`, and calls `step` until it wants more.
/// Never throws on input. Thread rule: none of its own.
class RequestReader {
 public:
  enum class Step : std::uint8_t {
    more,      ///< read on
    ask_body,  ///< send `100 Continue`, then read on; once for a request
    head,      ///< `take_head`: the handler reads the body, for which `step` goes on
    complete,  ///< `take` the request
    refused,   ///< answer `refusal` and close; every later step says it again
  };

  /// The answer to what cannot be read: one clear line.
  struct Refusal {
    int status = 400;
    std::string text;
  };

  /// `header_bytes`: of the request line and the headers without the value of Authorization;
  /// `head_bytes`: with it, if that is more.
  RequestReader(std::size_t header_bytes, std::size_t body_bytes, std::size_t head_bytes = 0);
  /// Requests whose body is announced and whose handler reads it, of any length. May be empty.
  void set_reads_body(std::function<bool(const Request&)> reads_body);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Room for the next bytes, never empty.
  std::span<char> prepare();
  void commit(std::size_t size);
  Step step();

  /// Has a byte of the current request arrived? No = the connection is idle.
  bool started() const;
  /// Are the headers of the current request complete?
  bool has_headers() const;
  /// May the connection be used again behind the current request?
  bool keep_alive() const;
  /// Is the current request HTTP/1.1 (and so may get a `100 Continue`)?
  bool http11() const;
  bool is_head() const;
  /// The size of the current request's head, or of the last one's until the next `step`, where it
  /// is more than `header_bytes`; else 0.
  std::size_t large_head() const;
  const Refusal& refusal() const;

  /// Behind `complete`: the request, but for peer and local address. The next `step` starts the
  /// next one.
  Request take();
  /// The memory of a request that was answered, for the next one. Nothing of it is shown again.
  void reuse(Request used);
  /// Behind `head`: the request without its body; `take` then gives the body alone.
  Request take_head();
  /// Behind `head`: how many bytes the body has.
  std::uint64_t body_size() const;
  /// Behind `head`: the client waits for a `100 Continue`.
  bool wants_continue() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Fills target, path and query from a request line's target, and a Host header from an absolute
/// one. False when it is not one: a path, an http URL, or `*` for OPTIONS.
bool split_target(Request& request, std::string_view target);

}  // namespace sfb::http
