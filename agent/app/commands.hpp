// The commands of sfb_backup_exporter. Each returns the process's exit code: 0 good, 1 failed, 2
// wrong usage.
#pragma once

#include "agent/base/log.hpp"
#include "agent/format/choice.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sfb::app {

inline constexpr int kGood = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

/// The output forms of `evaluate` and `render`.
struct OutputOptions {
  format::Choice choice;
  std::optional<int> width;  ///< absent: the terminal's, else 120
};

struct AgentOptions {
  std::vector<std::string> config_files;
  bool check_only = false;
  std::vector<std::string> listen_addresses;
  std::vector<std::string> allowed_hosts;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::logfmt;
};

struct EvaluateOptions {
  std::vector<std::string> config_files;
  std::string pool;
  OutputOptions output;
  bool debug = false;
};

/// Runs the agent until a signal ends it, or with `check_only` checks the configuration.
int run_agent(const AgentOptions& options);

/// One evaluation in the foreground: the answer on stdout; stages, warnings, reason and remedy on
/// stderr.
int run_evaluate(const EvaluateOptions& options);

/// A CLIXML document from stdin as the console would print it.
int run_render(const OutputOptions& options);

/// Columns for text output: the option, else stdout's terminal, else 120.
int output_width(const OutputOptions& options);

}  // namespace sfb::app
