// The configuration files, read by a thread that a dead mount may hold.
#pragma once

#include "agent/app/reload_values.hpp"
#include "agent/base/error.hpp"
#include "agent/base/file_in_hand.hpp"
#include "agent/base/time.hpp"
#include "agent/net/worker_pool.hpp"
#include "config/loader.hpp"

#include <boost/asio/awaitable.hpp>

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfb::app {

/// A configuration, and what the disk alone tells of it.
struct Reading {
  config::Loaded loaded;
  KeyMarks keys;
};

/// Before there is a loop: loads and checks. Problems are printed to stderr, one a line; absent
/// then. Warnings are returned inside.
std::optional<Reading> read_or_complain(const std::vector<std::string>& files);

/// Thread rule: loop thread.
class Loading {
 public:
  using Outcome = std::expected<Reading, std::vector<config::Problem>>;

  /// `pool` has one thread, is for this alone, and outlives the last reading.
  explicit Loading(net::WorkerPool& pool) : pool_(pool) {}

  /// As config::load. Reason::timeout, code `config.hung`, at `deadline`: it names the file that
  /// does not answer, also where an earlier reading still waits for it. What comes later is
  /// dropped.
  boost::asio::awaitable<Result<Outcome>> read(std::vector<std::string> files, MonoTime deadline);

 private:
  net::WorkerPool& pool_;
  std::shared_ptr<FileInHand> hand_ = std::make_shared<FileInHand>();
};

}  // namespace sfb::app
