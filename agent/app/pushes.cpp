#include "agent/app/pushes.hpp"

#include "agent/net/deadline.hpp"
#include "agent/net/wake.hpp"
#include "agent/remote/file/dated.hpp"
#include "collectors/collector.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sfb::app {

namespace {

namespace asio = boost::asio;

/// A disk that takes longer is told as one that does not keep.
constexpr std::chrono::seconds kWriteTime{5};

// The words of the cmdlet's parameter that the collector calls its category.
std::vector<std::string> categories_of(const collectors::Collector& what) {
  std::vector<std::string> words;
  for (const binding::Parameter& parameter : what.cmdlet().parameters) {
    if (!what.category.empty() && parameter.name == what.category) {
      words.assign(parameter.enumerators.begin(), parameter.enumerators.end());
    }
  }
  return words;
}

class StorePushLedger final : public remote::PushLedger {
 public:
  explicit StorePushLedger(std::shared_ptr<store::Store> state) : state_(std::move(state)) {}

  std::vector<std::pair<remote::PushName, remote::PushRecord>> take() override {
    std::vector<std::pair<remote::PushName, remote::PushRecord>> found;
    for (auto& [name, pushed] : state_->take_pushed()) {
      if (const auto pool = Fqdn::parse(name.pool)) {
        found.emplace_back(remote::PushName{*pool, name.collector, name.category},
                           remote::PushRecord{pushed.date, pushed.seen, std::move(pushed.body)});
      } else {
        state_->forget_pushed(std::move(name));
      }
    }
    return found;
  }
  void keep(const remote::PushName& name, remote::PushRecord record,
            std::function<void(bool)> committed) override {
    state_->keep_pushed(stored(name), {record.date, record.seen, std::move(record.body)},
                        std::move(committed));
  }
  void forget(const remote::PushName& name) override { state_->forget_pushed(stored(name)); }

 private:
  static store::PushedName stored(const remote::PushName& name) {
    return {name.pool.str(), name.collector, name.category};
  }

  std::shared_ptr<store::Store> state_;
};

// What the store's thread and the waiting request share; on the loop but for the post.
struct Written {
  net::Wake told;
  bool kept = false;
};

std::string doubt_of(Micros ahead) {
  if (ahead <= remote::kNotedSkew) {
    return {};
  }
  return fmt::format("the export is dated {}; set the clock of the machine that exported it{}",
                     remote::ahead_text(ahead),
                     ahead > remote::kMostSkew ? ": until then it is not used" : "");
}

}  // namespace

remote::PushPlaces push_places(const config::Settings& settings) {
  remote::PushPlaces places;
  for (const config::Pool& pool : settings.pools) {
    const auto endpoint =
        std::ranges::find(settings.endpoints, pool.endpoint, &config::Endpoint::name);
    if (endpoint == settings.endpoints.end() ||
        !std::holds_alternative<config::Push>(endpoint->transport)) {
      continue;
    }
    auto& place = places[pool.fqdn];
    const collectors::Collector& status = collectors::pool_status();
    place.emplace(status.name, categories_of(status));
    for (const config::PoolCollector& collector : pool.collectors) {
      if (const auto* const what = collectors::find(collector.name)) {
        place.emplace(collector.name, categories_of(*what));
      }
    }
  }
  return places;
}

serve::PushOptions push_door_options(const config::Settings& settings,
                                     std::shared_ptr<ByteBudget> budget) {
  // UTF-16, which Export-Clixml writes, takes two bytes a character.
  serve::PushOptions options{.most_bytes = 2 * settings.limits.object, .budget = std::move(budget)};
  for (const config::Endpoint& endpoint : settings.endpoints) {
    const auto* const push = std::get_if<config::Push>(&endpoint.transport);
    if (push == nullptr) {
      continue;
    }
    serve::Pushers from{.tokens = push->from.tokens,
                        .users = push->from.users,
                        .certificates = push->from.certificates};
    for (const std::string& principal : push->from.principals) {
      if (const auto sid = identity::Sid::parse(principal)) {
        from.sids.push_back(*sid);
      } else {
        from.principals.push_back(principal);
      }
    }
    const auto pushers = std::make_shared<const serve::Pushers>(std::move(from));
    for (const config::Pool& pool : settings.pools) {
      if (pool.endpoint == endpoint.name) {
        options.pools.emplace(pool.fqdn, pushers);
      }
    }
  }
  return options;
}

std::shared_ptr<remote::Pushed> make_pushed(const std::shared_ptr<store::Store>& state,
                                            const Clock& clock, const Logger& logger) {
  return std::make_shared<remote::Pushed>(
      clock, state ? std::make_shared<StorePushLedger>(state) : nullptr,
      logger.with_source("push"));
}

serve::Push make_push(asio::any_io_executor loop, net::WorkerPool& workers,
                      std::shared_ptr<remote::Pushed> pushed, const Limits& limits,
                      const Clock& clock) {
  return [=, &workers, &clock, &limits](
             Fqdn pool,
             std::shared_ptr<const std::string> body) -> asio::awaitable<Result<serve::PushTaken>> {
    // Owned by this frame: the closure may be gone when it resumes.
    const auto held = pushed;
    const auto executor = loop;
    const bool large = body->size() > store::kMostPushed;
    auto incoming =
        co_await workers.run([body = std::move(body), pool, most = limits, now = clock.now().wall] {
          return remote::read_push(body, pool, most, now);
        });
    if (!incoming) {
      co_return std::unexpected(std::move(incoming.error()));
    }
    const auto written = std::make_shared<Written>();
    const auto taken = held->take(std::move(*incoming), [written, executor](bool kept) {
      asio::post(executor, [written, kept] {
        written->kept = kept;
        written->told.notify_all();
      });
    });
    if (!taken) {
      co_return std::unexpected(taken.error());
    }
    co_await written->told.wait_until(net::mono_now() + kWriteTime);
    co_return serve::PushTaken{
        .kept = written->kept, .too_large = !written->kept && large, .doubt = doubt_of(*taken)};
  };
}

}  // namespace sfb::app
