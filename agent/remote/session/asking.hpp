// What a session asks over PSRP, whatever carries it, and what the pipeline's end amounts to.
#pragma once

#include "agent/base/error.hpp"
#include "agent/psrp/bodies.hpp"
#include "agent/remote/session/observer.hpp"
#include "agent/value/pipeline.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::remote {

/// What the endpoint lets run; `automatic` tries a script once per session and remembers.
enum class Language : std::uint8_t { automatic, full, constrained, none };

struct AskingOptions {
  std::string_view transport;  ///< the first word of its codes
  Language language = Language::automatic;
  std::string import_module;     ///< empty: none. Once per session, where scripts are allowed
  Observer* observer = nullptr;  ///< outlives this
};

/// Asks with the call's script where scripts run, else by the cmdlet alone, and remembers for the
/// session what its server allows. Thread rule: one owner, the session's.
class Asking {
 public:
  explicit Asking(AskingOptions options) : options_(std::move(options)) {}

  /// The session that follows knows nothing yet.
  void forget();
  /// A run begins.
  void begin(Call call) { call_ = std::move(call); }
  /// The commands of the run's next pipeline.
  std::vector<psrp::Command> commands();
  /// The pipeline is over: the run's result with its extras kept apart, or nothing: ask again, by
  /// `commands`. `usable`: another pipeline can run in this session; `in_time`: there is time for
  /// it. Errors: cmdlet `T.scripts_refused` (language full or constrained was configured), protocol
  /// `T.scripts_refused` (not usable), timeout `T.timeout`; protocol `T.extras_missing` and
  /// `T.extras_disagree` (a script completed, and what it sends last is not there, or says that
  /// other objects were put out than came; not where nothing but errors came: these say more): T is
  /// the transport. The result of a script is proven by
  /// that, so `doubt` stays only in that of a cmdlet alone; but where a script put nothing out and
  /// fewer errors came than it counted, it says so.
  std::optional<Result<PipelineResult>> conclude(PipelineResult result, bool usable, bool in_time);

 private:
  std::string code(std::string_view what) const;
  void tell(std::string_view name, std::string_view value) const;
  Status take_extras(PipelineResult& result);
  Status agree(const PipelineResult& result, std::size_t extras) const;

  AskingOptions options_;
  Call call_;
  bool as_script_ = false;
  bool rendering_ = false;  ///< the present pipeline asks for text

  // Learnt in this session.
  std::optional<bool> scripts_;
  bool imported_ = false;
  bool renders_ = true;  ///< until the server refuses
};

}  // namespace sfb::remote
