// The front ends of one endpoint: which one is used, and which comes next. Pure; time comes in as
// an argument.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/base/url.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace sfb::remote {

/// Thread rule: one owner.
class FrontEnds {
 public:
  /// In the order in which they are tried. Precondition: not empty.
  explicit FrontEnds(std::vector<Url> urls) : urls_(std::move(urls)) {}

  std::size_t size() const { return urls_.size(); }
  const Url& url(std::size_t place) const { return urls_[place]; }

  /// Whom a new session tries: the one that worked last, then the others as they are written. One
  /// that has just failed comes last.
  std::vector<std::size_t> order() const;
  /// A connection for a new session came about. True: sessions went to another one before, or one
  /// that is written before it did not work.
  bool worked(std::size_t place);
  /// A connection could not be made.
  void failed(std::size_t place);
  /// A request got no answer. Of a new session on a connection without `answers` so far: another
  /// front end, if there is one, is tried before this one then. No logon was refused.
  void unanswered(std::size_t place, Stage stage, std::size_t answers, const Error& error);

 private:
  std::vector<Url> urls_;
  std::size_t used_ = 0;  ///< the last that worked; the first before that
  std::optional<std::size_t> current_;
  std::optional<std::size_t> failed_;  ///< the last that failed
};

/// No connection: the server was not reached, or is not the one that it should be. A refused logon
/// is none of these.
bool connecting_failed(const Error& error);

/// When a try must end of which `left` are left, this one included. All but the last get a share of
/// half the time, so that silent ones leave time for one that answers.
MonoTime try_end(MonoTime now, MonoTime deadline, std::size_t left);

/// Of several: the last one's error, whose message says how each ended. Precondition: not empty.
Error none_reached(std::vector<Error> errors);

}  // namespace sfb::remote
