#include "agent/http/server_turn.hpp"

#include "agent/http/server_connection.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sfb::http {

double Connection::bytes_per_second(MonoTime now) const {
  const double read = sent_ > kKernelBytes ? static_cast<double>(sent_ - kKernelBytes) : 0;
  return read / std::max(std::chrono::duration<double>(now - since_).count(), 0.001);
}

Connection::Turn Connection::turn(MonoTime now) const {
  const bool old = now - since_ >= core_->options.young;
  if (phase_ == Phase::writing) {
    return old && bytes_per_second(now) < kSlowReader ? Turn::slow_reader : Turn::reader;
  }
  if (phase_ == Phase::lingering) {
    return Turn::idle;
  }
  if (!old) {
    return Turn::young;
  }
  return phase_ == Phase::idle ? Turn::idle : Turn::half_request;
}

bool Connection::goes_before(const Connection& other, MonoTime now) const {
  const Turn mine = turn(now);
  const Turn others = other.turn(now);
  if (mine != others) {
    return mine < others;
  }
  return mine == Turn::slow_reader || mine == Turn::reader ? is_slower(other, now)
                                                           : since_ < other.since_;
}

bool Connection::is_slower(const Connection& other, MonoTime now) const {
  return std::pair(bytes_per_second(now), since_) <
         std::pair(other.bytes_per_second(now), other.since_);
}

}  // namespace sfb::http
