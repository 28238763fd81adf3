// "Configured and working properly", judged from one answer alone. Pure, thread-safe functions.
#pragma once

#include "collectors/backup_service_status/status.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sfb::collectors {

/// What the operator says about a pool; decides what NotInitialized means.
struct Expectation {
  bool cms_master = false;
  bool expect_rgs = false;
};

/// The cmdlet's own words, judged from one answer alone. Absent is unknown: neither yes nor no.
struct Verdict {
  std::optional<bool> configured = {};  ///< absent where the answer is not conclusive
  /// False when a known state is bad, else absent when any word is unknown, else true. Never true
  /// without configured.
  std::optional<bool> working = {};
  std::vector<std::string> reasons = {};  ///< why not working, one sentence each
  std::vector<std::string> doubts = {};   ///< what cannot be judged, one sentence each
};

Verdict judge(const BackupStatus& status, const Expectation& expectation);

}  // namespace sfb::collectors
