// What is made once for all who want the same, off the loop. It is made by a coroutine of its own,
// so a caller that goes away takes nobody's away with it.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/net/deadline.hpp"
#include "agent/net/wake.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace sfb::serve {

/// What it must not lack: numbers that only grow.
struct SharedVersion {
  std::uint64_t snapshot = 0;
  std::uint64_t settings = 0;  ///< of what it is made of besides

  bool covers(const SharedVersion& wanted) const {
    return snapshot >= wanted.snapshot && settings >= wanted.settings;
  }
};

/// Thread rule: loop thread. A copy is the same one. `T` is cheap to copy.
template <typename T>
class Shared {
 public:
  /// It tells times and counts, which are as old as it is.
  static constexpr std::chrono::seconds kMaxAge{1};

  struct Made {
    T value;
    SharedVersion version;
    MonoTime when{};  ///< when what it is made of was looked at

    bool outdated(MonoTime now) const { return now - when > kMaxAge; }
    bool serves(const SharedVersion& wanted, MonoTime arrived) const {
      return version.covers(wanted) && !outdated(arrived);
    }
  };
  /// Looks at what is newest when it is called, and makes one of that.
  using Make = std::function<boost::asio::awaitable<Result<Made>>()>;

  /// For a caller that came at `arrived`, when `wanted` was the newest: the one that there is, else
  /// one that is being made or will be; it never lacks what was there when its caller came. Errors:
  /// those of `make`, and Reason::internal, code `page.cancelled` or `page.abandoned` (the agent
  /// stops).
  boost::asio::awaitable<Result<T>> get(SharedVersion wanted, MonoTime arrived, Make make) {
    return wait(state_, wanted, arrived, std::move(make));
  }
  /// The one that `get` would give at once, else null.
  const T* ready(const SharedVersion& wanted, MonoTime arrived) const {
    return state_->made && state_->made->serves(wanted, arrived) ? &state_->made->value : nullptr;
  }
  /// One that is too old for everybody only costs memory.
  void drop_outdated(MonoTime now) {
    if (state_->made && state_->made->outdated(now)) {
      state_->made.reset();
    }
  }

 private:
  struct Build {
    net::Wake done;
    bool finished = false;
    Result<Made> made = fail(Reason::internal, "page.abandoned",
                             "the page was not finished because the agent is stopping");
  };
  struct State {
    std::optional<Made> made;
    std::shared_ptr<Build> build;  ///< null when none is running
  };
  /// Ends a build for its waiters however its coroutine ends.
  class Completion {
   public:
    Completion(std::shared_ptr<State> state, std::shared_ptr<Build> build)
        : state_(std::move(state)), build_(std::move(build)) {}
    ~Completion() {
      build_->finished = true;
      state_->build.reset();
      build_->done.notify_all();
    }
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;

   private:
    std::shared_ptr<State> state_;
    std::shared_ptr<Build> build_;
  };

  static boost::asio::awaitable<void> run(std::shared_ptr<State> state,
                                          std::shared_ptr<Build> build, Make make) {
    const Completion completion(state, build);
    build->made = co_await make();
    if (build->made) {
      state->made = *build->made;
    }
  }

  static boost::asio::awaitable<Result<T>> wait(std::shared_ptr<State> state, SharedVersion wanted,
                                                MonoTime arrived, Make make) {
    const auto executor = co_await boost::asio::this_coro::executor;
    std::optional<Made> made = state->made;
    // Two rounds at most: a build that runs already may be of an older snapshot, the next is not.
    while (!made || !made->serves(wanted, arrived)) {
      std::shared_ptr<Build> build = state->build;
      if (!build) {
        build = state->build = std::make_shared<Build>();
        boost::asio::co_spawn(executor, run(state, build, make), boost::asio::detached);
      }
      if (!build->finished) {  // refused by a full pool, it ends before co_spawn returns
        co_await build->done.wait_until(net::kNever);
      }
      if (!build->finished) {
        co_return fail(Reason::internal, "page.cancelled", "the wait for the page was cancelled");
      }
      if (!build->made) {
        co_return std::unexpected(build->made.error());
      }
      made = *build->made;
    }
    co_return made->value;
  }

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace sfb::serve
