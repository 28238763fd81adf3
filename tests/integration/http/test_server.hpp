// A server on a free port with the handlers the tests need.
#pragma once

#include "agent/http/server.hpp"
#include "agent/http/unread_body.hpp"
#include "agent/net/deadline.hpp"
#include "tests/integration/http/raw_client.hpp"
#include "tests/integration/net/loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::http {

/// What the handlers and the test share.
struct HandlerState {
  std::atomic<int> started{0};
  std::atomic<int> ended{0};           ///< handlers that ran to their end
  std::atomic<int> cancelled{0};       ///< `/hang` handlers that were cancelled
  std::shared_ptr<const TlsPeer> tls;  ///< of the last request, loop thread only
  std::shared_ptr<const std::string> big = std::make_shared<const std::string>(big_body());

  static std::string big_body() {
    std::string body(10U << 20U, 'x');
    for (std::size_t i = 0; i < body.size(); i += 997) {
      body[i] = static_cast<char>('a' + i % 26);
    }
    return body;
  }
};

/// Keeps what was logged.
class LineSink final : public LogSink {
 public:
  void write(LogLevel, std::string_view, std::string_view event,
             std::span<const LogField> fields) override {
    std::string line(event);
    for (const LogField& field : fields) {
      line += fmt::format(" {}={}", field.key, field.value);
    }
    lines.push_back(std::move(line));
  }
  std::vector<std::string> lines;
};

/// Ten parts of 1 MB, of which `parts` are there.
class SomeParts final : public BodyParts {
 public:
  explicit SomeParts(int parts) : left_(parts) {}
  std::size_t size() const override { return 10'000'000; }
  std::size_t held() const override { return part_.size(); }
  std::span<const std::string_view> next() override {
    part_.assign(left_ > 0 ? 1'000'000 : 0, static_cast<char>('a' + left_));
    --left_;
    views_[0] = part_;
    return views_;
  }

 private:
  int left_;
  std::string part_;
  std::array<std::string_view, 1> views_;
};

/// 1,000 pieces of up to 5,000 bytes, some of none, up to 30 at a time.
class ManyPieces final : public BodyParts {
 public:
  ManyPieces() {
    for (std::size_t i = 0; i < 1000; ++i) {
      pieces_.push_back(std::string(i * 7919 % 5000 * (i % 9 == 3 ? 0 : 1), letter(i)));
    }
    views_.assign(pieces_.begin(), pieces_.end());
  }
  std::string whole() const {
    std::string all;
    for (const std::string& piece : pieces_) {
      all += piece;
    }
    return all;
  }
  std::size_t size() const override { return whole().size(); }
  std::size_t held() const override { return size(); }
  std::span<const std::string_view> next() override {
    const auto all = std::span<const std::string_view>(views_).subspan(next_);
    const auto some = all.first(std::min<std::size_t>(all.size(), 1 + next_ % 30));
    next_ += some.size();
    return some;
  }

 private:
  static char letter(std::size_t i) { return static_cast<char>('a' + i % 26); }

  std::vector<std::string> pieces_;
  std::vector<std::string_view> views_;
  std::size_t next_ = 0;
};

/// Counts how a waiting handler ends, also when its frame is destroyed.
class CountEnd {
 public:
  explicit CountEnd(std::atomic<int>& counter) : counter_(counter) {}
  ~CountEnd() { ++counter_; }
  CountEnd(const CountEnd&) = delete;
  CountEnd& operator=(const CountEnd&) = delete;

 private:
  std::atomic<int>& counter_;
};

