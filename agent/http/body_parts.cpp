// How a connection writes an answer: its head, and its body from memory or part by part.
#include "agent/http/body_parts.hpp"

#include "agent/http/server_connection.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/socket_base.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace sfb::http {
namespace {

/// With the head; few enough for the frame of a coroutine that Asio keeps.
using Buffers = std::array<boost::asio::const_buffer, kPartsAtOnce + 1>;

/// What the kernel has not taken yet.
struct Unwritten {
  std::string_view head;
  std::span<const std::string_view> pieces;
  std::size_t taken = 0;  ///< of the first piece

  std::span<const boost::asio::const_buffer> buffers(Buffers& room) const;
  void drop(std::size_t bytes);
};

/// The next bytes, as many as have room.
std::span<const boost::asio::const_buffer> Unwritten::buffers(Buffers& room) const {
  std::size_t used = 0;
  room[used++] = boost::asio::buffer(head);
  std::size_t skipped = taken;
  for (const std::string_view piece : pieces.first(std::min(pieces.size(), room.size() - 1))) {
    room.at(used++) = boost::asio::buffer(piece.substr(std::exchange(skipped, 0)));
  }
  return std::span(room).first(used);
}

void Unwritten::drop(std::size_t bytes) {
  const std::size_t of_head = std::min(bytes, head.size());
  head.remove_prefix(of_head);
  taken += bytes - of_head;
  while (!pieces.empty() && taken >= pieces.front().size()) {
    taken -= pieces.front().size();
    pieces = pieces.subspan(1);
  }
}

}  // namespace

void Connection::drop_body() {
  body_.reset();
  parts_.reset();
}

Connection::Unsent Connection::unsent() const {
  if (sent_ == 0 || (body_ == nullptr && parts_ == nullptr)) {
    return {};
  }
  return parts_ != nullptr ? Unsent{parts_->memory(), parts_->held()}
                           : Unsent{body_.get(), body_->size()};
}

// Not boost::asio::async_write: that one hands the kernel 64 KiB of a body at a time, and pages
// have megabytes in one piece.
boost::asio::awaitable<bool> Connection::write_bytes(std::string_view head) {
  const MonoTime read_deadline = deadline_;
  set_deadline(net::mono_now() + core_->options.write_timeout);
  const std::string_view whole = body_ != nullptr ? std::string_view(*body_) : std::string_view();
  Unwritten unwritten{head, {&whole, parts_ != nullptr ? 0U : 1U}};
  std::size_t left = head.size() + (parts_ != nullptr ? parts_->size() : whole.size());
  bool begins = true;
  while (left > 0 && !closing_) {
    if (unwritten.pieces.empty() && parts_ != nullptr) {
      unwritten.pieces = parts_->next();
    }
    Buffers room;
    const std::span<const boost::asio::const_buffer> rest = unwritten.buffers(room);
    // Parts that end too early, or have more than they said.
    const std::size_t offered = boost::asio::buffer_size(rest);
    bool good = offered > 0 && offered <= left;
    if (good) {
      // The first bytes at once: most answers need no more. Then the others have their turns.
      const auto now = begins ? stream_.write_now(rest) : std::nullopt;
      const auto [error, size] = now ? *now : co_await stream_.write_some(rest);
      good = !error && !closing_;
      if (good) {  // closed, it has no parts any more
        unwritten.drop(size);
        left -= size;
        sent_ += size;
      }
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
