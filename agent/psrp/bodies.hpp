// Writes the CLIXML bodies of a client's messages and reads those of a server (README.md).
// Pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/pipeline.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::psrp {

/// `protocolversion`: 2.1 = PowerShell 2, 2.2 = 3 and 4, 2.3 = 5.x to 7.5, 2.4 = 7.6.
struct ProtocolVersion {
  int major = 2;
  int minor = 3;
  auto operator<=>(const ProtocolVersion&) const = default;
};
std::string to_string(ProtocolVersion version);

/// What this client offers. Not 2.4: that one drops the session key and brings nothing we use.
inline constexpr ProtocolVersion kOffered{2, 3};

/// SESSION_CAPABILITY: ours is {kOffered, PSVersion 2.0, SerializationVersion 1.1.0.1}.
struct Capability {
  ProtocolVersion protocol = kOffered;
  std::string ps_version = "2.0";
  std::string serialization_version = "1.1.0.1";
};
std::string session_capability(const Capability& capability);
/// Reason::protocol:
/// - psrp.capability: a member is missing or not a version
/// - psrp.version: major is not 2, or serialization is below 1.1; such a server would never answer
Result<Capability> read_capability(std::string_view body, const Limits& limits);

/// One runspace, default threading, no client host, no arguments.
std::string init_runspacepool();

/// One command of a pipeline.
struct Command {
  std::string text;  ///< a command's name, or a script
  bool is_script = false;
  /// Named arguments; an empty name is positional. Values are scalars.
  std::vector<Property> arguments;
};

/// A pipeline without input: its commands in order (`a | b`).
/// `negotiated` decides which members are written (IsNested and the merge members).
std::string create_pipeline(const std::vector<Command>& commands, ProtocolVersion negotiated);

/// PIPELINE_HOST_CALL or RUNSPACEPOOL_HOST_CALL.
struct HostCall {
  std::int64_t id = -100;  ///< -100: no answer is expected
  std::int32_t method = 0;
  std::string method_name;  ///< `ReadLine`; the number when the server does not say
  bool expects_answer() const { return id >= 0; }
};
/// Reason::protocol, code psrp.host_call.
Result<HostCall> read_host_call(std::string_view body, const Limits& limits);
/// The refusal: an exception, so that the pipeline goes on instead of waiting.
std::string host_response_refusal(const HostCall& call);

/// RUNSPACEPOOL_STATE and PIPELINE_STATE: a number, perhaps with the error that led to it.
struct StateBody {
  std::int32_t state = 0;
  std::optional<Value> error;  ///< ExceptionAsErrorRecord
};
/// `member` is RunspaceState or PipelineState. The body's objects go into `graph`, which `meter`
/// counts. Reason::protocol, code psrp.state.
Result<StateBody> read_state(std::string_view body, std::string_view member, const Limits& limits,
                             Graph& graph, MemoryMeter& meter);

/// PSVersion of the PSVersionTable in APPLICATION_PRIVATE_DATA, cut to kPeerText; empty when it is
/// not told.
std::string read_ps_version(std::string_view body, const Limits& limits);

/// InformationalRecord_Message of a WARNING_RECORD; empty when there is none.
std::string read_warning(std::string_view body, const Limits& limits);

}  // namespace sfb::psrp
