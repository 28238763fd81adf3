// Endpoints that share an account, for the engine's tests.
#pragma once

#include "tests/unit/engine/rig.hpp"

namespace sfb::engine::testing {

inline Result<remote::Reply> refusal() {
  return fail(Reason::auth, "auth.refused", "the server refused", "check it");
}

// For serve_for.
inline bool all(std::string_view) {
  return true;
}
inline bool none(std::string_view) {
  return false;
}

/// `count` endpoints e0, e1, ... with a pool each: p0.x, p1.x, ...
class AccountRig : public Rig {
 public:
  explicit AccountRig(std::size_t count, const std::string& account = "svc") {
    options.endpoints.clear();
    options.pools.clear();
    for (std::size_t i = 0; i < count; ++i) {
      add_endpoint("e" + std::to_string(i));
      options.endpoints.back().account = account;
      add_pool(name(i), "e" + std::to_string(i));
    }
    configure();
  }
  static std::string name(std::size_t i) { return "p" + std::to_string(i) + ".x"; }
  /// Runs end as soon as they begin: refused where `refuses` says so.
  void serve_for(std::chrono::nanoseconds time,
                 const std::function<bool(std::string_view)>& refuses) {
    const MonoTime end = clock.now().mono + time;
    while (clock.now().mono < end) {
      pass(50ms);
      while (!open.empty()) {
        const std::string pool(open.begin()->second.ask.call.parameter("PoolFqdn"));
        if (refuses(pool)) {
          ++refused;
          finish(refusal());
        } else {
          finish_good();
        }
      }
    }
  }
  /// Pools that are up.
  std::size_t up() {
    return static_cast<std::size_t>(std::ranges::count_if(
        core.snapshot()->pools, [](const auto& pool) { return pool->up == true; }));
  }
  std::size_t refused = 0;
};

}  // namespace sfb::engine::testing
