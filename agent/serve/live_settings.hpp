// What a reload may change of the doors, as requests use it.
#pragma once

#include "agent/base/capped_text.hpp"
#include "agent/serve/body_budget.hpp"
#include "agent/serve/live_service.hpp"
#include "agent/serve/packed_body.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace sfb::serve {

/// Changes at a reload; requests keep the one they began with. Thread rule: an immutable value.
struct LiveSettings {
  AccessOptions access;
  KeptText config_yaml;
  std::chrono::milliseconds query_timeout;
  std::size_t max_bytes;
  BodyBudget bodies;
  std::string runbooks;
  Elsewhere elsewhere;
  LoginWays ways;        ///< without those of the web configuration
  std::uint64_t number;  ///< grows with each reload

  /// `before`: bodies that are still being sent count on.
  explicit LiveSettings(ServiceOptions options, const LiveSettings* before = nullptr)
      : access(std::move(options.access)),
        config_yaml(std::move(options.config_yaml)),
        query_timeout(options.query_timeout),
        max_bytes(most_text(options.limits)),
        bodies(before != nullptr && before->bodies.is_of(options.budget)
                   ? before->bodies
                   : BodyBudget(options.budget)),
        runbooks(std::move(options.runbooks)),
        elsewhere(std::move(options.elsewhere)),
        ways(options.identities.ways()),
        number(before != nullptr ? before->number + 1 : 0) {
    access.provable = options.identities.can_be_asked();
  }
};

}  // namespace sfb::serve
