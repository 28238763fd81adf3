// What was tried and what came of it: the test's own account.
#pragma once

#include "tests/property/outcome.hpp"
#include "tests/property/tree.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace sfb::property {

class Ledger {
 public:
  /// One damaged answer. `how` and `describe` are asked only where the rule is broken.
  void add(std::string_view source, const Outcome& whole, const Outcome& damaged,
           const std::function<Difference()>& how, const std::function<std::string()>& describe);

  std::size_t tried() const { return tried_; }
  std::size_t exempt() const;
  /// Of the exempt ones those that look better than they are: working became 1.
  std::size_t exempt_and_better() const { return better_; }
  std::size_t violations() const;
  /// How many failed, were equal, said less, were exempt (by class and kind), and what broke the
  /// rule, the smallest example of each.
  std::string report() const;

 private:
  struct Kind {
    std::size_t count = 0;
    std::string example;
  };
  std::size_t tried_ = 0;
  std::size_t failed_ = 0;
  std::size_t equal_ = 0;
  std::size_t less_ = 0;  ///< absent, or Unknown
  std::size_t better_ = 0;
  std::map<std::string, Kind> exempt_;
  std::map<std::string, Kind> violations_;
};

}  // namespace sfb::property
