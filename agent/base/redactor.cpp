#include "agent/base/redactor.hpp"

#include <algorithm>

namespace sfb {

void Redactor::hide(std::string_view secret, std::size_t harmless) {
  if (secret.size() < kShortest) {
    return;
  }
  const std::size_t least = std::min(secret.size(), harmless == kWhole ? kWhole : harmless + 1);
  const auto known = std::ranges::find_if(
      patterns_, [&](const Pattern& pattern) { return pattern.secret.reveal() == secret; });
  if (known != patterns_.end()) {
    known->least = std::min(known->least, least);
    return;
  }
  if (patterns_.size() == kMost) {
    patterns_.pop_front();
  }
  patterns_.push_back({Secret(std::string(secret)), least});
}

// How many bytes at the text's beginning are a secret's.
std::size_t Redactor::match(std::string_view text) const {
  std::size_t longest = 0;
  for (const Pattern& pattern : patterns_) {
    const std::string_view secret = pattern.secret.reveal();
    const auto differ = std::ranges::mismatch(secret, text).in1;
    const auto same = static_cast<std::size_t>(differ - secret.begin());
    if (same >= pattern.least) {
      longest = std::max(longest, same);
    }
  }
  return longest;
}

std::string Redactor::operator()(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t hidden = match(text.substr(at));
    if (hidden == 0) {
      out += text[at++];
    } else {
      out += "***";
      at += hidden;
    }
  }
  return out;
}

}  // namespace sfb
