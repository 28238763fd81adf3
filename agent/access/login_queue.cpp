#include "agent/access/login_queue.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

namespace sfb::access {

std::optional<LoginQueue::Id> LoginQueue::add(std::string_view lane, Id id, bool guessed) {
  if (most_ == 0) {
    return id;
  }
  std::optional<Id> out;
  if (size_ == most_) {
    const auto longest = std::ranges::max_element(lanes_, {}, &Lane::size);
    out = longest->guessed.empty() ? longest->fresh.front() : longest->guessed.front();
    remove(*out);
  }
  auto place = std::ranges::find(lanes_, lane, &Lane::name);
  if (place == lanes_.end()) {
    place = lanes_.insert(lanes_.end(), Lane{std::string(lane), {}, {}});
  }
  (guessed ? place->guessed : place->fresh).push_back(id);
  ++size_;
  return out;
}

std::optional<LoginQueue::Id> LoginQueue::next() {
  if (lanes_.empty()) {
    return std::nullopt;
  }
  Lane& lane = lanes_.front();
  std::deque<Id>& waiting = lane.fresh.empty() ? lane.guessed : lane.fresh;
  const Id id = waiting.back();
  waiting.pop_back();
  --size_;
  if (lane.size() == 0) {
    lanes_.pop_front();
  } else {
    lanes_.splice(lanes_.end(), lanes_, lanes_.begin());
  }
  return id;
}

void LoginQueue::remove(Id id) {
  for (auto lane = lanes_.begin(); lane != lanes_.end(); ++lane) {
    if (std::erase(lane->fresh, id) + std::erase(lane->guessed, id) > 0) {
      --size_;
      if (lane->size() == 0) {
        lanes_.erase(lane);
      }
      return;
    }
  }
}

std::string lane_of(std::string_view address) {
  std::string name(address.substr(0, address.find('%')));
  in6_addr bytes{};
  if (::inet_pton(AF_INET6, name.c_str(), &bytes) != 1) {
    return name;
  }
  std::fill(std::begin(bytes.s6_addr) + 8, std::end(bytes.s6_addr), std::uint8_t{0});
  char text[INET6_ADDRSTRLEN] = {};  // NOLINT: of the C library
  ::inet_ntop(AF_INET6, &bytes, text, sizeof(text));
  return std::string(text) + "/64";
}

}  // namespace sfb::access
