// Whose password is looked at next when more come than can be. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::access {

/// Callers wait in lanes, one for each place that they come from. The lanes take turns, so that a
/// flood from one place costs the others nothing. Within a lane, who has guessed wrong goes behind
/// all who have not, and of each kind the newest goes first: whoever guesses on many connections
/// waits for the own guesses, and who comes once waits for one. When the queue is full, the one
/// goes that would be the last of the longest lane. Thread rule: a value of one owner.
class LoginQueue {
 public:
  using Id = std::uint64_t;

  explicit LoginQueue(std::size_t most) : most_(most) {}

  /// Adds one; `guessed`: its connection has been wrong before. Gives the one that has to go for
  /// it, if any, which is the new one only where `most` is 0.
  std::optional<Id> add(std::string_view lane, Id id, bool guessed = false);
  /// Takes the next one out.
  std::optional<Id> next();
  /// Takes this one out, if it is there: nobody waits for it any more.
  void remove(Id id);
  std::size_t size() const { return size_; }

 private:
  struct Lane {
    std::string name;
    std::deque<Id> fresh;    ///< oldest first, as below
    std::deque<Id> guessed;  ///< wrong before
    std::size_t size() const { return fresh.size() + guessed.size(); }
  };
  std::size_t most_;
  std::size_t size_ = 0;
  std::list<Lane> lanes_;  ///< none is empty; the first has its turn
};

/// The lane of an address: itself, of IPv6 its /64, which is one place with many addresses.
std::string lane_of(std::string_view address);

}  // namespace sfb::access
