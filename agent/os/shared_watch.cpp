#include "agent/os/shared_watch.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace sfb::os {

SharedWatch::Subscription::~Subscription() {
  if (const auto watch = watch_.lock()) {
    watch->unsubscribe(number_);
  }
}

std::unique_ptr<SharedWatch::Subscription> SharedWatch::subscribe(std::string folder,
                                                                  FileWatch::Callback callback) {
  const std::size_t number = ++made_;
  subscribers_.emplace(number, Subscriber{std::move(folder), std::move(callback)});
  return std::unique_ptr<Subscription>(new Subscription(weak_from_this(), number));
}

void SharedWatch::unsubscribe(std::size_t number) {
  const auto node = subscribers_.extract(number);
  const std::string& folder = node.mapped().folder;
  const bool others = std::ranges::any_of(
      subscribers_, [&](const auto& entry) { return entry.second.folder == folder; });
  if (!others && watch_) {
    watch_->remove(folder);
  }
}

Result<std::optional<FileWatch::Adder>> SharedWatch::adder(const std::string& folder) {
  if (!watch_) {
    auto made = FileWatch::create(executor_, [this](const FileEvent& event) { tell(event); });
    if (!made) {
      return std::unexpected(std::move(made.error()));
    }
    watch_ = std::move(*made);
  }
  if (watch_->watches(folder)) {
    return std::nullopt;
  }
  return watch_->adder();
}

// A callback may subscribe or unsubscribe whomever it likes.
void SharedWatch::tell(const FileEvent& event) {
  std::vector<std::size_t> numbers;
  for (const auto& [number, subscriber] : subscribers_) {
    if (subscriber.folder == event.directory) {
      numbers.push_back(number);
    }
  }
  for (const std::size_t number : numbers) {
    if (const auto found = subscribers_.find(number); found != subscribers_.end()) {
      const FileWatch::Callback callback = found->second.callback;
      callback(event);
    }
  }
}

}  // namespace sfb::os
