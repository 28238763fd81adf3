// How a connection writes an answer: its head, and its body from memory or part by part.
#include "agent/http/body_parts.hpp"

#include "agent/http/server_connection.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/socket_base.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace sfb::http {

void Connection::drop_body() {
  body_.reset();
  parts_.reset();
}

Connection::Unsent Connection::unsent() const {
  if (sent_ == 0 || (body_ == nullptr && parts_ == nullptr)) {
    return {};
  }
  return parts_ != nullptr ? Unsent{parts_.get(), parts_->held()}
                           : Unsent{body_.get(), body_->size()};
}

// Not boost::asio::async_write: that one hands the kernel 64 KiB at a time, and pages have
// megabytes.
boost::asio::awaitable<bool> Connection::write_bytes(std::string_view head) {
  const MonoTime read_deadline = deadline_;
  set_deadline(net::mono_now() + core_->options.write_timeout);
  std::string_view piece = body_ != nullptr ? std::string_view(*body_) : std::string_view();
  std::size_t left = head.size() + (parts_ != nullptr ? parts_->size() : piece.size());
  bool begins = true;
  while (left > 0 && !closing_) {
    if (piece.empty() && parts_ != nullptr) {
      piece = parts_->next();
    }
    // Parts that end too early, or have more than they said.
    bool good = head.size() + piece.size() > 0 && head.size() + piece.size() <= left;
    if (good) {
      const std::array<boost::asio::const_buffer, 2> rest = {boost::asio::buffer(head),
                                                             boost::asio::buffer(piece)};
      // The first bytes at once: most answers need no more. Then the others have their turns.
      const auto now = begins ? stream_.write_now(rest) : std::nullopt;
      const auto [error, size] = now ? *now : co_await stream_.write_some(rest);
      good = !error && !closing_;
      const std::size_t of_head = std::min(size, head.size());
      head.remove_prefix(of_head);
      piece.remove_prefix(size - of_head);
      left -= size;
      sent_ += size;
    }
    if (!good) {
      if (expired_) {
        // Else the kernel would go on to offer the rest for minutes.
        boost::system::error_code ignored;
        stream_.socket().set_option(boost::asio::socket_base::linger(true, 0), ignored);
      }
      drop_body();
      co_return false;
    }
    if (std::exchange(begins, false) && left > 0) {
      core_->bound_unsent();  // may close this one
    }
  }
  drop_body();
  set_deadline(read_deadline);
  co_return !closing_;
}

}  // namespace sfb::http
