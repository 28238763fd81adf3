// A process at its limit of descriptors.
#pragma once

#include "agent/base/descriptor.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace sfb::http {

/// While it lives no descriptor is free but those given back.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = std::min<rlim_t>(low.rlim_cur, 256);
    ::setrlimit(RLIMIT_NOFILE, &low);
    take_all();
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

  void give_one() { taken_.pop_back(); }
  void take_all() {
    for (Descriptor next = open(); next.get() >= 0; next = open()) {
      taken_.push_back(std::move(next));
    }
  }

 private:
  static Descriptor open() { return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

  rlimit before_{};
  std::vector<Descriptor> taken_;
};

}  // namespace sfb::http
