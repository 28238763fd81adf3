// The exporter's own metrics, kept by prometheus-cpp core, and the standard process_* set. Thread
// rule: all calls from any thread.
#pragma once

#include "agent/access/basic_users.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/exposition/exposition.hpp"
#include "agent/http/types.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::serve {

/// Labels of `sfb_backup_exporter_build_info`.
struct BuildInfo {
  std::string version;
  std::string revision;
  std::string compiler;
};

/// The file of the state.
struct StateFacts {
  bool writable = false;
  std::uint64_t bytes = 0;
  std::optional<WallTime> last_write = {};  ///< that worked
  std::uint64_t errors = 0;
  std::uint64_t set_aside = 0;
  std::uint64_t lost = 0;
};

/// Look-ups of groups in the directory.
struct GroupFacts {
  std::uint64_t good = 0;
  std::uint64_t failed = 0;
  std::size_t unresolved = 0;  ///< names whose SID is not known
  std::optional<WallTime> last_success = {};

  bool operator==(const GroupFacts&) const = default;
};

class SelfMetrics {
 public:
  explicit SelfMetrics(const BuildInfo& build);
  ~SelfMetrics();

  /// `path` is a route's pattern or `other`: bounded by the route table.
  void http_request(std::string_view path, int code);
  /// A connection ended before its client or its handler wanted.
  void connection_ended(http::Ended how);
  /// A caller said who it is.
  void login(access::Login login);
  void log_message(LogLevel level);
  void loop_lag(std::chrono::nanoseconds lag);
  void configured_pools(std::size_t count);
  /// What the blocks of the metrics page hold (block_page.hpp).
  void page_blocks(std::size_t bytes);
  /// Once, where the pools are divided: which part this agent has, and how many there are.
  void shard(std::uint64_t ordinal, std::uint64_t total);
  /// A configuration was loaded at `time`, or a reload failed (then only the gauge drops to 0).
  void config_reload(bool successful, WallTime time);
  /// The same of the web configuration file. Its families are there from the first call on.
  void web_config(bool successful, WallTime time);
  /// When the server's own certificate ends; nothing without TLS.
  void web_certificate(std::optional<WallTime> ends);
  /// Absent: no directory is configured, and there are no families of it.
  void groups(std::optional<GroupFacts> facts);
  /// How often any of that was told.
  std::uint64_t reloads() const;
  /// The families of the state are there from the first call on.
  void state(const StateFacts& facts);

  /// Appends all families, process_* last.
  void write(exposition::Writer& writer) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sfb::serve
