// Time per stage of one ask, summed, because a stage may come more than once.
#pragma once

#include "agent/base/time.hpp"
#include "agent/remote/session/observer.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace sfb::remote {

/// Thread rule: one owner.
class StageTimes {
 public:
  /// `observer` may be absent; it is told what `ended` is given.
  explicit StageTimes(Observer* observer = nullptr) : observer_(observer) {}

  void add(Stage stage, std::chrono::nanoseconds duration) {
    const auto known = std::ranges::find(all_, stage, &StageTime::stage);
    if (known == all_.end()) {
      all_.push_back({stage, duration});
    } else {
      known->duration += duration;
    }
  }
  /// A stage that is over as a whole: adds it and tells it.
  void ended(const StageTime& time) {
    add(time.stage, time.duration);
    tell(time);
  }
  /// The stage is over: tells its sum, if it was there.
  void ended(Stage stage) {
    const auto known = std::ranges::find(all_, stage, &StageTime::stage);
    if (known != all_.end()) {
      tell(*known);
    }
  }
  std::chrono::nanoseconds sum(Stage stage) const {
    const auto known = std::ranges::find(all_, stage, &StageTime::stage);
    return known == all_.end() ? std::chrono::nanoseconds(0) : known->duration;
  }
  const std::vector<StageTime>& all() const { return all_; }

 private:
  void tell(const StageTime& time) const {
    if (observer_ != nullptr) {
      observer_->stage(time);
    }
  }

  Observer* observer_;
  std::vector<StageTime> all_;
};

}  // namespace sfb::remote
