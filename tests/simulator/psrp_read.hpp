// What a client's PSRP messages say, and which of the rules they break.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

/// The first two parts of a version.
struct Version {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  auto operator<=>(const Version&) const = default;
};
std::optional<Version> read_version(std::string_view text);

/// SESSION_CAPABILITY. A server that finds a problem in it answers with its own and is silent then.
struct Capability {
  Version protocol;
  std::vector<std::string> problems;
};
Capability read_capability(std::string_view body);

/// What is wrong with INIT_RUNSPACEPOOL: such a pool never opens.
std::vector<std::string> problems_of_pool(std::string_view body);

/// CREATE_PIPELINE. One with a problem is not run.
struct PipelineRequest {
  std::vector<std::string> problems;
  bool input = false;  ///< waits for PIPELINE_INPUT and its end
  struct Command {
    std::string text;
    bool script = false;
    std::map<std::string, std::string> arguments;  ///< names in lower case, without hyphen
  };
  std::vector<Command> commands;
};
PipelineRequest read_create_pipeline(std::string_view body, Version protocol);

/// PIPELINE_HOST_RESPONSE.
struct HostResponse {
  std::string call;        ///< the id of the call
  bool exception = false;  ///< `me`, not `mr`
  std::vector<std::string> problems;
};
HostResponse read_host_response(std::string_view body);

}  // namespace sim
