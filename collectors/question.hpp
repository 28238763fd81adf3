// What can be asked: a collector's cmdlet with its arguments, of or through a pool. Pure functions.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/binding/binding.hpp"
#include "agent/value/pipeline.hpp"
#include "collectors/collector.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sfb::collectors {

/// A parameter and its value: text and enums, or booleans and switches.
struct Argument {
  std::string name;
  std::variant<std::string, bool> value;
  bool operator==(const Argument&) const = default;
};

/// One question (agent/engine/README.md). Equal questions share running evaluations and cached
/// answers.
struct Question {
  Fqdn pool;
  const Collector* what = &pool_status();
  /// Beside the pool, in the order of the signature; a switch that is off is not there.
  std::vector<Argument> arguments = {};

  bool operator==(const Question&) const = default;
  /// The scheduled question of its collector: only its answer becomes the pool's snapshot and
  /// metrics.
  bool is_scheduled() const;
  /// A switch or boolean that is given and true.
  bool has_flag(std::string_view name) const;
};

/// The question that the schedule asks.
Question scheduled_question(const Fqdn& pool, const Collector& what);

/// The question of a bound command line. Of several collectors with this cmdlet, the one of whose
/// scheduled switches most are given. Precondition: a collector has the cmdlet. `pool` as
/// Question::pool.
Question question_of(const binding::Cmdlet& cmdlet, const std::vector<binding::Bound>& bound,
                     Fqdn pool);

/// The call of a question.
Call make_call(const Question& question);

/// `-Category CMS -Force`: what was asked, for history and logs. Empty for the scheduled question
/// about the pool's status; of other collectors it begins with the cmdlet.
std::string parameters_text(const Question& question);

}  // namespace sfb::collectors