inline boost::asio::awaitable<Response> handle(std::shared_ptr<HandlerState> state,
                                               std::shared_ptr<const Request> request) {
  ++state->started;
  state->tls = request->peer.tls;
  if (request->path == "/slow") {
    co_await net::sleep_until(net::mono_now() + std::chrono::milliseconds(300));
  } else if (request->path == "/slower") {
    co_await net::sleep_until(net::mono_now() + std::chrono::milliseconds(1'500));
  } else if (request->path == "/hang") {
    const CountEnd count(state->cancelled);
    co_await net::sleep_until(net::mono_now() + std::chrono::hours(1));
  } else if (request->path == "/throw") {
    throw std::runtime_error("the handler's own trouble");
  } else if (request->path == "/big") {
    Response response;
    response.body = state->big;
    co_return response;
  } else if (request->path == "/own") {
    Response response;
    response.body = std::make_shared<const std::string>(*state->big);
    co_return response;
  } else if (request->path.starts_with("/parts/")) {
    Response response;
    response.parts = std::make_shared<SomeParts>(std::stoi(request->path.substr(7)));
    co_return response;
  } else if (request->path == "/pieces") {
    Response response;
    response.parts = std::make_shared<ManyPieces>();
    co_return response;
  } else if (request->path == "/read" && request->unread) {
    const auto body = co_await request->unread->read(net::mono_now() + std::chrono::seconds(20));
    co_return text_response(body ? 200 : 400,
                            body ? std::to_string(body->size()) : std::string(body.error().code));
  } else if (request->path == "/read/soon" && request->unread) {
    const auto body = co_await request->unread->read(net::mono_now());
    co_return text_response(408, body ? "read" : body.error().code);
  } else if (request->path == "/read/not") {
    co_return text_response(403, "not for you");
  } else if (request->path == "/close") {
    Response response = text_response(200, "bye");
    response.close = true;
    co_return response;
  }
  ++state->ended;
  co_return text_response(
      200, fmt::format("{} {}?{} body={} peer={} loopback={} unix={} local={}", request->method,
                       request->path, request->query, request->body, request->peer.address,
                       request->peer.loopback, request->peer.unix_socket, request->local_address));
}

/// Owns everything; ends cleanly or hangs (see Loop).
class TestServer {
 public:
  explicit TestServer(ServerOptions options = {}, const std::string& address = "127.0.0.1:0") {
    options.on_own_answer = [this](Response& answer) {
      own_answers.push_back(answer.status);
      answer.headers.push_back({"X-Of-All", "answers"});
    };
    options.on_ended = [this](Ended how) { ended.push_back(how); };
    loop.call([&] {
      server = std::make_unique<Server>(
          loop.executor(), options,
          [state = state](std::shared_ptr<const Request> request) {
            return handle(state, std::move(request));
          },
          Logger(sink, LogLevel::info, "http"));
      if (const Status bound = server->listen({*net::parse_listen_address(address)}); !bound) {
        error = describe(bound.error());
      } else {
        where = server->addresses().front();
      }
    });
  }
  ~TestServer() {
    loop.call([&] { server.reset(); });
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  ServerCounters counters() {
    return loop.call([&] { return server->counters(); });
  }
  std::vector<int> answers_of_its_own() {
    return loop.call([&] { return own_answers; });
  }
  std::vector<Ended> ends() {
    return loop.call([&] { return ended; });
  }
  /// `event key=value ...` by line, from info on.
  std::vector<std::string> log() {
    return loop.call([&] { return sink->lines; });
  }
  /// Of the last request whose handler began.
  std::shared_ptr<const TlsPeer> last_tls() {
    return loop.call([&] { return state->tls; });
  }
  bool eventually_open(std::size_t count) {
    return net::eventually([&] { return counters().open == count; });
  }

  std::shared_ptr<HandlerState> state = std::make_shared<HandlerState>();
  std::vector<int> own_answers;  // loop thread only
  std::vector<Ended> ended;      // loop thread only
  std::shared_ptr<LineSink> sink = std::make_shared<LineSink>();
  net::Loop loop;
  std::unique_ptr<Server> server;
  std::string where;
  std::string error;
};

inline std::string get_request(const std::string& path, const std::string& more = {}) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n", path, more);
}

}  // namespace sfb::http
