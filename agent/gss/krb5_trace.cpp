#include "agent/gss/krb5_trace.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace sfb::gss {

namespace {

// A domain may have dozens of controllers; more are not told.
constexpr std::size_t kMostAsked = 8;

// A server that is there and does not want us closes within this, in seconds.
constexpr double kAtOnce = 1;

// `[4711] 1795875014.704760: Initiating ...`; 0: not told.
double time_of(std::string_view message) {
  const std::size_t begin = message.find("] ");
  double seconds = 0;
  if (begin != std::string_view::npos) {
    const std::string_view number = message.substr(begin + 2);
    std::from_chars(number.data(), number.data() + number.size(), seconds);
  }
  return seconds;
}

}  // namespace

void Krb5Trace::hear(std::string_view message) {
  const std::scoped_lock here(mutex_);
  constexpr std::string_view kSalt = "salt \"";
  if (const std::size_t at = message.find(kSalt);
      message.contains("etype info") && at != std::string_view::npos) {
    const std::string_view rest = message.substr(at + kSalt.size());
    salt_ = std::string(cut_utf8(rest.substr(0, rest.find('"')), 200));
    return;
  }
  std::string_view protocol = "tcp";
  std::size_t at = message.find(" stream ");
  if (at == std::string_view::npos) {
    protocol = "udp";
    at = message.find(" dgram ");
  }
  if (at == std::string_view::npos) {
    return;
  }
  std::string_view rest = message.substr(message.find(' ', at + 1) + 1);
  std::string_view address = trim(rest.substr(0, rest.find(' ')));
  while (address.ends_with(':') || address.ends_with('\n')) {
    address.remove_suffix(1);
  }
  if (address.empty() || address.size() > 80) {
    return;
  }
  Asked& one = asked(fmt::format("{} {}", address, protocol));
  if (message.contains("Initiating")) {
    one.began = time_of(message);
  } else if (message.contains("Terminating") && one.outcome.empty()) {
    one.outcome = time_of(message) - one.began < kAtOnce ? "refused or closed" : "";
  } else if (message.contains("Received answer")) {
    one.outcome = "answered";
  } else if (message.contains("error")) {
    // `TCP error connecting to stream 10.0.0.1:88: 111/Connection refused`
    const std::size_t slash = message.rfind('/');
    one.outcome =
        slash == std::string_view::npos ? "error" : std::string(trim(message.substr(slash + 1)));
  }
}

std::string Krb5Trace::salt() const {
  const std::scoped_lock here(mutex_);
  return salt_;
}

std::string Krb5Trace::kdcs() const {
  const std::scoped_lock here(mutex_);
  std::string all;
  for (const Asked& one : asked_) {
    all += fmt::format("{}{}: {}", all.empty() ? "" : ", ", one.address,
                       one.outcome.empty() ? "no answer" : one.outcome);
  }
  return all;
}

Krb5Trace::Asked& Krb5Trace::asked(std::string_view address) {
  const auto known = std::ranges::find(asked_, address, &Asked::address);
  if (known != asked_.end()) {
    return *known;
  }
  if (asked_.size() == kMostAsked) {
    asked_.erase(asked_.begin());
  }
  return asked_.emplace_back(Asked{.address = std::string(address)});
}

}  // namespace sfb::gss
