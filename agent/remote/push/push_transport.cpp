#include "agent/remote/push/push_transport.hpp"

#include "agent/net/worker_pool.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace sfb::remote {

namespace {

constexpr std::size_t kPushQueue = 4096;
constexpr std::chrono::milliseconds kPushGrace{20};
constexpr std::string_view kLookAtPushes =
    "look whether the task on the front end runs, and what it says about the agent's answer";

class PushTransport final : public Transport {
 public:
  PushTransport(PushOptions options, const Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        worker_("push-" + options_.endpoint, 1, kPushQueue, kPushGrace) {}

  Status can_ask(const Ask& ask) const override {
    if (!ask.beyond_files.empty()) {
      return cannot_ask(fmt::format("to -{}", ask.beyond_files), "ask without it");
    }
    if (!ask.lacking.empty()) {
      return fail(Reason::protocol, "push.cannot_ask",
                  fmt::format("endpoint {} is pushed to, which gives the answer with -{}",
                              options_.endpoint, ask.lacking),
                  fmt::format("ask with -{}", ask.lacking));
    }
    if (!options_.pushed) {
      return {};  // `ask` says why there is nothing
    }
    if (!options_.pushed->has_place(ask.pool, ask.collector)) {
      return cannot_ask(fmt::format("of {}", ask.call.cmdlet),
                        "write its collector into the pool's key collectors, and push with "
                        "-Collector");
    }
    if (!ask.category.empty() && options_.pushed->find(name_of(ask)) == nullptr) {
      return cannot_ask("to -Category", "push with -PerCategory");
    }
    return {};
  }

  boost::asio::awaitable<Result<Reply>> ask(Ask ask, MonoTime deadline) override {
    if (Status possible = can_ask(ask); !possible) {
      co_return std::unexpected(std::move(possible.error()));
    }
    if (!options_.pushed) {
      co_return nothing("push.elsewhere",
                        fmt::format("what is pushed to endpoint {} is held by the running agent, "
                                    "and by nobody else",
                                    options_.endpoint),
                        "ask it: Get-CsBackupServiceStatus -PoolFqdn POOL");
    }
    const MonoTime start = clock_.now().mono;
    const PushName name = name_of(ask);
    const Pushed::Held* const held = options_.pushed->find(name);
    if (held == nullptr) {
      co_return nothing(
          "push.missing",
          fmt::format("nothing was pushed yet for {} of pool {}", ask.collector, ask.pool.str()),
          std::string(kLookAtPushes));
    }
    Content content = held->content;
    content.result = held->result();
    if (!content.result) {
      auto again = co_await read(held->body, name, deadline);
      if (!again) {
        again.error().message = "the pushed export: " + again.error().message;
        co_return std::unexpected(std::move(again.error()));
      }
      options_.pushed->remember(name, *again);
      content.result = again->content.result;
      content.culture = again->content.culture;
      content.text_left_out = again->content.text_left_out;
    }
    const Now now = clock_.now();
    auto reply = judge(content,
                       {.what = "the pushed export",
                        .too_old = "push.too_old",
                        .clock_skew = "push.clock_skew",
                        .text_left_out = "push.text_left_out",
                        .remedy_of_age = kLookAtPushes},
                       options_.max_age, now);
    if (reply) {
      reply->stages = {{Stage::query, now.mono - start}};
    }
    co_return reply;
  }

  void on_change(OnChange callback) override {
    if (options_.pushed) {
      options_.pushed->on_change(std::move(callback));
    }
  }

  bool uses_backoff() const override { return false; }

 private:
  static PushName name_of(const Ask& ask) {
    return {ask.pool, std::string(ask.collector), ask.category};
  }

  Status cannot_ask(std::string_view what, std::string remedy) const {
    return fail(
        Reason::protocol, "push.cannot_ask",
        fmt::format("endpoint {} is pushed to, and has no answer {}", options_.endpoint, what),
        std::move(remedy));
  }

  static std::unexpected<Error> nothing(std::string code, std::string message, std::string remedy) {
    return std::unexpected(Error{Reason::not_found,
                                 std::move(code),
                                 std::move(message),
                                 std::move(remedy),
                                 {},
                                 Stage::query});
  }

  // The job owns all it uses.
  boost::asio::awaitable<Result<Incoming>> read(std::shared_ptr<const std::string> body,
                                                PushName name, MonoTime deadline) {
    co_return co_await worker_.run_until(
        [body = std::move(body), name, deadline, limits = options_.limits,
         budget = options_.budget]() -> Result<Incoming> {
          const auto hold = budget->acquire(body->size(), deadline);
          if (!hold) {
            return fail(Reason::timeout, "limits.in_flight",
                        "too many bytes are being read at once", "raise limits.in_flight");
          }
          return read_push(body, name.pool, limits, {});
        },
        deadline, "push.slow");
  }

  PushOptions options_;
  const Clock& clock_;
  net::WorkerPool worker_;
};

}  // namespace

std::shared_ptr<Transport> make_push_transport(PushOptions options, const Clock& clock) {
  if (!options.budget) {
    options.budget = std::make_shared<ByteBudget>(options.limits.in_flight);
  }
  return std::make_shared<PushTransport>(std::move(options), clock);
}

}  // namespace sfb::remote
