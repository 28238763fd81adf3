// What can be asked about a pool.
#pragma once

#include "agent/base/fqdn.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::status {

/// -Category of the cmdlet; `all` is its absence.
enum class Category : std::uint8_t { all, user_data, cms, rgs };

/// `All`, `UserData`, `CMS`, `RGS`: also the {category} of a dropped file's path.
std::string_view to_string(Category category);

/// One question (agent/engine/README.md). Equal questions share running evaluations and cached
/// answers.
struct Question {
  Fqdn pool;
  Category category = Category::all;
  bool force = false;
  std::optional<bool> bypass_dual_write = {};

  bool operator==(const Question&) const = default;
  /// The scheduled question: only its answer becomes the pool's snapshot and metrics.
  bool is_scheduled() const {
    return category == Category::all && !force && !bypass_dual_write.has_value();
  }
};

/// `-Category CMS -Force`: the parameters but the pool, for history and logs; empty for the
/// scheduled one.
std::string parameters_text(const Question& question);

/// Who wanted an evaluation.
enum class Trigger : std::uint8_t { schedule, query, probe };
std::string_view to_string(Trigger trigger);

}  // namespace sfb::status
