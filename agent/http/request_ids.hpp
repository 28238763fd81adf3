// What joins a request with its lines of the log, its entry of the history and its answer.
#pragma once

#include "agent/http/types.hpp"

#include <random>
#include <string>

namespace sfb::http {

/// Thread rule: a value of one owner.
class RequestIds {
 public:
  /// The caller's own X-Request-Id, so that its log and ours meet: 1 to 64 letters, digits, `-`,
  /// `.` and `_`. Else a new one of 16 hexadecimal digits.
  std::string of(const Request& request);
  /// The same in the place of `id`.
  void set(std::string& id, const Request& request);
  /// A new one, where no request could be read.
  std::string made();

 private:
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace sfb::http
