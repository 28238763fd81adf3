#include "agent/serve/live_events.hpp"

#include "agent/http/query_string.hpp"
#include "agent/net/deadline.hpp"
#include "agent/net/wake.hpp"
#include "agent/serve/page_model.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <optional>
#include <utility>

namespace sfb::serve {

std::string seen_by(const http::Request& request) {
  if (const std::string* const last = request.header("Last-Event-ID")) {
    return *last;
  }
  const auto items = http::parse_query(request.query);
  if (items) {
    for (const http::QueryItem& item : *items) {
      if (item.name == "seen") {
        return item.value.value_or("");
      }
    }
  }
  return {};
}

namespace {

namespace asio = boost::asio;

http::Response event_response(std::string body) {
  http::Response response;
  response.headers = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}};
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

http::Response refused_stream(std::string text) {
  http::Response response = http::text_response(503, std::move(text));
  response.headers.push_back({"Retry-After", "60"});
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

/// Counts one who waits, however the wait ends. The last one ends the looking.
class StreamPlace {
 public:
  StreamPlace(std::size_t& count, net::Wake& pause) : count_(count), pause_(pause) { ++count_; }
  ~StreamPlace() {
    if (--count_ == 0) {
      pause_.notify_all();
    }
  }
  StreamPlace(const StreamPlace&) = delete;
  StreamPlace& operator=(const StreamPlace&) = delete;

 private:
  std::size_t& count_;
  net::Wake& pause_;
};

}  // namespace

struct LiveEvents::Impl {
  status::Board& board;
  net::WorkerPool& cpu;
  EventPace pace;
  std::size_t waiting = 0;
  bool looking = false;
  bool stopped = false;
  std::optional<std::uint64_t> version = {};  ///< of the snapshot that `state` is of
  std::string state = {};
  net::Wake changed = {};
  net::Wake pause = {};  ///< between two looks

  /// Until nobody waits. All who wait share one look.
  static asio::awaitable<void> look(std::shared_ptr<Impl> impl) {
    while (impl->waiting > 0 && !impl->stopped) {
      const status::SnapshotPtr snapshot = impl->board.snapshot();
      if (impl->version != snapshot->version) {
        Result<std::string> state = co_await impl->cpu.run(
            [snapshot]() -> Result<std::string> { return state_of_page(*snapshot); });
        if (state) {
          impl->version = snapshot->version;
          impl->state = std::move(*state);
        }
      }
      impl->changed.notify_all();
      co_await impl->pause.wait_until(net::mono_now() + impl->pace.look);
    }
    impl->looking = false;
  }

  static asio::awaitable<http::Response> next(std::shared_ptr<Impl> impl,
                                              std::shared_ptr<const http::Request> request) {
    if (impl->waiting >= impl->pace.most) {
      co_return refused_stream(fmt::format(
          "{} browsers wait for events already: ask for the page now and then", impl->pace.most));
    }
    const StreamPlace place(impl->waiting, impl->pause);
    const std::string seen = seen_by(*request);
    const MonoTime deadline = net::mono_now() + impl->pace.patience;
    if (!std::exchange(impl->looking, true)) {
      asio::co_spawn(co_await asio::this_coro::executor, look(impl), asio::detached);
    }
    // The state may be old until the first look.
    bool in_time = true;
    while (in_time && !impl->stopped) {
      in_time = co_await impl->changed.wait_until(deadline);
      if (!impl->state.empty() && impl->state != seen) {
        co_return event_response(fmt::format("retry: 1000\nid: {0}\ndata: {0}\n\n", impl->state));
      }
    }
    if (impl->stopped) {
      co_return refused_stream("the agent is stopping");
    }
    // With an id and without data it is no event, and the browser names the id the next time.
    co_return event_response(
        fmt::format("retry: 1000\n{}: nothing changed\n\n",
                    impl->state.empty() ? "" : fmt::format("id: {}\n", impl->state)));
  }
};

LiveEvents::LiveEvents(status::Board& board, net::WorkerPool& cpu, EventPace pace)
    : impl_(std::make_shared<Impl>(board, cpu, pace)) {}

asio::awaitable<http::Response> LiveEvents::next(std::shared_ptr<const http::Request> request) {
  return Impl::next(impl_, std::move(request));
}

void LiveEvents::stop() {
  impl_->stopped = true;
  impl_->changed.notify_all();
  impl_->pause.notify_all();
}

}  // namespace sfb::serve
