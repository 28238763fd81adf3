// What Get-CsBackupServiceConfiguration says. Pure, thread-safe functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/value/pipeline.hpp"
#include "collectors/collector.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::collectors {

/// A member that is a metric.
struct Setting {
  enum class Kind : std::uint8_t {
    duration,   ///< a TimeSpan; in ticks
    number,     ///< an Int32
    kilobytes,  ///< an Int32
    boolean,    ///< 0 or 1
  };
  std::string_view member;
  Kind kind;
};

/// All of them. What is text stays in the answer.
inline constexpr std::array kSettings = {
    Setting{"SyncInterval", Setting::Kind::duration},
    Setting{"MaxConcurrentCalls", Setting::Kind::number},
    Setting{"MaxBatchesPerCmsSync", Setting::Kind::number},
    Setting{"MaxBatchesPerUserStoreSync", Setting::Kind::number},
    Setting{"MaxDataConfPackageSizeKB", Setting::Kind::kilobytes},
    Setting{"MaxHighPriQueuePercentagePerUserStoreSync", Setting::Kind::number},
    Setting{"EnableRgsBackupService", Setting::Kind::boolean},
};

/// The place of a member in kSettings.
consteval std::size_t place_of(std::string_view member) {
  std::size_t place = 0;
  while (kSettings.at(place).member != member) {
    ++place;
  }
  return place;
}

/// Values as the server sent them, in the order of kSettings and the unit of their kind; absent
/// where they are not known.
using SettingValues = std::array<std::optional<std::int64_t>, kSettings.size()>;

/// One good answer.
struct Configuration : Finding {
  SettingValues values;
  /// AuthorizedUniversalGroups, as read_groups gives it; absent: not known.
  std::optional<std::vector<std::string>> groups = {};
};

/// Members by name in any case, all optional. A member that is `$null` is not there; one that
/// cannot be read is not known, and a note says so. No range is checked. Errors: those of
/// objects_of, and parse:
/// - `configuration.several`: more than one object; a deployment has one configuration
/// - `configuration.unrecognised`: the object has no member of such a configuration
Result<Configuration> read_configuration(const PipelineResult& result);

/// Values that differ, one event each.
std::vector<Change> changes(const Configuration& before, const Configuration& now);

}  // namespace sfb::collectors
