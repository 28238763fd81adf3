// Files that are read before there is a loop: by a thread that a dead mount may hold.
#pragma once

#include "agent/base/file_in_hand.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

namespace sfb::app {

/// How long a start, a command or a reload waits for files.
inline constexpr std::chrono::seconds kLoadTime{20};

/// What `job` gives, which has the file that it looks at in the hand that it is given. Absent after
/// `time`: the file is told on stderr, and the job is left to itself, so it owns all that it uses.
/// Where no thread can be started, this one does the job. Throws what `job` throws.
template <typename Job>
std::optional<std::invoke_result_t<Job&, FileInHand&>> patiently(
    Job job, std::chrono::nanoseconds time = kLoadTime) {
  const auto hand = std::make_shared<FileInHand>();
  const auto task = std::make_shared<std::packaged_task<std::invoke_result_t<Job&, FileInHand&>()>>(
      [hand, job = std::move(job)]() mutable { return job(*hand); });
  auto result = task->get_future();
  std::thread reader;
  try {
    reader = std::thread([task] { (*task)(); });
  } catch (const std::system_error&) {
    (*task)();
    return result.get();
  }
  if (result.wait_for(time) != std::future_status::ready) {
    reader.detach();
    fmt::print(stderr, "{}\n", describe(hand->hung("config.hung")));
    return std::nullopt;
  }
  reader.join();
  return result.get();
}

}  // namespace sfb::app
