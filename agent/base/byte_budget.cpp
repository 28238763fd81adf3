#include "agent/base/byte_budget.hpp"

#include <algorithm>

namespace sfb {

ByteBudget::Hold::~Hold() {
  if (budget_ != nullptr) {
    budget_->give(bytes_);
  }
}

bool ByteBudget::try_take(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > free_) {
    return false;
  }
  free_ -= bytes;
  return true;
}

void ByteBudget::give(std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    free_ += bytes;
  }
  freed_.notify_all();
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

}  // namespace sfb
