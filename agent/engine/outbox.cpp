#include "agent/engine/outbox.hpp"

#include <expected>
#include <utility>

namespace sfb::engine {

void Outbox::answer(const status::AnswerCallback& callback, status::Answer answer) {
  post([callback, made = std::move(answer)]() mutable { callback(std::move(made)); });
}

void Outbox::refuse(const status::AnswerCallback& callback, status::Refusal refusal) {
  post([callback, made = std::move(refusal)]() mutable {
    callback(std::unexpected(std::move(made)));
  });
}

void Outbox::flush() {
  if (flushing_) {
    return;
  }
  flushing_ = true;
  while (!calls_.empty()) {
    const auto call = std::move(calls_.front());
    calls_.pop_front();
    call();
  }
  flushing_ = false;
}

}  // namespace sfb::engine
