#include "agent/remote/byte_budget.hpp"

#include <algorithm>

namespace sfb::remote {

ByteBudget::Hold::~Hold() {
  if (budget_ != nullptr) {
    {
      const std::lock_guard lock(budget_->mutex_);
      budget_->free_ += bytes_;
    }
    budget_->freed_.notify_all();
  }
}

std::optional<ByteBudget::Hold> ByteBudget::acquire(std::size_t bytes, MonoTime deadline) {
  const std::size_t wanted = std::min(bytes, total_);
  std::unique_lock lock(mutex_);
  if (!freed_.wait_until(lock, deadline, [&] { return free_ >= wanted; })) {
    return std::nullopt;
  }
  free_ -= wanted;
  return Hold(this, wanted);
}

}  // namespace sfb::remote
