// A client that sends exactly the bytes a test wants and never hides what came back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::http {

/// One answer, taken apart.
struct RawAnswer {
  int status = 0;  ///< 0: the connection ended before an answer
  std::string head;
  std::string body;

  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

/// A blocking socket; every wait ends after 20 s.
class RawClient {
 public:
  /// `127.0.0.1:1234`, `[::1]:1234` or `unix:/path`, as Server::addresses gives them.
  /// `receive_buffer`: a small one makes a slow reader.
  explicit RawClient(const std::string& address, int receive_buffer = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return fd_ >= 0; }
  int descriptor() const { return fd_; }
  /// False when the other side has closed.
  bool send(std::string_view bytes);
  /// One answer by its Content-Length; `with_body` false for HEAD.
  RawAnswer read(bool with_body = true);
  /// Up to the end of the connection.
  std::string read_all();
  /// What comes next, empty at the end.
  std::string read_some();
  /// The last read ended with a reset: the other side dropped what it still had.
  bool was_reset() const { return reset_; }
  /// True when the other side closed without another byte.
  bool is_closed() { return read_all().empty(); }
  void close();
  /// Closes the half that sends.
  void shut_down();

 private:
  bool fill();

  int fd_ = -1;
  bool reset_ = false;
  std::string buffer_;
};

}  // namespace sfb::http
