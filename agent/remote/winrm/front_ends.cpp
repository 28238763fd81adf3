#include "agent/remote/winrm/front_ends.hpp"

#include <utility>

namespace sfb::remote {

std::vector<std::size_t> FrontEnds::order() const {
  std::vector<std::size_t> order;
  if (current_) {
    order.push_back(*current_);
  }
  for (std::size_t place = 0; place < urls_.size(); ++place) {
    if (place != current_ && place != failed_) {
      order.push_back(place);
    }
  }
  if (failed_ && failed_ != current_) {
    order.push_back(*failed_);
  }
  return order;
}

bool FrontEnds::worked(std::size_t place) {
  current_ = place;
  if (failed_ == place) {
    failed_.reset();
  }
  return std::exchange(used_, place) != place;
}

void FrontEnds::failed(std::size_t place) {
  failed_ = place;
  if (current_ == place) {
    current_.reset();
  }
}

void FrontEnds::unanswered(std::size_t place, Stage stage, std::size_t answers,
                           const Error& error) {
  const bool none_came = error.reason == Reason::timeout || error.reason == Reason::connect;
  if (none_came && size() > 1 && stage == Stage::open && answers == 0) {
    failed(place);
  }
}

bool connecting_failed(const Error& error) {
  return error.stage == Stage::resolve || error.stage == Stage::connect ||
         error.stage == Stage::tls;
}

MonoTime try_end(MonoTime now, MonoTime deadline, std::size_t left) {
  if (left <= 1 || deadline <= now) {
    return deadline;
  }
  return now + (deadline - now) / (2 * static_cast<long>(left));
}

Error none_reached(std::vector<Error> errors) {
  Error last = std::move(errors.back());
  std::string all;
  for (std::size_t i = 0; i + 1 < errors.size(); ++i) {
    all += errors[i].message + "; ";
  }
  last.message.insert(0, all);
  return last;
}

}  // namespace sfb::remote
