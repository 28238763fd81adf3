#include "agent/http/unread_body.hpp"

#include "agent/http/server_connection.hpp"

#include <utility>

namespace sfb::http {

namespace {

class ConnectionBody final : public UnreadBody {
 public:
  ConnectionBody(std::weak_ptr<Connection> connection, std::uint64_t size)
      : connection_(std::move(connection)), size_(size) {}

  std::uint64_t size() const override { return size_; }

  boost::asio::awaitable<Result<std::string>> read(MonoTime deadline) override {
    const auto connection = std::exchange(connection_, {}).lock();
    if (!connection) {
      co_return fail(Reason::protocol, "http.body", "the body was read before", "");
    }
    co_return co_await connection->read_body(deadline);
  }

 private:
  std::weak_ptr<Connection> connection_;
  std::uint64_t size_;
};

}  // namespace

std::shared_ptr<UnreadBody> unread_body(std::weak_ptr<Connection> connection, std::uint64_t size) {
  return std::make_shared<ConnectionBody>(std::move(connection), size);
}

// The connection waits for its client again, as with the body of any request.
boost::asio::awaitable<Result<std::string>> Connection::read_body(MonoTime deadline) {
  enter(Phase::body);
  set_deadline(deadline);
  Error error{Reason::protocol, "http.body", "the client sent no whole body", "", {}, Stage::none};
  bool good = !reader_.wants_continue() || co_await write_bytes("HTTP/1.1 100 Continue\r\n\r\n");
  while (good && !closing_) {
    const RequestReader::Step step = reader_.step();
    if (step == RequestReader::Step::complete) {
      unread_ = false;
      enter(Phase::answering);
      core_->watch_callers();
      set_deadline(net::kNever);
      co_return reader_.take().body;
    }
    good = step == RequestReader::Step::more && co_await read_some();
  }
  if (expired_ && !closing_) {
    error = {Reason::timeout,
             "http.body_slow",
             "the body did not come in time",
             "look at the way to the agent, and try again",
             {},
             Stage::none};
  }
  enter(Phase::answering);
  set_deadline(net::kNever);
  co_return std::unexpected(std::move(error));
}

}  // namespace sfb::http
