// Pushed exports: who may push what, how they are taken, and how they outlive the process.
#pragma once

#include "agent/base/byte_budget.hpp"
#include "agent/base/limits.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/remote/push/pushed.hpp"
#include "agent/serve/live_push.hpp"
#include "agent/store/store.hpp"
#include "config/settings.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace sfb::app {

/// Of each pool with an endpoint of transport `push`: what may be pushed.
remote::PushPlaces push_places(const config::Settings& settings);

/// Who may push, and how much.
serve::PushOptions push_door_options(const config::Settings& settings,
                                     std::shared_ptr<ByteBudget> budget);

/// What was pushed, with what the state has of it; without a state (null) nothing outlives the
/// process.
std::shared_ptr<remote::Pushed> make_pushed(const std::shared_ptr<store::Store>& state,
                                            const Clock& clock, const Logger& logger);

/// Reads an export on a worker, takes it, and waits until it is written. Thread rule: loop thread;
/// `workers`, `clock` and `limits`, which a reload may change, outlive the requests.
serve::Push make_push(boost::asio::any_io_executor loop, net::WorkerPool& workers,
                      std::shared_ptr<remote::Pushed> pushed, const Limits& limits,
                      const Clock& clock);

}  // namespace sfb::app
